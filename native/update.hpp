// From deltas to gradients to new parameters: a tile of the gradient is used while it is in the nearest cache.
#pragma once

#include "optimize.hpp"
#include "pass.hpp"
#include "penalty.hpp"

namespace clearprop::CLEARPROP_ISA {

// The gradients of a chunk, added up; with the last chunk of a batch, the update.
template <class T>
class Updater {
  public:
    Updater(Workspace<T>& space, Index rows, bool first_chunk, bool last_chunk)
        : space_(space), rows_(rows), first_chunk_(first_chunk), last_chunk_(last_chunk) {}

    // `rates` null: the gradients are what is asked for. False where a new parameter is not finite. Calls between(i, n)
    // before the i-th of the n items of the thread's own share, if it comes to it, and at last between(n, n). An item is
    // one thread's alone, so that it makes no difference to the bits whose.
    template <class Between>
    bool run(int thread, Share own, Rule rule, const Rates<T>* rates, Shares& items, Between between) {
        finite_ = V{};
        items.take(thread, 1, [&](Share share, int whose) {
            for (Index i = share.first; i < share.first + share.count; ++i) {
                if (whose == thread) between(i - own.first, own.count);
                do_item(i, rule, rates);
            }
        });
        between(own.count, own.count);
        return sum_of_lanes<T, VECTOR_BYTES>(finite_) == 0;
    }

  private:
    using V = Vector<T>;
    static constexpr Index W = PANEL<T>;

    void do_item(Index index, Rule rule, const Rates<T>* rates) {
        const Item& item = space_.items[index];
        if (item.layer < 0) return columns(item, rule, rates);
        const Stage<T>& stage = space_.stages[item.layer];
        if (item.row < 0) bias(stage, item, rule, rates);
        else weights(stage, item, rule, rates, index);
    }

    void bias(const Stage<T>& stage, const Item& item, Rule rule, const Rates<T>* rates) {
        const Layer& layer = stage.layer;
        if (layer.bias == Bias::layer && item.column == 0) layer_bias(stage, rule, rates);
        if (layer.bias != Bias::unit) return;
        T* kept = stage.bias.gradient ? stage.bias.gradient + item.column : nullptr;
        static_assert(TILE_VECTORS == 2);
        const bool more = !first_chunk_;
        V low = more ? load<V>(kept) : V{}, high = more ? load<V>(kept + LANES<T>) : V{};
        const T* deltas = stage.deltas.panel(item.column);
        for (Index r = 0; r < rows_; ++r, deltas += W) {
            low += load<V>(deltas);
            high += load<V>(deltas + LANES<T>);
        }
        T sum[W];
        store(sum, low);
        store(sum + LANES<T>, high);
        if (kept) __builtin_memcpy(kept, sum, sizeof(sum));
        if (!last_chunk_ || !rates || !layer.train_bias) return;
        update(stage.bias, layer.bias_rate, item.column, sum, 1, layer.units - item.column, rule, rates, false);
    }

    // The parameters of one embedded input, or a panel of the scale.
    void columns(const Item& item, Rule rule, const Rates<T>* rates) {
        const ColumnStage<T>& stage = space_.columns;
        const bool of_scale = item.layer == OF_SCALE;
        const Embedded* const one = of_scale ? nullptr : stage.embedded + item.row;
        const Trained<T>& trained = of_scale ? stage.scale : stage.parameters;
        const Index start = of_scale ? item.column : one->start, end = of_scale ? start + W : one->template end<T>();
        if (first_chunk_)
            for (Index i = start; i < end; i += LANES<T>) store(trained.gradient + i, V{});
        if (of_scale) stage.add_gradient_of_scale(item.column, rows_);
        else stage.add_gradient(*one, rows_, !rates);
        if (!last_chunk_ || !rates) return;
        const Index left = of_scale ? stage.width() - item.column : one->trained, count = of_scale && left > W ? W : left;
        const T factor = T(of_scale ? space_.network.scale_rate : one->layer->rate);
        update_run(trained, start, count, rule, *rates, rates->rate * factor);
    }

    // Updates `count` parameters that stand side by side, before zeros up to a whole vector, which stay.
    void update_run(const Trained<T>& trained, Index start, Index count, Rule rule, const Rates<T>& rates, T rate) {
        T *w = trained.value + start, *g = trained.gradient + start;
        V unread{};
        apply(rule, rates, rate, false, w, g, trained.slots[0] ? trained.slots[0] + start : nullptr,
              trained.slots[1] ? trained.slots[1] + start : nullptr, whole_vectors<T>(count), unread);
        for (Index i = 0; i < count; i += LANES<T>) {
            const V real = first_lanes(load<V>(w + i), count - i);
            store(w + i, real);
            finite_ = fused(real, V{}, finite_);
        }
    }

    // One number that all units share.
    void layer_bias(const Stage<T>& stage, Rule rule, const Rates<T>* rates) {
        const Layer& layer = stage.layer;
        alignas(64) T sum[W] = {};
        if (!first_chunk_) sum[0] = *stage.bias.gradient;
        for (Index r = 0; r < rows_; ++r)
            for (Index o = 0; o < layer.units; ++o) sum[0] += stage.deltas.at(r, o);
        if (stage.bias.gradient) *stage.bias.gradient = sum[0];
        if (!last_chunk_ || !rates || !layer.train_bias) return;
        update(stage.bias, layer.bias_rate, 0, sum, 1, 1, rule, rates, false);
        for (Index o = 1; o < layer.units; ++o) stage.bias.value[o] = stage.bias.value[0];
    }

