// Working memory: one block for a whole call, cut into arrays that start on a cache line.
#pragma once

#include "plan.hpp"

namespace clearprop {

// Zeroed memory on a cache line; throws std::bad_alloc.
void* allocate(Index bytes);
void release(void* block);

}  // namespace clearprop
