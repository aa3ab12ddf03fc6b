// The product kernels: a tile of C = start + A·B in registers, over matrices in panels.
#pragma once

#include "memory.hpp"
#include "pairs.hpp"

namespace clearprop::CLEARPROP_ISA {

#if defined(CLEARPROP_ISA_V4) || defined(CLEARPROP_ISA_NEON)
inline constexpr int TILE_ROWS = 12;  // of 32 registers, 24 sum
#else
inline constexpr int TILE_ROWS = 6;  // of 16 registers, 12 sum
#endif

inline constexpr int TILE_VECTORS = 2;

// The columns of a panel. All matrices stand in panels: number (r, c) is base[c / PANEL * step + r * PANEL + c % PANEL],
// so that every kernel reads and writes its numbers in the order in which they lie.
template <class T>
inline constexpr Index PANEL = TILE_VECTORS * LANES<T>;

template <class T>
constexpr Index panels(Index columns) {
    return (columns + PANEL<T> - 1) / PANEL<T>;
}

template <class T>
struct Matrix {
    T* base;
    Index step;  // from panel to panel

    T* panel(Index column) const { return base + column / PANEL<T> * step; }
    T* from(Index row, Index column) const { return panel(column) + row * PANEL<T> + column % PANEL<T>; }
    T& at(Index row, Index column) const { return *from(row, column); }
};

// What becomes of a sum before it is written: as it is, max(0, it), it where `by` is above 0, or it times `by`.
enum class Finish { keep, rectify, mask, scale };

// How A is read: across, C = A·B, or down, C = Aᵀ·B.
enum class Read { across, down };

// Asks for a cache line. The empty statement counts as an effect: of a function that has none, a compiler drops the calls,
// and it takes asking for none.
inline void ask_for(const void* place) {
    __builtin_prefetch(place);
    asm volatile("");
}

// What will be wanted soon, asked for beforehand: runs of cache lines. A few at a time: for more than it has room for, a
// processor waits.
struct Ahead {
    struct Lines {
        const char* first;
        Index count;
    };
    Lines lines[4];
    int kinds = 0;
    Index most = 0;  // lines of a kind

    void add(const void* first, Index count) {
        lines[kinds++] = {static_cast<const char*>(first), count};
        most = count > most ? count : most;
    }

    // Asks for the share of each kind that `first` to `last` are of `whole`.
    void ask(Index first, Index last, Index whole) const {
        const Index begin = most * first / whole, end = most * last / whole;
        for (int kind = 0; kind < kinds; ++kind)
            for (Index line = begin; line < end && line < lines[kind].count; ++line)
                ask_for(lines[kind].first + line * 64);
    }
};

// A and B have elements E: T itself or, where T is float, pairs of bfloat16; `depth` counts elements.
template <class T, class E>
struct Tile {
    const E* a;
    Index a_step;  // from panel to panel of A, where it is read across
    const E* b;    // (depth, PANEL)
    Index depth;
    const T* start;  // (rows, PANEL), one row for all with start_step 0, or null for 0
    Index start_step;
    T* c;  // (rows, PANEL)
    Finish finish;
    const T* by;  // (rows, PANEL)
};

template <class T, class E, int ROWS, int VECTORS, Read READ>
void tile(const Tile<T, E>& p) {
    using V = Vector<T>;
    constexpr Index W = PANEL<T>, N = LANES<T>;
    V sum[ROWS][VECTORS];
    const auto each = [&sum](auto f) {
#pragma GCC unroll 16
        for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 2
            for (int v = 0; v < VECTORS; ++v) f(sum[r][v], r, v);
    };
    if (p.start) each([&](V& s, int r, int v) { s = load<V>(p.start + r * p.start_step + v * N); });
    else each([](V& s, int, int) { s = V{}; });

    const E* b = p.b;
    const auto add = [&](const E* a) {
        using Elements = Vector<E>;
        Elements right[VECTORS];
#pragma GCC unroll 2
        for (int v = 0; v < VECTORS; ++v) right[v] = load<Elements>(b + v * N);
        each([&](V& s, int r, int v) { s = fused(splat<Elements>(a[READ == Read::across ? r * W : r]), right[v], s); });
        b += W;
    };
    if constexpr (READ == Read::down) {
        for (Index k = 0; k < p.depth; ++k) add(p.a + k * W);
    } else {
        const E* a = p.a;
        for (Index left = p.depth; left > 0; left -= W, a += p.a_step) {
            const E* const end = a + (left < W ? left : W);
            for (const E* next = a; next < end; ++next) add(next);
        }
    }

    // Of one's own, so that no compiler need ask whether the sums are written over them.
    T* const c = p.c;
    const T* const factors = p.by;
    const Finish finish = p.finish;
    const auto write = [&](auto f) { each([&](V s, int r, int v) { store(c + r * W + v * N, f(s, r, v)); }); };
    const auto by = [&](int r, int v) { return load<V>(factors + r * W + v * N); };
    if (READ == Read::down || finish == Finish::keep) return write([](V s, int, int) { return s; });
    if (finish == Finish::rectify) return write([](V s, int, int) { return select(s > 0, s, V{}); });
    if (finish == Finish::mask) return write([&](V s, int r, int v) { return select(by(r, v) > 0, s, V{}); });
    write([&](V s, int r, int v) { return s * by(r, v); });
}

static_assert(TILE_ROWS % 2 == 0);

// The next even number.
constexpr Index even(Index count) {
    return (count + 1) / 2 * 2;
}

// The kernels for tiles of 1 to TILE_ROWS rows.
template <class T, class E, int VECTORS, Read READ>
struct Kernels {
    void (*of[TILE_ROWS + 1])(const Tile<T, E>&) = {};