    void weights(const Stage<T>& stage, const Item& item, Rule rule, const Rates<T>* rates, Index index) {
        const Matrix<T> weights{stage.weights.value, stage.panel_step};
        const Index offset = weights.from(item.row, item.column) - stage.weights.value;
        const Index columns = (stage.by_units ? stage.layer.inputs : stage.layer.units) - item.column;
        Ahead ahead;
        if (space_.far && last_chunk_ && rates) {
            const Index lines = item.rows * W * Index(sizeof(T)) / 64;
            ahead.add(stage.weights.value + offset, lines);
            for (T* const slot : stage.weights.slots)
                if (slot) ahead.add(slot + offset, lines);
            if (space_.farther && stage.turned.base && !stage.by_units) {
                const Index units = columns < W ? columns : W;
                ahead.add(stage.turned.from(item.column, item.row), units * W * Index(sizeof(T)) / 64);
            }
        }
        alignas(64) T buffer[(W > TILE_ROWS ? W : TILE_ROWS) * W];
        T* const sum = stage.weights.gradient ? stage.weights.gradient + offset : buffer;
        sum_up(stage, item, columns, sum, ahead);
        if (!last_chunk_) return;

        if (is_penalised(space_.network))
            space_.penalties[index] = penalise(stage.weights.value + offset, sum, item.rows, columns);
        if (!rates) return;
        update(stage.weights, stage.layer.weight_rate, offset, sum, item.rows, columns, rule, rates, true);
        if (stage.turned.base && !stage.by_units)
            turn_panel(weights, stage.turned, item.row, item.rows, item.column, stage.layer.units);
        if constexpr (ROUNDS<T>)
            if (stage.rounded.weights.base) round_weights(stage, item.row, item.rows, item.column);
    }

    // The item's part of the gradient, of this chunk and those before.
    void sum_up(const Stage<T>& stage, const Item& item, Index columns, T* sum, const Ahead& ahead) const {
        const auto multiply = [&]<class E>(Matrix<E> inputs, Matrix<E> deltas, Index depth) {
            const Matrix<E>&rows = stage.by_units ? deltas : inputs, &along = stage.by_units ? inputs : deltas;
            each_tile(item.rows, [&](Index row, Index count) {
                ahead.ask(row, row + count, item.rows);
                T* const c = sum + row * W;
                run_tile<Read::down>(Tile<T, E>{rows.from(0, item.row + row), 0, along.panel(item.column), depth,
                                                first_chunk_ ? nullptr : c, W, c, Finish::keep, nullptr},
                                     count, columns);
            });
        };
        if constexpr (ROUNDS<T>)
            if (stage.rounded.weights.base)
                return multiply(stage.rounded.inputs.down, stage.rounded.deltas.down, even(rows_) / 2);
        multiply(stage.inputs, stage.deltas, rows_);
    }

    // Updates `rows` rows of a panel with the gradient g, at `factor` times the learning rate. What stands beyond the real
    // columns stays 0.
    void update(const Trained<T>& trained, double factor, Index offset, T* g, Index rows, Index columns, Rule rule,
                const Rates<T>* rates, bool decay) {
        const T rate = rates->rate * T(factor);
        T* w = trained.value + offset;
        T* s0 = trained.slots[0] ? trained.slots[0] + offset : nullptr;
        T* s1 = trained.slots[1] ? trained.slots[1] + offset : nullptr;
        if (columns >= W) return apply(rule, *rates, rate, decay, w, g, s0, s1, rows * W, finite_);
        // Beyond the real columns stands perhaps what is not finite, in g now, and in w after a step that divides 0 by 0.
        V unread{};
        keep_real(g, rows, columns);
        if (columns > LANES<T>) {
            apply(rule, *rates, rate, decay, w, g, s0, s1, rows * W, unread);
        } else {
            for (Index i = 0; i < rows * W; i += W)
                apply(rule, *rates, rate, decay, w + i, g + i, s0 ? s0 + i : nullptr, s1 ? s1 + i : nullptr, LANES<T>, unread);
        }
        keep_real(w, rows, columns);
        for (Index i = 0; i < rows * W; i += LANES<T>) finite_ = fused(load<V>(w + i), V{}, finite_);
    }

    // Sets to 0 what stands beyond the real columns of rows of a panel.
    static void keep_real(T* panel, Index rows, Index columns) {
        for (Index first = 0; first < W; first += LANES<T>)
            for (Index i = first; i < rows * W; i += W)
                store(panel + i, first_lanes(load<V>(panel + i), columns - first));
    }

    // Adds ∂R/∂w to the gradient of a tile; returns R of its weights.
    double penalise(const T* w, T* g, Index rows, Index columns) const {
        PenaltySums sums{};
        const V l1 = splat<V>(T(space_.network.l1)), l2 = splat<V>(T(space_.network.l2));
        for (Index first = 0; first < W && first < columns; first += LANES<T>) {
            PenaltyShares<V> shares{};
            for (Index i = first; i < rows * W; i += W) store(g + i, load<V>(g + i) + shares.add(l1, l2, load<V>(w + i)));
            T absolutes[LANES<T>], squares[LANES<T>];
            store(absolutes, shares.absolute);
            store(squares, shares.square);
            for (Index o = 0; o < LANES<T>; ++o) sums.add(absolutes[o], squares[o]);
        }
        return sums.penalty(space_.network);
    }

    Workspace<T>& space_;
    Index rows_;
    bool first_chunk_, last_chunk_;
    V finite_{};  // 0 as long as all new parameters are
};

}  // namespace clearprop::CLEARPROP_ISA
