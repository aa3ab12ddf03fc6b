// From deltas to gradients to new parameters: a tile of the gradient is used while it is in the nearest cache.
#pragma once

#include "optimize.hpp"
#include "pass.hpp"

namespace clearprop::CLEARPROP_ISA {

// True where every number is finite: x·0 is 0 for finite x alone.
template <class T>
bool all_finite(const T* numbers, Index count) {
    T sum = 0;
    for (Index i = 0; i < count; ++i) sum += numbers[i] * 0;
    return sum == 0;
}

// The gradients of a chunk, added up; with the last chunk of a batch, the update.
template <class T>
class Updater {
  public:
    Updater(Workspace<T>& space, Index rows, bool first_chunk, bool last_chunk)
        : space_(space), rows_(rows), first_chunk_(first_chunk), last_chunk_(last_chunk) {}

    // `rates` null: the gradients are what is asked for. False where a new parameter is not finite.
    bool run(int thread, int threads, Rule rule, const Rates<T>* rates) const {
        bool finite = true;
        const Index end = space_.item_count * (thread + 1) / threads;
        for (Index i = space_.item_count * thread / threads; i < end; ++i) {
            const Item& item = space_.items[i];
            const Stage<T>& stage = space_.stages[item.layer];
            finite = (item.row < 0 ? bias(stage, rule, rates) : weights(stage, item, rule, rates, i)) && finite;
        }
        return finite;
    }

  private:
    bool bias(const Stage<T>& stage, Rule rule, const Rates<T>* rates) const {
        const Layer& layer = stage.layer;
        if (layer.bias == Bias::none) return true;
        const Index count = layer.bias == Bias::layer ? 1 : layer.units;
        T* sum = stage.bias.gradient;
        for (Index o = 0; o < count && first_chunk_; ++o) sum[o] = 0;
        for (Index r = 0; r < rows_; ++r) {
            const T* deltas = stage.deltas + r * stage.width;
            for (Index o = 0; o < layer.units; ++o) sum[layer.bias == Bias::layer ? 0 : o] += deltas[o];
        }
        if (!last_chunk_ || !rates || !layer.train_bias) return true;
        T* b = stage.bias.value;
        apply(rule, *rates, false, b, sum, stage.bias.slots[0], stage.bias.slots[1], count);
        if (layer.bias == Bias::layer)
            for (Index o = 1; o < layer.units; ++o) b[o] = b[0];
        return all_finite(b, count);
    }

    bool weights(const Stage<T>& stage, const Item& item, Rule rule, const Rates<T>* rates, Index index) const {
        const Index width = stage.width, offset = item.row * width + item.column;
        const Index left = stage.layer.inputs - item.row, rows = left < TILE_ROWS ? left : TILE_ROWS;
        const Index columns = panel_columns<T>(item.column, width);
        const Index units = stage.layer.units - item.column, real = units < columns ? units : columns;  // the rest is 0
        const bool kept = !last_chunk_ || !rates;  // the gradient itself is needed later
        alignas(64) T buffer[TILE_ROWS * TILE_COLUMNS<T>];
        T* const sum = stage.weights.gradient + offset;
        T* const tile = kept ? sum : buffer;
        const Index stride = kept ? width : columns;
        any_tile<T>({stage.inputs + item.row, 1, stage.input_stride, stage.deltas + item.column, width, rows_,
                     first_chunk_ ? nullptr : sum, width, tile, stride},
                    rows, columns);
        if (!last_chunk_) return true;

        const Network& network = space_.network;
        const bool penalised = network.l1 > 0 || network.l2 > 0;
        double penalty = 0;
        bool finite = true;
        for (Index r = 0; r < rows; ++r) {
            const Index start = offset + r * width;
            T* w = stage.weights.value + start;
            T* g = tile + r * stride;
            if (penalised) penalty += penalise(w, g, real);
            if (!rates) continue;
            T* s0 = stage.weights.slots[0] ? stage.weights.slots[0] + start : nullptr;
            T* s1 = stage.weights.slots[1] ? stage.weights.slots[1] + start : nullptr;
            apply(rule, *rates, true, w, g, s0, s1, real);
            finite = all_finite(w, real) && finite;
        }
        space_.penalties[index] = penalty;
        if (rates && stage.transposed) turn(stage, item, rows, real);
        return finite;
    }

    // Adds ∂R/∂w to the gradient; returns R of these weights.
    double penalise(const T* w, T* g, Index count) const {
        const T l1 = T(space_.network.l1), l2 = T(space_.network.l2);
        double absolute = 0, square = 0;
        for (Index i = 0; i < count; ++i) {
            const T sign = T(w[i] > 0) - T(w[i] < 0);
            absolute += double(sign * w[i]);
            square += double(w[i]) * double(w[i]);
            g[i] += l1 * sign + l2 * w[i];
        }
        return space_.network.l1 * absolute + 0.5 * space_.network.l2 * square;
    }

    static void turn(const Stage<T>& stage, const Item& item, Index rows, Index columns) {
        for (Index c = 0; c < columns; ++c) {
            T* turned = stage.transposed + (item.column + c) * stage.input_stride + item.row;
            const T* w = stage.weights.value + item.row * stage.width + item.column + c;
            for (Index r = 0; r < rows; ++r) turned[r] = w[r * stage.width];
        }
    }

    Workspace<T>& space_;
    Index rows_;
    bool first_chunk_, last_chunk_;
};

}  // namespace clearprop::CLEARPROP_ISA
