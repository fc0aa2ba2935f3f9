// CHECK: a promise of our own code. A broken one is a bug of ours: it is named on stderr and the process aborts.
#pragma once

namespace base {
[[noreturn]] void check_failed(const char* expression, const char* file, int line);
}  // namespace base

#define CHECK(expression) \
    (static_cast<bool>(expression) ? void(0) : ::base::check_failed(#expression, __FILE__, __LINE__))
