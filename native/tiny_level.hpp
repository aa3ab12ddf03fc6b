// A layer of a network of a few units, and what one row does in it. V is a scalar, or has a network in each lane. Each
// number comes from the same operations in the same order as in the panels, and so has the same bits.
//
// Units go side by side in vectors, their Groups: as many of a network alone as a vector has lanes, or one of each of
// the networks in its lanes. Lanes of a group that has no more units repeat its first, so that nothing strange happens
// in them.
#pragma once

#include <utility>

#include "activate.hpp"

namespace clearprop::CLEARPROP_ISA {

// A row of numbers of each network, as the functions of rows want it.
template <class V>
struct Cells {
    V* base;

    V operator()(Index i) const { return base[i]; }
    void put(Index i, V x) const { base[i] = x; }
};

template <class V>
using Group = Vector<Scalar<V>>;

template <class V>
inline constexpr Index ABREAST = COUNT<Group<V>> / COUNT<V>;  // the units of a group

// In groups.
template <class V>
constexpr Index width_of(Index units) {
    return (units + ABREAST<V> - 1) / ABREAST<V>;
}

// The groups that numbers of units fill, and the other way round.
template <class V>
Group<V>* groups_of(V* cells) {
    return reinterpret_cast<Group<V>*>(cells);
}
template <class V>
V* cells_of(Group<V>* groups) {
    return reinterpret_cast<V*>(groups);
}
template <class V>
const V* cells_of(const Group<V>* groups) {
    return reinterpret_cast<const V*>(groups);
}

// A number of each network, for all units of a group.
template <class V>
Group<V> spread(V x) {
    return in_lanes<Group<V>>(x);
}

// The group of the cells of units from the first on. Lane by lane: what has just been written number by number, a
// processor does not soon read as a vector.
template <class V>
Group<V> grouped(const V* cells, Index first, Index units) {
    if constexpr (ABREAST<V> == 1) return cells[first];
    else return [&]<int... L>(std::integer_sequence<int, L...>) {
        const Group<V> lane{V(L)...}, group{cells[first + L]...};
        return select(lane < splat<Group<V>>(V(units - first)), group, splat<Group<V>>(cells[first]));
    }(std::make_integer_sequence<int, int(ABREAST<V>)>{});
}

// A few of what is counted, whose sums stay in registers.
template <int COUNT>
struct Few {};

// Calls f(Few<COUNT>{}, first) for a few at a time, in their order.
template <class F>
void each_few(Index count, F f) {
    Index first = 0;
    for (; count - first >= 4; first += 4) f(Few<4>{}, first);
    if (count & 2) {
        f(Few<2>{}, first);
        first += 2;
    }
    if (count & 1) f(Few<1>{}, first);
}

// Groups of parameters side by side that are updated alike: the weights of a level, or the biases.
struct Stretch {
    Index first, count;
    double factor;  // of the learning rate
    bool decays;
};

template <class V>
struct TinyLevel {
    using T = Scalar<V>;
    using U = Group<V>;

    Layer layer;
    Index width;          // the groups of the units
    Index weight_groups;  // before those of the biases, one for each of the units, which are 0 where there are none
    bool trains_bias;
    Stretch of_weights, of_bias;
    bool joint, rectifies, normalises, scales;  // which way from net inputs to outputs and back
    U *weights, *bias, *weight_gradients, *bias_gradients;
    const V* inputs;
    V *values, *slopes, *deltas, *mask;  // of one row; those of units fill groups

    void forward() const {
        each_few(width, [&]<int COUNT>(Few<COUNT>, Index g) { forward_few<COUNT>(g); });
        if (ABREAST<V> == 1 && !joint && !rectifies) activate(groups_of(values), 0, width);
        if (!normalises) return;
        softmax<V>(layer.units, Cells<V>{values});
        for (Index o = 0; o < layer.units; ++o) slopes[o] = values[o];
    }

    // The factor of a dropped output in `mask` is 0, that of others makes up for it.
    void drop() const {
        for (Index g = 0; g < width; ++g) {
            const U factor = grouped(mask, g * ABREAST<V>, layer.units);
            groups_of(values)[g] *= factor;
            if (!normalises) groups_of(slopes)[g] *= factor;
        }
    }

