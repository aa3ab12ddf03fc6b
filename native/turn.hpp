// From weights in panels to their turned copy, which the way back reads.
#pragma once

#include "tile.hpp"

namespace clearprop::CLEARPROP_ISA {

// Turns 4 × 4 numbers of a panel about the diagonal.
template <class T>
inline void turn_square(const T* from, T* to) {
    using V = typename Wide<T, 4 * sizeof(T)>::Type;
    constexpr Index W = PANEL<T>;
    const V a = load<V>(from), b = load<V>(from + W), c = load<V>(from + 2 * W), d = load<V>(from + 3 * W);
    const V ac = __builtin_shufflevector(a, c, 0, 4, 1, 5), ac2 = __builtin_shufflevector(a, c, 2, 6, 3, 7);
    const V bd = __builtin_shufflevector(b, d, 0, 4, 1, 5), bd2 = __builtin_shufflevector(b, d, 2, 6, 3, 7);
    store<V>(to, __builtin_shufflevector(ac, bd, 0, 4, 1, 5));
    store<V>(to + W, __builtin_shufflevector(ac, bd, 2, 6, 3, 7));
    store<V>(to + 2 * W, __builtin_shufflevector(ac2, bd2, 0, 4, 1, 5));
    store<V>(to + 3 * W, __builtin_shufflevector(ac2, bd2, 2, 6, 3, 7));
}

// `rows` rows of a panel, which become columns: those of `columns` that the panel has.
template <class T>
void turn_panel(Matrix<T> from, Matrix<T> to, Index row, Index rows, Index column, Index columns) {
    constexpr Index W = PANEL<T>;
    const T* x = from.from(row, column);
    T* turned = to.from(column, row);
    const Index left = columns - column, count = left < W ? left : W;
    Index square_rows = 0, square_columns = 0;
    if constexpr (LANES<T> >= 4) {
        square_rows = rows / 4 * 4;
        square_columns = count / 4 * 4;
        for (Index c = 0; c < square_columns; c += 4)
            for (Index r = 0; r < square_rows; r += 4) turn_square(x + r * W + c, turned + c * W + r);
    }
    for (Index r = 0; r < rows; ++r)
        for (Index c = r < square_rows ? square_columns : 0; c < count; ++c) turned[c * W + r] = x[r * W + c];
}

}  // namespace clearprop::CLEARPROP_ISA
