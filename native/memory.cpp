#include "memory.hpp"

#include <cstdlib>
#include <cstring>
#include <new>

namespace clearprop {

void* allocate(Index bytes) {
    const std::size_t size = (std::size_t(bytes) + 63) / 64 * 64 + 64;
    void* block = std::aligned_alloc(64, size);
    if (!block) throw std::bad_alloc();
    std::memset(block, 0, size);
    return block;
}

void release(void* block) { std::free(block); }

}  // namespace clearprop
