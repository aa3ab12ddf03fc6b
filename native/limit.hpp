// The limit of the machine: multiply-adds on registers alone, in chains that do not wait for each other.
#pragma once

#include "vector.hpp"

namespace clearprop::CLEARPROP_ISA {

// Enough chains to fill every multiply-add unit for as long as one addition takes, and few enough for the registers.
#if defined(CLEARPROP_ISA_V4) || defined(CLEARPROP_ISA_NEON)
inline constexpr int CHAINS = 20;
#else
inline constexpr int CHAINS = 12;
#endif

// sum ← sum·factor + 1 in each lane of each chain, `rounds` times; returns how many multiplications and additions.
template <class T>
Index multiply_add(Index rounds) {
    // Read at run time, and a start of its own for each chain: what the compiler knows, it would compute once.
    volatile T half = T(0.5);
    volatile T sink;
    const Vector<T> factor = Vector<T>{} + half, one = Vector<T>{} + T(2) * half;
    Vector<T> sum[CHAINS];
#pragma GCC unroll 20
    for (int c = 0; c < CHAINS; ++c) sum[c] = Vector<T>{} + T(c) * half;
    for (Index round = 0; round < rounds; ++round) {
#pragma GCC unroll 20
        for (int c = 0; c < CHAINS; ++c) sum[c] = fused(sum[c], factor, one);
    }
    Vector<T> all = sum[0];
#pragma GCC unroll 20
    for (int c = 1; c < CHAINS; ++c) all += sum[c];
#pragma GCC unroll 16
    for (int lane = 0; lane < LANES<T>; ++lane) sink = all[lane];
    static_cast<void>(sink);
    return 2 * rounds * CHAINS * LANES<T>;
}

}  // namespace clearprop::CLEARPROP_ISA
