// Rows on their way through: forward, loss, backward. A thread takes its rows all the way without waiting for others.
#pragma once

#include <cmath>

#include "lose.hpp"
#include "philox.hpp"
#include "workspace.hpp"

namespace clearprop::CLEARPROP_ISA {

// The rows of one chunk of a batch.
struct Chunk {
    const Index* rows;  // their numbers in the table, or null where they lie in order from `first`
    Index first;        // of this chunk in the batch
    Index count;
    double divisor;  // of the gradient: Σ wᵢ for the mean, 1 for the sum
    std::uint64_t seed;
    Index step;  // of the dropout masks; negative: no dropout

    Index row(Index r) const { return rows ? rows[first + r] : first + r; }
};

// Multiplies each output by 0 or 1 / (1 - share), as the generator says.
template <class T>
void drop_out(const Stage<T>& stage, Index layer, const Chunk& chunk, T* values, Index first, Index count) {
    const Index units = stage.layer.units;
    const std::uint64_t limit = std::uint64_t(stage.layer.dropout * 4294967296.0);
    const T kept = T(1 / (1 - stage.layer.dropout));
    for (Index r = first; r < first + count; ++r) {
        const Index start = (chunk.first + r) * units;
        Words drawn{};
        for (Index u = 0; u < units; ++u) {
            const Index index = start + u;
            if (u == 0 || index % 4 == 0)
                drawn = philox(chunk.seed, DROPOUT, std::uint32_t(layer), std::uint64_t(chunk.step),
                               std::uint64_t(index) / 4);
            values[r * stage.width + u] *= drawn.word[index % 4] >= limit ? kept : 0;
        }
    }
}

template <class T>
bool drops(const Stage<T>& stage, const Chunk& chunk) {
    return chunk.step >= 0 && stage.layer.dropout > 0;
}

template <class T>
void forward(Workspace<T>& space, const Chunk& chunk, Index first, Index count) {
    for (Index l = 0; l < space.network.depth; ++l) {
        const Stage<T>& stage = space.stages[l];
        const T* bias = stage.layer.bias == Bias::none ? nullptr : stage.bias.value;
        T* values = stage.values + first * stage.width;
        T* slopes = stage.slopes ? stage.slopes + first * stage.width : nullptr;
        product<T>({stage.inputs + first * stage.input_stride, stage.input_stride, 1, stage.weights.value, stage.width,
                    stage.layer.inputs, bias, 0, values, stage.width},
                   count, stage.width);
        const bool joint = space.network.joint && l == space.network.depth - 1;
        if (joint && space.purpose != Purpose::predict) continue;
        if (stage.layer.activation == Activation::softmax) {
            softmax_rows<T>(stage.layer.units, Rows<T>{values, stage.width}, 0, count);
            if (slopes) __builtin_memcpy(slopes, values, std::size_t(count * stage.width) * sizeof(T));
        } else {
            activate(stage.layer, values, slopes, count * stage.width);
        }
        if (!drops(stage, chunk)) continue;
        drop_out(stage, l, chunk, stage.values, first, count);
        if (stage.layer.activation != Activation::softmax) drop_out(stage, l, chunk, stage.slopes, first, count);
    }
}

// The way back through an activation: ∂E/∂A becomes ∂E/∂Z in place. Softmax has kept its outputs as slopes.
template <class T>
void activate_back(const Stage<T>& stage, Index first, Index count) {
    const T* slopes = stage.slopes + first * stage.width;
    T* gradient = stage.deltas + first * stage.width;
    if (stage.layer.activation == Activation::softmax)
        return softmax_rows_back<T>(stage.layer.units, Rows<T>{gradient, stage.width},
                                    Rows<const T>{slopes, stage.width}, 0, count);
    for (Index i = 0; i < count * stage.width; ++i) gradient[i] *= slopes[i];
}

// wᵢEᵢ of each row, and the deltas of the last layer; false where a loss is not finite.
template <class T>
bool lose_rows(Workspace<T>& space, const Samples<T>& samples, const Chunk& chunk, Index first, Index count) {
    const Stage<T>& last = space.last();
    const bool finite = lose_blocks(
        space.network, last.layer.units, Rows<const T>{last.values, last.width}, Rows<T>{last.deltas, last.width},
        samples, [&chunk](Index r) { return chunk.row(r); }, T(chunk.divisor), space.losses, first, count);
    if (!space.network.joint && last.slopes) activate_back(last, first, count);
    return finite;
}

template <class T>
void backward(Workspace<T>& space, const Chunk& chunk, Index first, Index count) {
    for (Index l = space.network.depth - 1; l > 0; --l) {
        const Stage<T>&above = space.stages[l], &stage = space.stages[l - 1];
        T* deltas = stage.deltas + first * stage.width;
        product<T>({above.deltas + first * above.width, above.width, 1, above.transposed, stage.width,
                    above.layer.units, nullptr, 0, deltas, stage.width},
                   count, stage.width);
        if (drops(stage, chunk) && stage.layer.activation == Activation::softmax)
            drop_out(stage, l - 1, chunk, stage.deltas, first, count);
        activate_back(stage, first, count);
    }
}

template <class T>
void gather(Workspace<T>& space, const T* X, const Chunk& chunk, Index first, Index count) {
    const Index inputs = space.network.layers[0].inputs;
    for (Index r = first; r < first + count; ++r)
        __builtin_memcpy(space.gathered + r * inputs, X + chunk.row(r) * inputs, std::size_t(inputs) * sizeof(T));
}

// The share of a chunk's rows that falls to a thread: whole tiles, so that the cut does not show in the results.
struct Share {
    Index first, count;
};

inline Share share_of(Index rows, int thread, int threads) {
    const Index tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
    const Index first = tiles * thread / threads * TILE_ROWS;
    const Index end = tiles * (thread + 1) / threads * TILE_ROWS;
    return {first, (end < rows ? end : rows) - first};
}

}  // namespace clearprop::CLEARPROP_ISA
