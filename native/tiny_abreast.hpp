// A row's way through a network alone whose layers fill a vector each at most, and back: from register to register, as
// what is written and read again at once takes longer than a product.
#pragma once

#include <utility>

#include "tiny_pass.hpp"

namespace clearprop::CLEARPROP_ISA {

// A lane's number in all lanes.
template <int LANE, class U>
U repeated(U x) {
    return [x]<int... I>(std::integer_sequence<int, I...>) {
        return __builtin_shufflevector(x, x, (I * 0 + LANE)...);
    }(std::make_integer_sequence<int, COUNT<U>>{});
}

// Calls f<lane>() for the first `count` lanes of a group.
template <class V, class F>
[[gnu::always_inline]] inline void each_of_group(Index count, F f) {
    [&]<int... L>(std::integer_sequence<int, L...>) {
        static_cast<void>((... && (L < count && (f.template operator()<L>(), true))));
    }(std::make_integer_sequence<int, int(ABREAST<V>)>{});
}

template <class V>
class Abreast {
    using T = Scalar<V>;
    using U = Group<V>;

  public:
    // Whether rows can go this way: no output asks for the others.
    static bool suits(const TinyPass<V>& pass) {
        if (ABREAST<V> > MOST) return false;
        for (Index n = 0; n < pass.network.depth; ++n) {
            const TinyLevel<V>& level = pass.levels[n];
            if (level.width > 1 || level.normalises || level.layer.dropout > 0) return false;
        }
        return pass.network.loss != Loss::cross_entropy && pass.network.loss != Loss::smoothed_cross_entropy;
    }

    Abreast(const TinyPass<V>& pass, const Samples<T>& samples)
        : network_(pass.network), samples_(samples), block_(network_.depth * Index(sizeof(Level))),
          first_(static_cast<Level*>(block_.start)), last_(first_ + network_.depth - 1), lose_(losing(network_.loss)) {
        for (Index n = 0; n < network_.depth; ++n) {
            const TinyLevel<V>& level = pass.levels[n];
            const Activation activation = level.joint ? Activation::identity : level.layer.activation;
            Level& own = first_[n];
            own.layer = level.layer;
            own.number = T(level.layer.activation_number);
            own.activate = activating(activation);
            own.rectifies = level.rectifies;
            own.trains_bias = level.trains_bias;
            own.of_weights = level.of_weights;
            own.of_bias = level.of_bias;
            own.weights = level.weights;
            own.inputs = n > 0 ? cells_of<V>(&first_[n - 1].value) : nullptr;
            for (Index i = 0; i < ABREAST<V>; ++i) own.starts[i] = i < level.layer.inputs ? i * ABREAST<V> : 0;
        }
    }

    // The last layer's outputs of a row of the table, or its net inputs where the loss is joint.
    U forward(Index table_row) {
        Level& first = *first_;
        first.inputs = samples_.X + table_row * network_.inputs;
        U sum = first.bias();
        for (Index i = 0; i < first.layer.inputs; ++i) sum = fused(spread(first.inputs[i]), first.weights[i], sum);
        U values = first.activate(first, sum);
        for (Level* level = first_ + 1; level <= last_; ++level) {
            sum = level->bias();
            each_of_group<V>(level->layer.inputs,
                             [&]<int I>() { sum = fused(repeated<I>(values), level->weights[I], sum); });
            values = level->activate(*level, sum);
        }
        return values;
    }

    // ∂E by what `forward` gave, scaled by the row's share of the batch; `loss` becomes wᵢEᵢ.
    U lose(Index table_row, U values, V divisor, double& loss) const {
        return lose_(*this, table_row, values, divisor, loss);
    }

