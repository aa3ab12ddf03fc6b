// A layer of a network of a few units, and what one row does in it. V is a scalar, or has a network in each lane. Each
// number comes from the same operations in the same order as in the panels, and so has the same bits.
#pragma once

#include "activate.hpp"

namespace clearprop::CLEARPROP_ISA {

// A row of numbers of each network, as the functions of rows want it.
template <class V>
struct Cells {
    V* base;

    V operator()(Index i) const { return base[i]; }
    void put(Index i, V x) const { base[i] = x; }
};

// A few units, whose sums stay in registers.
template <int UNITS>
struct Few {};

// Calls f(Few<UNITS>{}, first) for groups of the units, in their order.
template <class F>
void each_few(Index units, F f) {
    Index first = 0;
    for (; units - first >= 4; first += 4) f(Few<4>{}, first);
    switch (units - first) {
        case 3: return f(Few<3>{}, first);
        case 2: return f(Few<2>{}, first);
        case 1: return f(Few<1>{}, first);
    }
}

template <class V>
struct TinyLevel {
    using T = Scalar<V>;

    Layer layer;
    Index first;  // of the weights among the flat parameters
    Index bias_size;
    bool joint, rectifies;
    V *weights, *bias, *weight_gradients, *bias_gradients;  // as in the flat parameters
    V *inputs, *values, *slopes, *deltas, *mask;            // of one row

    Index weight_count() const { return layer.inputs * layer.units; }

    void forward() const {
        each_few(layer.units, [&]<int UNITS>(Few<UNITS>, Index o) { net_inputs<UNITS>(o); });
        if (!joint && !rectifies) activate();
    }

    // The factor of a dropped output is 0, that of others makes up for it.
    void drop(Index o, V factor) const {
        mask[o] = factor;
        values[o] *= factor;
        if (layer.activation != Activation::softmax) slopes[o] *= factor;
    }

    // ∂E/∂A of a row becomes ∂E/∂Z in place.
    void through_activation() const {
        if (layer.activation == Activation::softmax) {
            for (Index o = 0; o < layer.units && layer.dropout > 0; ++o) deltas[o] *= mask[o];
            return softmax_back<V>(layer.units, Cells<V>{deltas}, Cells<V>{slopes});
        }
        for (Index o = 0; o < layer.units; ++o)
            deltas[o] = rectifies ? select(values[o] > 0, deltas[o], V{}) : deltas[o] * slopes[o];
    }

    // The gradients of the first row of a batch are set, those of others added.
    void add_gradients(bool first_row) const {
        each_few(layer.units, [&]<int UNITS>(Few<UNITS>, Index o) { add_gradients_of<UNITS>(o, first_row); });
    }

    // ∂E by this layer's inputs.
    void hand_down(V* sums) const {
        each_few(layer.units, [&]<int UNITS>(Few<UNITS>, Index o) { hand_down_from<UNITS>(o, sums); });
    }

  private:
    template <int UNITS>
    void net_inputs(Index first_unit) const {
        V sum[UNITS];
        for (int o = 0; o < UNITS; ++o) sum[o] = bias_size > 0 ? bias[bias_size > 1 ? first_unit + o : 0] : V{};
        const V* weight = weights + first_unit;
        for (Index i = 0; i < layer.inputs; ++i, weight += layer.units)
            for (int o = 0; o < UNITS; ++o) sum[o] = fused(inputs[i], weight[o], sum[o]);
        for (int o = 0; o < UNITS; ++o) values[first_unit + o] = rectifies ? select(sum[o] > 0, sum[o], V{}) : sum[o];
    }

    // Flat, like all that a step calls for: for so few units, a call takes as long as what it does.
    [[gnu::flatten]] void activate() const {
        const Index units = layer.units;
        if (layer.activation == Activation::softmax) {
            softmax<V>(units, Cells<V>{values});
            for (Index o = 0; o < units; ++o) slopes[o] = values[o];
            return;
        }
        with_activation<V>(layer.activation, T(layer.activation_number), [this, units](auto f) {
            for (Index o = 0; o < units; ++o) {
                const Point<V> point = f(values[o]);
                values[o] = point.value;
                slopes[o] = point.slope;
            }
        });
    }

    template <int UNITS>
    void add_gradients_of(Index first_unit, bool first_row) const {
        const auto sum = [first_row](V gradient) { return first_row ? V{} : gradient; };
        V delta[UNITS];
        for (int o = 0; o < UNITS; ++o) delta[o] = deltas[first_unit + o];
        V* gradient = weight_gradients + first_unit;
        for (Index i = 0; i < layer.inputs; ++i, gradient += layer.units)
            for (int o = 0; o < UNITS; ++o) gradient[o] = fused(inputs[i], delta[o], sum(gradient[o]));
        if (bias_size > 1 || layer.units == 1) {
            V* own = bias_gradients + first_unit;
            for (int o = 0; o < UNITS && bias_size > 0; ++o) own[o] = sum(own[o]) + delta[o];
        } else if (bias_size == 1) {
            V all = first_unit > 0 ? bias_gradients[0] : sum(bias_gradients[0]);
            for (int o = 0; o < UNITS; ++o) all += delta[o];
            bias_gradients[0] = all;
        }
    }

    template <int UNITS>
    void hand_down_from(Index first_unit, V* sums) const {
        V delta[UNITS];
        for (int o = 0; o < UNITS; ++o) delta[o] = deltas[first_unit + o];
        const V* weight = weights + first_unit;
        for (Index i = 0; i < layer.inputs; ++i, weight += layer.units) {
            V sum = first_unit > 0 ? sums[i] : V{};
            for (int o = 0; o < UNITS; ++o) sum = fused(delta[o], weight[o], sum);
            sums[i] = sum;
        }
    }
};

}  // namespace clearprop::CLEARPROP_ISA
