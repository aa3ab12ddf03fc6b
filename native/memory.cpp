#include "memory.hpp"

#include <cstdlib>
#include <cstring>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace clearprop {

void* allocate(Index bytes) {
    constexpr std::size_t LINE = 64, HUGE = 2 << 20;
    const std::size_t unit = std::size_t(bytes) >= 2 * HUGE ? HUGE : LINE;
    const std::size_t size = (std::size_t(bytes) + LINE + unit - 1) / unit * unit;
    void* block = std::aligned_alloc(unit, size);
    if (!block) throw std::bad_alloc();
#if defined(__linux__)
    if (unit == HUGE) madvise(block, size, MADV_HUGEPAGE);  // a wish: fewer pages to look up
#endif
    std::memset(block, 0, size);
    return block;
}

void release(void* block) { std::free(block); }

}  // namespace clearprop
