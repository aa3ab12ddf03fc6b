#pragma once

#include <vector>

#include "machine.hpp"

namespace clearprop {

// The machines that this build holds and this processor runs, the plainest first.
const std::vector<const Machine*>& machines();

}  // namespace clearprop
