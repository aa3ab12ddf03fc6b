// The machine's memory. A call works on one block, cut into arrays that start on a cache line.
#pragma once

#include "plan.hpp"

namespace clearprop {

// Bytes of the second cache, of which each processor has one; 1 MiB where the system does not say.
Index second_cache();

// Zeroed memory on a cache line; throws std::bad_alloc.
void* allocate(Index bytes);
void release(void* block);

// Memory of a call, not zeroed: a block that a call before gave back, where there is one of at least that size. One is
// kept, from 64 KiB to 256 MiB, since fresh pages cost more than all else a call does beside its work. Of a large one the
// system may take the pages where it runs short.
void* borrow(Index bytes);
void give_back(void* block);

// What `allocate` returns, released by whoever holds it. Defined apart: this header is compiled once for each instruction set.
class Block {
  public:
    explicit Block(Index bytes);
    ~Block();
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;

    void* const start;
};

}  // namespace clearprop
