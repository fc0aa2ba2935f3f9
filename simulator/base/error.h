// Error, Result: what went wrong with bytes or values that came from outside, without an allocation.
#pragma once

#include <cstddef>

#include <tl/expected.hpp>

namespace base {

// Why some input was refused. Cheap to make and to copy: safe on the packet path.
struct Error {
    const char* what = "";   // a string literal: a whole phrase for the user, such as "option length runs past the end"
    std::size_t offset = 0;  // byte offset into the input, or 0 where there is none

    friend bool operator==(const Error&, const Error&) = default;
};

template <class T, class E = Error>
using Result = tl::expected<T, E>;

// return fail("token longer than 8 bytes", 0);
inline tl::unexpected<Error> fail(const char* what, std::size_t offset = 0) {
    return tl::unexpected<Error>(Error{what, offset});
}

}  // namespace base