    constexpr Kernels() { fill<TILE_ROWS>(); }

    template <int ROWS>
    constexpr void fill() {
        of[ROWS] = tile<T, E, ROWS, VECTORS, READ>;
        if constexpr (ROWS > 1) fill<ROWS - 1>();
    }
};

template <class T, class E, int VECTORS, Read READ>
inline constexpr Kernels<T, E, VECTORS, READ> kernels{};

// `columns` of the panel count: where one vector holds them, only that one is computed.
template <Read READ, class T, class E>
void run_tile(const Tile<T, E>& p, Index rows, Index columns) {
    if (columns <= LANES<T>) return kernels<T, E, 1, READ>.of[rows](p);
    kernels<T, E, TILE_VECTORS, READ>.of[rows](p);
}

// Calls f(first, count) for tiles of `rows` rows, cut as evenly as it goes, so that no tile is much lower than others;
// each begins at an even row, so that the rows of a pair stay together. `rows` are those of a chunk, some thousand at most:
// of numbers of 32 digits a quotient is quickly found.
template <class F>
void each_tile(Index rows, F f) {
    const Index tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
    for (Index t = 1, first = 0; first < rows; ++t) {
        const Index cut = t < tiles ? even(std::uint32_t(rows * t) / std::uint32_t(tiles)) : rows;
        const Index end = cut < rows ? cut : rows;
        f(first, end - first);
        first = end;
    }
}

// C = finish(start + A·B).
template <class T, class E>
struct Product {
    Matrix<E> a, b;
    Index depth;
    const T* start;  // one row, for all rows of C; or null for 0
    Matrix<T> c;
    Finish finish;
    Matrix<T> by;
};

// How deep a product goes at once, so that the rows of A stay in half of the second cache while all of B passes by.
template <class T>
Index depth_at_once(Index rows, Index depth) {
    constexpr Index W = PANEL<T>, MOST = Index(512) << 10;
    const Index half = second_cache() / 2, bytes = half < MOST ? half : MOST;
    if (rows * depth * Index(sizeof(T)) <= bytes) return depth;
    const Index fitting = bytes / (rows * Index(sizeof(T))) / W * W;
    return fitting < 8 * W ? 8 * W : fitting;
}

// Computes `rows` rows of C from `first` on, `width` columns; calls after(first row, column, rows) for each tile that
// is done.
template <class T, class E, class After>
void product(const Product<T, E>& p, Index first, Index rows, Index width, After after) {
    constexpr Index W = PANEL<T>;
    const Index at_once = depth_at_once<T>(rows, p.depth);
    const bool in_parts = p.depth > at_once;
    for (Index k = 0; k < p.depth; k += at_once) {
        const Index deep = p.depth - k < at_once ? p.depth - k : at_once;
        const bool last = k + deep == p.depth;
        for (Index column = 0; column < width; column += W) {
            each_tile(rows, [&](Index offset, Index count) {
                const Index row = first + offset;
                T* c = p.c.from(row, column);
                const T* start = k > 0 ? c : p.start ? p.start + column : nullptr;
                const T* by = p.by.base ? p.by.from(row, column) : nullptr;
                if (in_parts) {
                    // What the next tile adds to, and this one's share of the next panel of B.
                    constexpr Index LINES = W * Index(sizeof(T)) / 64;
                    Ahead ahead;
                    ahead.add(c + count * W, TILE_ROWS * LINES);
                    if (column + W < width)
                        ahead.add(p.b.from(k + deep * offset / rows, column + W), (deep * count / rows + 1) * LINES);
                    ahead.ask(0, 1, 1);
                }
                run_tile<Read::across>(Tile<T, E>{p.a.from(row, k), p.a.step, p.b.from(k, column), deep, start,
                                                  k > 0 ? W : 0, c, last ? p.finish : Finish::keep, by},
                                       count, width - column);
                if (last) after(row, column, count);
            });
        }
    }
}

}  // namespace clearprop::CLEARPROP_ISA
