// A few rows through a network, straight from the flat parameters: to put these into panels would take longer. Each
// number has the bits that it would have in panels.
#pragma once

#include "dots.hpp"
#include "lose.hpp"
#include "workspace.hpp"

namespace clearprop::CLEARPROP_ISA {

inline constexpr Index FEW_ROWS = 4;

template <class T>
class FewPredictor {
    using V = Vector<T>;
    static constexpr Index N = LANES<T>;

  public:
    explicit FewPredictor(const Prediction<T>& run) : run_(run), end_(run.parameters + parameter_count(run.network)) {
        Index widest = run.network.layers[0].inputs;
        for (Index l = 0; l < run.network.depth; ++l)
            widest = run.network.layers[l].units > widest ? run.network.layers[l].units : widest;
        width_ = panels<T>(widest) * PANEL<T>;
        rows_ = static_cast<T*>(allocate(2 * width_ * Index(sizeof(T))));
    }
    ~FewPredictor() { release(rows_); }
    FewPredictor(const FewPredictor&) = delete;
    FewPredictor& operator=(const FewPredictor&) = delete;

    void go() {
        const Index inputs = run_.network.layers[0].inputs, outputs = run_.network.layers[run_.network.depth - 1].units;
        for (Index r = 0; r < run_.rows; ++r) {
            T *row = rows_, *next = rows_ + width_;
            __builtin_memcpy(row, run_.X + r * inputs, std::size_t(inputs) * sizeof(T));
            const T* weights = run_.parameters;
            for (Index l = 0; l < run_.network.depth; ++l) {
                weights = through(run_.network.layers[l], weights, row, next);
                T* const done = row;
                row = next;
                next = done;
            }
            __builtin_memcpy(run_.outputs + r * outputs, row, std::size_t(outputs) * sizeof(T));
        }
    }

  private:
    static Index parameter_count(const Network& network) {
        Index count = 0;
        for (Index l = 0; l < network.depth; ++l)
            count += network.layers[l].inputs * network.layers[l].units + bias_size(network.layers[l]);
        return count;
    }

    // One row through one layer; returns where the parameters of the next begin.
    const T* through(const Layer& layer, const T* weights, T* inputs, T* outputs) const {
        const T* bias = weights + layer.inputs * layer.units;
        const auto bias_of = [&](Index o) { return layer.bias == Bias::none ? 0 : bias[layer.bias == Bias::unit ? o : 0]; };
        if (stands_by_units<T>(layer)) {
            for (Index i = layer.inputs; i % N != 0; ++i) inputs[i] = 0;
            for (Index o = 0; o < layer.units; ++o) outputs[o] = bias_of(o) + dot(layer, weights + o, inputs);
        } else {
            for (Index o = 0; o < layer.units; ++o) outputs[o] = bias_of(o);
            for (Index first = 0; first < layer.units; first += 8 * N) add_products(layer, weights, first, inputs, outputs);
        }
        if (layer.activation == Activation::softmax) softmax_rows<T>(layer.units, Rows<T>{outputs, 0}, 0, 1);
        else activate(layer, outputs, static_cast<T*>(nullptr), (layer.units + N - 1) / N * N);
        return bias + bias_size(layer);
    }

    // Adds to eight vectors of net inputs, the last of which may hold numbers beyond the units.
    void add_products(const Layer& layer, const T* weights, Index first, const T* inputs, T* outputs) const {
        const Index left = layer.units - first, vectors = left > 8 * N ? 8 : (left + N - 1) / N;
        V sum[8];
        for (Index v = 0; v < vectors; ++v) sum[v] = load<V>(outputs + first + v * N);
        for (Index i = 0; i < layer.inputs; ++i) {
            const T* row = weights + i * layer.units + first;
            const V input = splat<V>(inputs[i]);
            if (row + vectors * N <= end_ && vectors == 8) {
                for (int v = 0; v < 8; ++v) sum[v] = fused(input, load<V>(row + v * N), sum[v]);
                continue;
            }
            for (Index v = 0; v < vectors; ++v) sum[v] = fused(input, load_some<V>(row + v * N, end_ - row - v * N), sum[v]);
        }
        for (Index v = 0; v < vectors; ++v) store(outputs + first + v * N, sum[v]);
    }

    static T dot(const Layer& layer, const T* weights, const T* inputs) {
        V sum{};
        for (Index i = 0; i < layer.inputs; i += N) {
            const Index left = layer.inputs - i;
            T column[N];
            for (Index l = 0; l < N; ++l) column[l] = l < left ? weights[(i + l) * layer.units] : 0;
            sum = fused(load<V>(inputs + i), load<V>(column), sum);
        }
        return sum_of_lanes<T, VECTOR_BYTES>(sum);
    }

    const Prediction<T>& run_;
    const T* const end_;  // of the parameters
    Index width_;
    T* rows_;
};

}  // namespace clearprop::CLEARPROP_ISA
