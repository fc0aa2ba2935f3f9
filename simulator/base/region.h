// Region: room for a stated number of elements, taken from the kernel at once and touched only where it is used. What
// is never used costs no
// memory, nothing moves, and nothing is allocated after construction.
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace base {

// Zeroed, lazily backed memory. Throws std::bad_alloc when the address space is not to be had.
void* reserve_memory(std::size_t bytes);
void release_memory(void* memory, std::size_t bytes) noexcept;

// Elements start as zero bytes; only types for which that is a value are allowed.
template <class T>
class Region {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

public:
    Region() = default;
    explicit Region(std::size_t capacity)
        : data_(capacity == 0 ? nullptr : static_cast<T*>(reserve_memory(capacity * sizeof(T)))), capacity_(capacity) {}
    Region(Region&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), capacity_(std::exchange(other.capacity_, 0)) {}
    Region& operator=(Region&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(capacity_, other.capacity_);
        return *this;
    }
    ~Region() {
        if (data_ != nullptr) release_memory(data_, capacity_ * sizeof(T));
    }

    std::size_t capacity() const { return capacity_; }
    T& operator[](std::size_t index) { return data_[index]; }
    const T& operator[](std::size_t index) const { return data_[index]; }
    T* data() { return data_; }

private:
    T* data_ = nullptr;
    std::size_t capacity_ = 0;
};

}  // namespace base
