#pragma once

#include <vector>

#include "machine.hpp"

namespace clearprop {

// The machines that this build holds and this processor runs, the plainest first.
const std::vector<const Machine*>& machines();

// Whether a machine trains in Precision::bfloat16 on this processor.
bool multiplies_bfloat16(const Machine& machine);

}  // namespace clearprop
