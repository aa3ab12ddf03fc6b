#include "memory.hpp"

#include <cstdint>
#include <cstdlib>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace clearprop {

void* allocate(Index bytes) {
    constexpr std::size_t LINE = 64, HUGE = 2 << 20;
    const std::size_t unit = std::size_t(bytes) >= 2 * HUGE ? HUGE : LINE;
    const std::size_t size = (std::size_t(bytes) + unit - 1) / unit * unit;
    // calloc leaves pages alone that come zeroed from the system: threads then first touch those that they work on.
    char* whole = static_cast<char*>(std::calloc(size + unit + LINE, 1));
    if (!whole) throw std::bad_alloc();
    char* block = reinterpret_cast<char*>((reinterpret_cast<std::uintptr_t>(whole) + sizeof(char*) + unit - 1) / unit * unit);
    reinterpret_cast<char**>(block)[-1] = whole;
#if defined(__linux__)
    if (unit == HUGE) madvise(block, size, MADV_HUGEPAGE);  // a wish: fewer pages to look up
#endif
    return block;
}

void release(void* block) {
    if (block) std::free(static_cast<char**>(block)[-1]);
}

Block::Block(Index bytes) : start(allocate(bytes)) {}

Block::~Block() { release(start); }

}  // namespace clearprop
