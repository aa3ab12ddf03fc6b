// The penalty of weights, and what it adds to their gradients.
#pragma once

#include "lose.hpp"

namespace clearprop::CLEARPROP_ISA {

inline bool is_penalised(const Network& network) { return network.l1 > 0 || network.l2 > 0; }

// What the weights of one unit, or of each lane's, add up to.
template <class V>
struct PenaltyShares {
    V absolute, square;

    // Returns ∂R/∂w.
    V add(const Network& network, V w) {
        const Scalar<V> l1 = Scalar<V>(network.l1), l2 = Scalar<V>(network.l2);
        absolute += abs_of(w);
        square = fused(w, w, square);
        return fused_with(w, l2, l1 * sign_of(w));
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