    // Calls use(stretch, add) for the weights of each layer and for its bias, where add(i, sum) adds the gradient of the
    // i-th of them to a sum. `use` may change them: nothing reads them after it.
    template <class Use>
    void backward(U delta, const Use& use) const {
        for (Index n = network_.depth - 1; n >= 0; --n) {
            const Level& level = first_[n];
            const Layer& layer = level.layer;
            delta = level.rectifies ? select(level.value > 0, delta, U{}) : delta * level.slope;
            U below{};
            if (n > 0) below = level.handed_down(delta);
            use(level.of_weights,
                [=, inputs = level.inputs](Index i, U sum) { return fused(spread(inputs[i]), delta, sum); });
            if (level.trains_bias)
                use(level.of_bias, [=, &layer](Index, U sum) {
                    if (layer.bias == Bias::unit) return sum + delta;
                    each_of_group<V>(layer.units, [&]<int O>() { sum += repeated<O>(delta); });
                    return sum;
                });
            delta = below;
        }
    }

  private:
    static constexpr Index MOST = 8;  // numbers of a vector, beyond which too many would be collected one by one

    struct Level {
        Layer layer;
        T number;  // the activation's
        U (*activate)(Level&, U);  // makes the value and the slope, and gives the value
        bool rectifies, trains_bias;
        Stretch of_weights, of_bias;
        const U* weights;
        const V* inputs;
        Index starts[ABREAST<V>];  // of the weights from each input, in cells; beyond the inputs those of the first
        U value, slope;

        U bias() const { return weights[layer.inputs]; }

        // ∂E by the inputs.
        U handed_down(U delta) const {
            const V* const cells = cells_of<V>(weights);
            U sum{};
            each_of_group<V>(layer.units, [&]<int O>() {
                sum = fused(repeated<O>(delta), of_lanes([&](Index i) { return cells[starts[i] + O]; }), sum);
            });
            return sum;
        }
    };

    // A function for each, as a switch in the middle of a step would take more instructions.
    template <Activation ACTIVATION>
    static U activate(Level& level, U sum) {
        const Point<U> point = activate_at<U>(ACTIVATION, level.number, sum);
        level.value = point.value;
        level.slope = point.slope;
        return point.value;
    }

    static auto activating(Activation activation) {
        return [&]<int... A>(std::integer_sequence<int, A...>) {
            constexpr decltype(Level::activate) all[] = {&activate<Activation(A)>...};
            return all[int(activation)];
        }(std::make_integer_sequence<int, ACTIVATION_COUNT>{});
    }

    template <Loss LOSS>
    static U lose_as(const Abreast& self, Index table_row, U values, V divisor, double& loss) {
        const Samples<T>& samples = self.samples_;
        const Index outputs = self.last_->layer.units;
        const T* const y = samples.Y + table_row * outputs;
        const U targets = of_lanes([&](Index o) { return y[o < outputs ? o : 0]; });
        const V weight = samples.weights ? samples.weights[table_row] : V(1);
        U delta;
        const U shares = CLEARPROP_ISA::lose<U>(
            LOSS, self.network_, 1, [=](Index) { return values; }, [=](Index) { return targets; },
            ScaledCells<U>{&delta, spread(weight / divisor)});
        V sum{};
        each_of_group<V>(outputs, [&]<int O>() { sum += shares[O]; });
        loss = double(weight) * double(sum);
        return delta;
    }

    static auto losing(Loss loss) {
        return [&]<int... L>(std::integer_sequence<int, L...>) {
            constexpr decltype(lose_) all[] = {&lose_as<Loss(L)>...};
            return all[int(loss)];
        }(std::make_integer_sequence<int, LOSS_COUNT>{});
    }

    // A group of f(lane).
    template <class F>
    static U of_lanes(F f) {
        return [&]<int... L>(std::integer_sequence<int, L...>) {
            return U{f(L)...};
        }(std::make_integer_sequence<int, int(ABREAST<V>)>{});
    }

    const Network& network_;
    const Samples<T>& samples_;
    const Block block_;
    Level *const first_, *const last_;
    U (*const lose_)(const Abreast&, Index, U, V, double&);
};

}  // namespace clearprop::CLEARPROP_ISA
