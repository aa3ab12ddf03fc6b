// The one product kernel: a tile of C = start + A·B in registers, for any strides of A.
#pragma once

#include "vector.hpp"

namespace clearprop::CLEARPROP_ISA {

#if defined(CLEARPROP_ISA_V4) || defined(CLEARPROP_ISA_NEON)
inline constexpr int TILE_ROWS = 12;
#else
inline constexpr int TILE_ROWS = 6;
#endif

inline constexpr int TILE_VECTORS = 2;

template <class T>
inline constexpr Index TILE_COLUMNS = TILE_VECTORS * LANES<T>;

// A width in whole vectors: buffers have such rows, so that no kernel has a remainder across.
template <class T>
constexpr Index padded(Index width) {
    return (width + LANES<T> - 1) / LANES<T> * LANES<T>;
}

// C[r, c] = start[r, c] + Σ_k A[r, k]·B[k, c]; A[r, k] is a[r * row_step + k * depth_step].
// B, C and start have rows of whole vectors; without a start it is 0, with start_stride 0 one row serves all.
template <class T>
struct Product {
    const T* a;
    Index row_step, depth_step;
    const T* b;
    Index b_stride;
    Index depth;
    const T* start;
    Index start_stride;
    T* c;
    Index c_stride;
};

template <class T, int ROWS, int VECTORS>
void tile(const Product<T>& p) {
    using V = Vector<T>;
    V sum[ROWS][VECTORS];
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 2
        for (int v = 0; v < VECTORS; ++v)
            sum[r][v] = p.start ? load<V>(p.start + r * p.start_stride + v * LANES<T>) : V{};

    const T* a = p.a;
    const T* b = p.b;
    for (Index k = 0; k < p.depth; ++k, a += p.depth_step, b += p.b_stride) {
        V right[VECTORS];
#pragma GCC unroll 2
        for (int v = 0; v < VECTORS; ++v) right[v] = load<V>(b + v * LANES<T>);
#pragma GCC unroll 16
        for (int r = 0; r < ROWS; ++r) {
            const V left = splat<V>(a[r * p.row_step]);
#pragma GCC unroll 2
            for (int v = 0; v < VECTORS; ++v) sum[r][v] = fused(left, right[v], sum[r][v]);
        }
    }

#pragma GCC unroll 16
    for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 2
        for (int v = 0; v < VECTORS; ++v) store(p.c + r * p.c_stride + v * LANES<T>, sum[r][v]);
}

template <class T, int VECTORS, int ROWS = TILE_ROWS>
void tile_of_rows(const Product<T>& p, Index rows) {
    if (rows == ROWS) return tile<T, ROWS, VECTORS>(p);
    if constexpr (ROWS > 1) tile_of_rows<T, VECTORS, ROWS - 1>(p, rows);
}

// A tile of 1 to TILE_ROWS rows and one or two vectors of columns.
template <class T>
void any_tile(const Product<T>& p, Index rows, Index columns) {
    if (columns == TILE_COLUMNS<T>) return tile_of_rows<T, TILE_VECTORS>(p, rows);
    tile_of_rows<T, 1>(p, rows);
}

// The columns of a panel that starts at `first`: two vectors, or the last one.
template <class T>
Index panel_columns(Index first, Index width) {
    return width - first >= TILE_COLUMNS<T> ? TILE_COLUMNS<T> : LANES<T>;
}

// A product of any number of rows and whole vectors of columns, panel by panel, so that a panel of B stays in cache.
template <class T>
void product(Product<T> p, Index rows, Index width) {
    const Product<T> whole = p;
    for (Index column = 0; column < width;) {
        const Index columns = panel_columns<T>(column, width);
        p.b = whole.b + column;
        for (Index row = 0; row < rows; row += TILE_ROWS) {
            p.a = whole.a + row * whole.row_step;
            p.start = whole.start ? whole.start + row * whole.start_stride + column : nullptr;
            p.c = whole.c + row * whole.c_stride + column;
            any_tile(p, rows - row < TILE_ROWS ? rows - row : TILE_ROWS, columns);
        }
        column += columns;
    }
}

}  // namespace clearprop::CLEARPROP_ISA
