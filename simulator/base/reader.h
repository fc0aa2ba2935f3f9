// Reader: takes big-endian numbers and byte strings off a view, never past its end.
#pragma once

#include <concepts>
#include <cstdint>

#include "simulator/base/bytes.h"

namespace base {

// Every take fails without moving when fewer bytes are left than asked for; `offset()` then names the place.
class Reader {
public:
    explicit Reader(Bytes bytes) : bytes_(bytes) {}

    std::size_t offset() const { return offset_; }
    std::size_t left() const { return bytes_.size() - offset_; }
    bool at_end() const { return offset_ == bytes_.size(); }
    Bytes rest() const { return bytes_.subspan(offset_); }

    // An unsigned number of `size` bytes (1 to 8), big-endian.
    Result<std::uint64_t> take_uint(std::size_t size) {
        if (left() < size) return fail("truncated number", offset_);
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < size; ++i) value = value << 8 | bytes_[offset_ + i];
        offset_ += size;
        return value;
    }
    Result<std::uint8_t> take_u8() {
        if (at_end()) return fail("truncated", offset_);
        return bytes_[offset_++];
    }
    Result<std::uint16_t> take_u16() {
        const auto value = take_uint(2);
        if (!value) return tl::unexpected(value.error());
        return static_cast<std::uint16_t>(*value);
    }
    // A view on the next `size` bytes; lives as long as the bytes that the reader was made from.
    Result<Bytes> take(std::size_t size) {
        if (left() < size) return fail("length runs past the end", offset_);
        const auto view = bytes_.subspan(offset_, size);
        offset_ += size;
        return view;
    }

private:
    Bytes bytes_;
    std::size_t offset_ = 0;
};

}  // namespace base
