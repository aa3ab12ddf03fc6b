// A row's way through a network alone whose layers fill a vector each at most, and back: from register to register, as
// what is written and read again at once takes longer than a product.
#pragma once

#include "tiny_pass.hpp"

namespace clearprop::CLEARPROP_ISA {

template <class V>
class Abreast {
    using T = Scalar<V>;
    using U = Group<V>;

  public:
    Abreast(const TinyPass<V>& pass, const Samples<T>& samples) : pass_(pass), samples_(samples) {}

    // Whether rows can go this way: no output asks for the others.
    static bool suits(const TinyPass<V>& pass) {
        if (ABREAST<V> == 1 || ABREAST<V> > MOST) return false;
        for (Index n = 0; n < pass.network.depth; ++n) {
            const TinyLevel<V>& level = pass.levels[n];
            if (level.width > 1 || level.normalises || level.layer.dropout > 0) return false;
        }
        return pass.network.loss != Loss::cross_entropy && pass.network.loss != Loss::smoothed_cross_entropy;
    }

    // Forward, and the loss of a row of the table; its derivatives by the last layer to `delta`.
    RowLoss<V> lose(Index table_row, V divisor, U& delta) const {
        const Network& network = pass_.network;
        pass_.levels[0].inputs = samples_.X + table_row * network.layers[0].inputs;
        U values{};
        for (Index n = 0; n < network.depth; ++n) values = forward(pass_.levels[n], n == 0, values);

        const Index outputs = pass_.levels[network.depth - 1].layer.units;
        const T* const y = samples_.Y + table_row * outputs;
        const U targets = of_lanes([&](Index o) { return y[o < outputs ? o : 0]; });
        const V weight = samples_.weights ? samples_.weights[table_row] : V(1);
        const U shares = CLEARPROP_ISA::lose<U>(
            network, 1, [=](Index) { return values; }, [=](Index) { return targets; },
            ScaledCells<U>{&delta, spread(weight / divisor)});
        V loss{};
        each_of_group<V>(outputs, [&]<int O>() { loss += shares[O]; });
        return {loss, weight};
    }

    // Calls use(level, first, count, add) for a level's weights and for its bias, groups of parameters from the first of
    // them on, where add(group, sum) adds a gradient to a sum. They may change in it, as they are no longer asked for.
    template <class Use>
    void backward(U delta, const Use& use) const {
        for (Index n = pass_.network.depth - 1; n >= 0; --n) {
            const TinyLevel<V>& level = pass_.levels[n];
            const Layer& layer = level.layer;
            if (level.rectifies) delta = select(groups_of(level.values)[0] > 0, delta, U{});
            else if (level.scales) delta *= groups_of(level.slopes)[0];
            const U below = n > 0 ? handed_down(level, delta) : U{};
            const V* const inputs = level.inputs;
            use(level, 0, layer.inputs, [=](Index i, U sum) { return fused(spread(inputs[i]), delta, sum); });
            if (level.trains_bias)
                use(level, layer.inputs, 1, [=, &layer](Index, U sum) {
                    if (layer.bias == Bias::unit) return sum + delta;
                    each_of_group<V>(layer.units, [&]<int O>() { sum += repeated<O>(delta); });
                    return sum;
                });
            delta = below;
        }
    }

  private:
    static constexpr Index MOST = 8;  // numbers of a vector, beyond which too many would be collected one by one

    // `below` are the outputs of the level below, unless this is the first, whose inputs stand in the table.
    static U forward(const TinyLevel<V>& level, bool first, U below) {
        U sum = level.bias[0];
        if (first)
            for (Index i = 0; i < level.layer.inputs; ++i) sum = fused(spread(level.inputs[i]), level.weights[i], sum);
        else
            each_of_group<V>(level.layer.inputs,
                             [&]<int I>() { sum = fused(repeated<I>(below), level.weights[I], sum); });
        Point<U> point{sum, sum};
        if (level.rectifies) point.value = select(sum > 0, sum, U{});
        else if (!level.joint) point = activate_at<U>(level.layer.activation, T(level.layer.activation_number), sum);
        groups_of(level.values)[0] = point.value;
        groups_of(level.slopes)[0] = point.slope;
        return point.value;
    }

    // ∂E by the inputs of a level, the outputs of another of one group.
    static U handed_down(const TinyLevel<V>& level, U delta) {
        const V* const cells = cells_of<V>(level.weights);
        const Index inputs = level.layer.inputs;
        U sum{};
        each_of_group<V>(level.layer.units, [&]<int O>() {
            const U column = of_lanes([&](Index i) { return cells[(i < inputs ? i : 0) * ABREAST<V> + O]; });
            sum = fused(repeated<O>(delta), column, sum);
        });
        return sum;
    }

    // A group of f(lane).
    template <class F>
    static U of_lanes(F f) {
        return [&]<int... L>(std::integer_sequence<int, L...>) {
            return U{f(L)...};
        }(std::make_integer_sequence<int, int(ABREAST<V>)>{});
    }

    const TinyPass<V>& pass_;
    const Samples<T>& samples_;
};

}  // namespace clearprop::CLEARPROP_ISA
