// From float numbers in panels to the pairs of bfloat16 that products read.
#pragma once

#include "tile.hpp"

namespace clearprop::CLEARPROP_ISA {

// Whether networks of T can be trained with products in bfloat16.
template <class T>
inline constexpr bool ROUNDS = false;
template <>
inline constexpr bool ROUNDS<float> = MULTIPLIES_BFLOAT16;

// A matrix in pairs, for both ways in which a product reads it: neighbours in a row, (rows, columns / 2), and one number
// above the other, (rows / 2, columns), each only where it is read. Where a pair has no second, it has what stands beyond the
// real columns, which meets a weight of 0; below the last row stands 0.
struct Packed {
    Matrix<Pair> across, down;
};

// The operands of a layer's products in bfloat16, beside the float numbers; all null in full precision.
struct Operands {
    Matrix<Pair> weights;  // (inputs / 2, units) or, by_units, (units, inputs / 2)
    Matrix<Pair> turned;   // (units / 2, inputs): for the way back; none in layer 1
    Packed inputs, deltas;
};

#if defined(CLEARPROP_ISA_V4)

inline constexpr Index PAIR_PANEL = PANEL<Pair>;
static_assert(PAIR_PANEL == PANEL<float> && PAIR_PANEL == 32);

// One row above the other, (rows / 2, PANEL), of a part of a panel.
inline void pack_down(const float* x, Index rows, Pair* down) {
    constexpr Index W = PAIR_PANEL, N = LANES<float>;
    const auto row = [&](Index r, Index v) { return load<Floats>(x + r * W + v * N); };
    Index r = 0;
    for (; r + 1 < rows; r += 2, down += W)
        for (Index v = 0; v < TILE_VECTORS; ++v) store(down + v * N, stacked(row(r, v), row(r + 1, v)));
    if (r < rows)
        for (Index v = 0; v < TILE_VECTORS; ++v) store(down + v * N, stacked(row(r, v), Floats{}));
}

// `rows` rows of a panel from `first` on, which is even. Only the last rows of a matrix may be odd in number.
template <class T>
void pack_panel(Matrix<T> from, Index column, const Packed& to, Index first, Index rows) {
    constexpr Index W = PAIR_PANEL;
    const float* x = from.from(first, column);
    if (to.down.base) pack_down(x, rows, to.down.from(first / 2, column));
    if (!to.across.base) return;
    Pair* across = to.across.from(first, column / 2);
    for (Index r = 0; r < rows; ++r) store(across + r * W, neighbours(x + r * W));
}

// Neighbours in a row one above the other: `rows` rows of a panel, which become columns.
template <class T>
void pack_turned(Matrix<T> from, Matrix<Pair> to, Index row, Index rows, Index column, Index columns) {
    constexpr Index W = PAIR_PANEL;
    const float* x = from.from(row, column);
    alignas(64) Pair pairs[W * W / 2];
    for (Index r = 0; r < rows; ++r) store(pairs + r * W / 2, neighbours(x + r * W));
    const Index left = even(columns - column) / 2, count = left < W / 2 ? left : W / 2;
    Pair* turned = to.from(column / 2, row);
    for (Index c = 0; c < count; ++c)
        for (Index r = 0; r < rows; ++r) turned[c * W + r] = pairs[r * W / 2 + c];
}

#endif

}  // namespace clearprop::CLEARPROP_ISA
