#include "simulator/base/region.h"

#include <sys/mman.h>

namespace base {
namespace {

// Of a region as large as this a page of 2 MB more or less is no matter, and its records lie too far apart for small
// ones: each look at one would be a walk through the page tables besides.
constexpr std::size_t large = std::size_t{32} << 20;

}  // namespace

void* reserve_memory(std::size_t bytes) {
    void* const memory =
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    if (bytes >= large) (void)madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
}

void release_memory(void* memory, std::size_t bytes) noexcept { munmap(memory, bytes); }

}  // namespace base
