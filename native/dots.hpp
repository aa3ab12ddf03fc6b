// Layers of few units, whose weights stand unit by unit: a net input is the scalar product of two rows of vectors.
#pragma once

#include "tile.hpp"

namespace clearprop::CLEARPROP_ISA {

// x₁ + x₂ + …, half on half.
template <class T, int BYTES>
T sum_of_lanes(typename Wide<T, BYTES>::Type x) {
    if constexpr (BYTES == 2 * sizeof(T)) {
        return x[0] + x[1];
    } else {
        using Half = typename Wide<T, BYTES / 2>::Type;
        Half halves[2];
        __builtin_memcpy(halves, &x, sizeof(x));
        return sum_of_lanes<T, BYTES / 2>(halves[0] + halves[1]);
    }
}

// C[r, o] = bias[o] + Σ_k A[r, k]·B[o, k] of ROWS rows and UNITS units; A and B in panels.
template <class T, class E, int ROWS, int UNITS>
void dot_tile(const E* a, Index a_step, const E* b, Index b_step, Index depth, const T* bias, T* c) {
    using V = Vector<T>;
    using Elements = Vector<E>;
    constexpr Index W = PANEL<T>;
    V sum[ROWS][UNITS] = {};
    for (Index left = depth; left > 0; left -= W, a += a_step, b += b_step) {
        const Index end = left > LANES<T> ? W : LANES<T>;
        for (Index k = 0; k < end; k += LANES<T>) {
            Elements right[UNITS];
#pragma GCC unroll 8
            for (int o = 0; o < UNITS; ++o) right[o] = load<Elements>(b + o * W + k);
#pragma GCC unroll 8
            for (int r = 0; r < ROWS; ++r) {
                const Elements left_row = load<Elements>(a + r * W + k);
#pragma GCC unroll 8
                for (int o = 0; o < UNITS; ++o) sum[r][o] = fused(left_row, right[o], sum[r][o]);
            }
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 8
        for (int o = 0; o < UNITS; ++o)
            c[r * W + o] = (bias ? bias[o] : 0) + sum_of_lanes<T, VECTOR_BYTES>(sum[r][o]);
}

// C = start + A·Bᵀ: `count` rows from `first` on.
template <class T, class E>
void dots(const Product<T, E>& p, Index first, Index count, Index units) {
    constexpr int ROWS = 4, UNITS = 4;
    for (Index row = first, end = first + count; row < end;) {
        const Index rows = end - row < ROWS ? 1 : ROWS;
        for (Index unit = 0; unit < units;) {
            const Index left = units - unit, taken = left >= UNITS ? UNITS : left >= 2 ? 2 : 1;
            const auto run = rows == ROWS ? taken == UNITS ? dot_tile<T, E, ROWS, UNITS>
                                            : taken == 2   ? dot_tile<T, E, ROWS, 2>
                                                           : dot_tile<T, E, ROWS, 1>
                             : taken == UNITS ? dot_tile<T, E, 1, UNITS>
                             : taken == 2     ? dot_tile<T, E, 1, 2>
                                              : dot_tile<T, E, 1, 1>;
            run(p.a.from(row, 0), p.a.step, p.b.from(unit, 0), p.b.step, p.depth, p.start ? p.start + unit : nullptr,
                p.c.from(row, unit));
            unit += taken;
        }
        row += rows;
    }
}

}  // namespace clearprop::CLEARPROP_ISA
