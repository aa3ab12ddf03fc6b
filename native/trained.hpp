// What an update changes together.
#pragma once

#include "tile.hpp"

namespace clearprop::CLEARPROP_ISA {

// A parameter, what the optimizer remembers of it, and its gradient.
template <class T>
struct Trained {
    T* value;
    T* slots[2];
    T* gradient;  // where it is summed over the chunks of a large batch, or asked for by the caller; else null
};

template <class T>
constexpr Index whole_vectors(Index count) {
    return (count + LANES<T> - 1) / LANES<T> * LANES<T>;
}

}  // namespace clearprop::CLEARPROP_ISA
