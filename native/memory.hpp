// Working memory: one block for a whole call, cut into arrays that start on a cache line.
#pragma once

#include "plan.hpp"

namespace clearprop {

// Zeroed memory on a cache line; throws std::bad_alloc.
void* allocate(Index bytes);
void release(void* block);

// The same, given back by whoever holds it. Defined apart: this header is compiled once for each instruction set.
class Block {
  public:
    explicit Block(Index bytes);
    ~Block();
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;

    void* const start;
};

}  // namespace clearprop
