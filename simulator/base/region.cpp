#include "simulator/base/region.h"

#include <sys/mman.h>

namespace base {

void* reserve_memory(std::size_t bytes) {
    void* const memory =
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    return memory;
}

void release_memory(void* memory, std::size_t bytes) noexcept { munmap(memory, bytes); }

}  // namespace base
