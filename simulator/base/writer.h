// Writer: puts big-endian numbers and byte strings into memory that somebody else owns, never past its end.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "simulator/base/bytes.h"

namespace base {

// A put that does not fit writes nothing and makes the writer `failed()` for good; check once, after the last put.
class Writer {
public:
    explicit Writer(MutableBytes memory) : memory_(memory) {}

    bool failed() const { return failed_; }
    std::size_t size() const { return size_; }
    std::size_t room() const { return memory_.size() - size_; }
    Bytes written() const { return memory_.first(size_); }
    MutableBytes memory() { return memory_; }

    void put_u8(std::uint8_t value) {
        if (!fits(1)) return;
        memory_[size_++] = value;
    }
    // The low `width` bytes (0 to 8) of `value`, big-endian.
    void put_uint(std::uint64_t value, std::size_t width) {
        if (!fits(width)) return;
        for (std::size_t i = 0; i < width; ++i) {
            memory_[size_ + i] = static_cast<std::uint8_t>(value >> (8 * (width - 1 - i)));
        }
        size_ += width;
    }
    void put_u16(std::uint16_t value) { put_uint(value, 2); }
    void put_u32(std::uint32_t value) { put_uint(value, 4); }
    void put(Bytes bytes) {
        if (!fits(bytes.size())) return;
        if (!bytes.empty()) std::memcpy(memory_.data() + size_, bytes.data(), bytes.size());
        size_ += bytes.size();
    }
    void put(std::string_view text) { put(as_bytes(text)); }

    // Forgets what was written after the first `size` bytes.
    void rewind(std::size_t size) {
        if (size < size_) size_ = size;
    }
    // Moves the end on over bytes that the caller has filled in `memory()` itself.
    void advance(std::size_t size) {
        if (fits(size)) size_ += size;
    }
    void fail() { failed_ = true; }

private:
    bool fits(std::size_t size) {
        if (failed_ || room() < size) failed_ = true;
        return !failed_;
    }

    MutableBytes memory_;
    std::size_t size_ = 0;
    bool failed_ = false;
};

}  // namespace base
