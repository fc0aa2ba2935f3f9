#include "simulator/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace base {

void check_failed(const char* expression, const char* file, int line) {
    std::fprintf(stderr, "bug in lwm2m-sim: CHECK(%s) failed at %s:%d\n", expression, file, line);
    std::abort();
}

}  // namespace base
