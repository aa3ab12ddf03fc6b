#pragma once

#include "plan.hpp"

namespace clearprop {

// Operations a second of `threads` threads that do nothing but multiply-adds for about so many seconds.
double fma_rate(Index (*multiply_add)(Index rounds), int threads, double seconds);

}  // namespace clearprop
