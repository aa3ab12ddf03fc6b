// The penalty of weights, and what it adds to their gradients.
#pragma once

#include "lose.hpp"

namespace clearprop::CLEARPROP_ISA {

inline bool is_penalised(const Network& network) { return network.l1 > 0 || network.l2 > 0; }

// What the weights of one unit, or of each lane's, add up to.
template <class V>
struct PenaltyShares {
    V absolute, square;

    // Returns ∂R/∂w; l1 and l2 are of the network, or of each lane's.
    V add(V l1, V l2, V w) {
        absolute += abs_of(w);
        square = fused(w, w, square);
        return fused(w, l2, l1 * sign_of(w));
    }
};

// Over the units.
struct PenaltySums {
    double absolute, square;

    template <class T>
    void add(T shares_absolute, T shares_square) {
        absolute += double(shares_absolute);
        square += double(shares_square);
    }

    double penalty(const Network& network) const { return network.l1 * absolute + 0.5 * network.l2 * square; }
};

}  // namespace clearprop::CLEARPROP_ISA