    // ∂E/∂A of a row, or ∂E/∂Z where the loss is joint, becomes ∂E/∂Z. The gradients of the first row of a batch are
    // set, those of others added.
    void backward(bool first_row) const {
        if (normalises) {
            for (Index o = 0; o < layer.units && layer.dropout > 0; ++o) deltas[o] *= mask[o];
            softmax_back<V>(layer.units, Cells<V>{deltas}, Cells<V>{slopes});
        }
        each_few(width, [&]<int COUNT>(Few<COUNT>, Index g) { backward_few<COUNT>(g, first_row); });
        if (!trains_bias || layer.bias == Bias::unit) return;
        V sum = first_row ? V{} : cells_of<V>(bias_gradients)[0];
        for (Index o = 0; o < layer.units; ++o) sum += deltas[o];
        for (Index g = 0; g < width; ++g) bias_gradients[g] = spread(sum);
    }

    // ∂E by this layer's inputs.
    void hand_down(V* sums) const {
        each_few(layer.units, [&]<int COUNT>(Few<COUNT>, Index o) { hand_down_from<COUNT>(o, sums); });
    }

  private:
    // Flat, like all that a step calls for: for so few units, a call takes as long as what it does. A network alone
    // goes on to its outputs in registers, as what is written and read again at once takes longer than a sum; of many
    // side by side the numbers of one do not wait for another's, and all groups share what an activation makes ready.
    template <int COUNT>
    [[gnu::flatten]] void forward_few(Index first) const {
        U sum[COUNT];
        for (int g = 0; g < COUNT; ++g) sum[g] = bias[first + g];
        const U* weight = weights + first;
        for (Index i = 0; i < layer.inputs; ++i, weight += width)
            for (int g = 0; g < COUNT; ++g) sum[g] = fused(spread(inputs[i]), weight[g], sum[g]);
        if (ABREAST<V> > 1 && !joint && !rectifies) return activate(sum, first, COUNT);
        U* const value = groups_of(values) + first;
        for (int g = 0; g < COUNT; ++g) value[g] = rectifies ? select(sum[g] > 0, sum[g], U{}) : sum[g];
    }

    [[gnu::flatten]] void activate(const U* sums, Index first, Index count) const {
        U *const value = groups_of(values) + first, *const slope = groups_of(slopes) + first;
        with_activation<U>(layer.activation, T(layer.activation_number), [=](auto f) {
#pragma GCC unroll 1
            for (Index g = 0; g < count; ++g) {
                const Point<U> point = f(sums[g]);
                value[g] = point.value;
                slope[g] = point.slope;
            }
        });
    }

    template <int COUNT>
    void backward_few(Index first, bool first_row) const {
        const auto sum = [first_row](U gradient) { return first_row ? U{} : gradient; };
        U delta[COUNT];
        for (int g = 0; g < COUNT; ++g) {
            delta[g] = grouped(deltas, (first + g) * ABREAST<V>, layer.units);
            if (rectifies) delta[g] = select(groups_of(values)[first + g] > 0, delta[g], U{});
            else if (scales) delta[g] *= groups_of(slopes)[first + g];
            groups_of(deltas)[first + g] = delta[g];
        }
        U* gradient = weight_gradients + first;
        for (Index i = 0; i < layer.inputs; ++i, gradient += width)
            for (int g = 0; g < COUNT; ++g) gradient[g] = fused(spread(inputs[i]), delta[g], sum(gradient[g]));
        U* own = bias_gradients + first;
        for (int g = 0; g < COUNT && trains_bias && layer.bias == Bias::unit; ++g) own[g] = sum(own[g]) + delta[g];
    }

    template <int COUNT>
    void hand_down_from(Index first_unit, V* sums) const {
        V delta[COUNT];
        for (int o = 0; o < COUNT; ++o) delta[o] = deltas[first_unit + o];
        const V* weight = cells_of<V>(weights) + first_unit;
        for (Index i = 0; i < layer.inputs; ++i, weight += width * ABREAST<V>) {
            V sum = first_unit > 0 ? sums[i] : V{};
            for (int o = 0; o < COUNT; ++o) sum = fused(delta[o], weight[o], sum);
            sums[i] = sum;
        }
    }
};

}  // namespace clearprop::CLEARPROP_ISA
