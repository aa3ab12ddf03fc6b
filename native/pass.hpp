// Rows on their way through: forward, loss, backward. A thread takes its rows all the way without waiting for others.
#pragma once

#include "dots.hpp"
#include "draw.hpp"
#include "lose.hpp"
#include "workspace.hpp"

namespace clearprop::CLEARPROP_ISA {

// The rows of one chunk of a batch.
struct Chunk {
    const Index* rows;  // their numbers in the table, or null where they lie in order from `first`
    Index first;        // of this chunk in the batch
    Index count;
    double divisor;  // of the gradient: Σ wᵢ for the mean, 1 for the sum
    std::uint64_t seed;
    Index step;   // of the dropout masks
    double fade;  // the share of dropout that is left; 0: none
    Index before = 0;  // rows of the batch that another process has, before all of these

    Index row(Index r) const { return rows ? rows[first + r] : first + r; }
};

// Multiplies outputs by 0 or 1 / (1 - share), as the generator says, and slopes, where there are any, by the same: of
// `rows` rows, those of a panel that begins at unit `column`.
template <class T>
void drop_out_tile(const Stage<T>& stage, Index layer, const Chunk& chunk, Matrix<T> values, Matrix<T> slopes, Index first,
                   Index column, Index rows) {
    using V = Vector<T>;
    constexpr Index W = PANEL<T>;
    const Index units = stage.layer.units, count = units - column < W ? units - column : W;
    const double dropped = stage.layer.dropout * chunk.fade;
    const std::uint32_t limit = std::uint32_t(dropped * 4294967296.0);
    const V kept = splat<V>(T(1 / (1 - dropped)));
    const Source source(chunk.seed, DROPOUT, std::uint32_t(layer), std::uint64_t(chunk.step));
    for (Index r = first; r < first + rows; ++r) {
        const Index index = (chunk.before + chunk.first + r) * units + column, within = index % 4;
        alignas(64) std::uint32_t words[W + 4 * BLOCKS_AT_ONCE];
        source.draw(std::uint64_t(index) / 4, (within + count + 3) / 4, words);
        for (Index v = 0; v < count; v += LANES<T>) {
            using Words = typename Wide<std::uint32_t, int(LANES<T>) * 4>::Type;
            Words drawn;
            __builtin_memcpy(&drawn, words + within + v, sizeof(drawn));
            V factor = select(__builtin_convertvector(drawn, Bits<V>) >= limit, kept, V{});
            if (count < W) factor = first_lanes(factor, count - v);
            T* const value = values.from(r, column) + v;
            store(value, load<V>(value) * factor);
            if (!slopes.base) continue;
            T* const slope = slopes.from(r, column) + v;
            store(slope, load<V>(slope) * factor);
        }
    }
}

// The same of whole rows.
template <class T>
void drop_out(const Stage<T>& stage, Index layer, const Chunk& chunk, Matrix<T> values, Index first, Index count) {
    for (Index column = 0; column < stage.layer.units; column += PANEL<T>)
        drop_out_tile(stage, layer, chunk, values, {}, first, column, count);
}

template <class T>
bool drops(const Stage<T>& stage, const Chunk& chunk) {
    return stage.layer.dropout * chunk.fade > 0;
}

// Activates a tile that begins at unit `column`: those of its vectors that hold units.
template <class T>
void activate_tile(const Stage<T>& stage, Index row, Index column, Index rows) {
    T* values = stage.values.from(row, column);
    T* slopes = stage.slopes.base ? stage.slopes.from(row, column) : nullptr;
    if (stage.layer.units - column > LANES<T>) return activate(stage.layer, values, slopes, rows * PANEL<T>);
    for (Index r = 0; r < rows; ++r, values += PANEL<T>, slopes += slopes ? PANEL<T> : 0)
        activate(stage.layer, values, slopes, LANES<T>);
}

// A stage's outputs, or net inputs, in the precision that it works in.
template <class T, class After>
void product_forward(const Stage<T>& stage, const T* bias, Index first, Index count, After after) {
    const Index inputs = stage.layer.inputs, units = stage.layer.units;
    const Finish finish = stage.rectifies ? Finish::rectify : Finish::keep;
    const auto multiply = [&]<class E>(Matrix<E> a, Matrix<E> b, Index depth) {
        if (!stage.by_units)
            return product<T, E>({a, b, depth, bias, stage.values, finish, {}}, first, count, units, after);
        dots<T, E>({a, b, depth, bias, stage.values, finish, {}}, first, count, units);
        after(first, 0, count);
    };
    if constexpr (ROUNDS<T>)
        if (stage.rounded.weights.base)
            return multiply(stage.rounded.inputs.across, stage.rounded.weights, even(inputs) / 2);
    multiply(stage.inputs, Matrix<T>{stage.weights.value, stage.panel_step}, inputs);
}

// ∂E/∂a of the stage below, finished.
template <class T>
void product_backward(const Stage<T>& above, Matrix<T> c, Finish finish, Matrix<T> by, Index first, Index count) {
    const Index inputs = above.layer.inputs, units = above.layer.units;
    const auto nothing = [](Index, Index, Index) {};
    if constexpr (ROUNDS<T>) {
        const Operands& rounded = above.rounded;
        if (rounded.weights.base)
            return product<T, Pair>({rounded.deltas.across, rounded.turned, even(units) / 2, nullptr, c, finish, by},
                                    first, count, inputs, nothing);
    }
    product<T, T>({above.deltas, above.turned, units, nullptr, c, finish, by}, first, count, inputs, nothing);
}

// Packs rows of a matrix that have got their last numbers, where a product will read them in pairs.
template <class T>
void pack_rows(Matrix<T> from, Index columns, const Packed& to, Index first, Index count) {
    if constexpr (ROUNDS<T>)
        for (Index column = 0; column < columns && to.down.base; column += PANEL<T>)
            pack_panel(from, column, to, first, count);
}

template <class T>
void copy_rows(Index columns, Matrix<T> from, Matrix<T> to, Index first, Index count) {
    for (Index r = first; r < first + count; ++r)
        for (Index c = 0; c < columns; ++c) to.at(r, c) = from.at(r, c);
}

template <class T>
void forward(Workspace<T>& space, const Chunk& chunk, Index first, Index count) {
    for (Index l = 0; l < space.network.depth; ++l) {
        const Stage<T>& stage = space.stages[l];
        // Net inputs, as the loss wants them, or rectified already.
        const bool raw = (stage.joint && space.purpose != Purpose::predict) || stage.rectifies;
        const bool whole_rows = stage.layer.activation == Activation::softmax;
        const bool dropping = drops(stage, chunk);
        const auto after = [&](Index row, Index column, Index rows) {
            if (raw || whole_rows) return;
            activate_tile(stage, row, column, rows);
            if (dropping) drop_out_tile(stage, l, chunk, stage.values, stage.slopes, row, column, rows);
        };
        const T* bias = stage.layer.bias == Bias::none ? nullptr : stage.bias.value;
        product_forward(stage, bias, first, count, after);
        if (whole_rows && !raw) {
            softmax_rows<T>(stage.layer.units, stage.values, first, count);
            if (stage.slopes.base) copy_rows(stage.layer.units, stage.values, stage.slopes, first, count);
        }
        if (whole_rows && dropping) drop_out(stage, l, chunk, stage.values, first, count);
        if (l + 1 < space.network.depth)
            pack_rows(stage.values, stage.layer.units, space.stages[l + 1].rounded.inputs, first, count);
    }
}

// The way back through the activation of a whole row: ∂E/∂A becomes ∂E/∂Z in place. Softmax has kept its outputs as
// slopes.
template <class T>
void activate_back(const Stage<T>& stage, Index first, Index count) {
    if (stage.layer.activation == Activation::softmax)
        return softmax_rows_back<T>(stage.layer.units, stage.deltas, stage.slopes, first, count);
    for (Index r = first; r < first + count; ++r)
        for (Index o = 0; o < stage.layer.units; ++o) stage.deltas.at(r, o) *= stage.slopes.at(r, o);
}

// wᵢEᵢ of each row, and the deltas of the last layer; false where a loss is not finite.
template <class T>
bool lose_rows(Workspace<T>& space, const Samples<T>& samples, const Chunk& chunk, Index first, Index count) {
    const Stage<T>& last = space.last();
    const bool finite = lose_blocks(space.network, last.layer.units, last.values, last.deltas, samples,
                                    [&chunk](Index r) { return chunk.row(r); }, T(chunk.divisor), space.losses, first,
                                    count);
    if (last.slopes.base) activate_back(last, first, count);
    pack_rows(last.deltas, last.layer.units, last.rounded.deltas, first, count);
    return finite;
}

template <class T>
void backward(Workspace<T>& space, const Chunk& chunk, Index first, Index count) {
    for (Index l = space.network.depth - 1; l > 0; --l) {
        const Stage<T>&above = space.stages[l], &stage = space.stages[l - 1];
        const bool whole_rows = stage.layer.activation == Activation::softmax;
        const Finish finish = whole_rows ? Finish::keep : stage.rectifies ? Finish::mask : Finish::scale;
        product_backward(above, stage.deltas, finish,
                         whole_rows ? Matrix<T>{} : stage.rectifies ? stage.values : stage.slopes, first, count);
        if (whole_rows) {
            if (drops(stage, chunk)) drop_out(stage, l - 1, chunk, stage.deltas, first, count);
            activate_back(stage, first, count);
        }
        pack_rows(stage.deltas, stage.layer.units, stage.rounded.deltas, first, count);
    }
    if (space.network.column_count == 0) return;
    product_backward(space.stages[0], space.columns.gradients, Finish::keep, {}, first, count);
    space.columns.hand_back(first, count);
}

template <class T>
void gather(Workspace<T>& space, const T* X, const Chunk& chunk, Index first, Index count) {
    const Index inputs = space.network.layers[0].inputs;
    const Stage<T>& bottom = space.stages[0];
    if (space.network.column_count > 0) {
        space.columns.take_in(X, [&chunk](Index r) { return chunk.row(r); }, first, count);
        return pack_rows(bottom.inputs, inputs, bottom.rounded.inputs, first, count);
    }
    for (Index r = first; r < first + count; ++r) {
        const T* row = X + chunk.row(r) * inputs;
        Index column = 0;
        for (; column + PANEL<T> <= inputs; column += PANEL<T>)
            __builtin_memcpy(space.gathered.from(r, column), row + column, PANEL<T> * sizeof(T));
        T* rest = space.gathered.panel(column) + r * PANEL<T>;
        for (row += column, column = inputs - column; column >= 4; column -= 4, row += 4, rest += 4)
            __builtin_memcpy(rest, row, 4 * sizeof(T));
        for (; column > 0; --column) *rest++ = *row++;
    }
    pack_rows(space.gathered, inputs, bottom.rounded.inputs, first, count);
}

}  // namespace clearprop::CLEARPROP_ISA
