#pragma once

#include "plan.hpp"

namespace clearprop {

// machine.cpp, once for each instruction set that it is compiled for.
namespace portable { extern const Machine machine; }
namespace v3 { extern const Machine machine; }
namespace v4 { extern const Machine machine; }
namespace neon { extern const Machine machine; }

}  // namespace clearprop
