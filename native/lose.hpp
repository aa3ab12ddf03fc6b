// Losses: the value and the way back from one residual, as in clearprop/network/losses.py. Lanes are rows or networks.
#pragma once

#include "activate.hpp"

namespace clearprop::CLEARPROP_ISA {

// The sum of the shares of the outputs; pair(value, target) gives a share (value) and its derivative (slope).
template <class V, class Values, class Targets, class Gradient, class Pair>
V each_share(Index outputs, const Values& values, const Targets& targets, const Gradient& gradient, Pair pair) {
    V sum{};
    for (Index o = 0; o < outputs; ++o) {
        const Point<V> point = pair(values(o), targets(o));
        sum += point.value;
        gradient.put(o, point.slope);
    }
    return sum;
}

template <class V, class Values, class Targets, class Gradient>
V cross_entropy(Index outputs, const Values& values, const Targets& targets, const Gradient& gradient) {
    V largest = values(0), top{};
    for (Index o = 1; o < outputs; ++o) {
        const V z = values(o);
        top = select(z > largest, splat<V>(Scalar<V>(o)), top);
        largest = select(z > largest, z, largest);
    }
    V others{}, target_sum{}, distance{};
    for (Index o = 0; o < outputs; ++o) {
        const V shifted = values(o) - largest, target = targets(o), grown = exp_of(shifted);
        gradient.keep(o, grown);
        others += select(top == splat<V>(Scalar<V>(o)), V{}, grown);
        target_sum += target;
        distance = fused(-target, shifted, distance);
    }
    // log(1 + the others), not log of the sum: the loss of a sure answer keeps its digits.
    const V share = target_sum / (1 + others);
    for (Index o = 0; o < outputs; ++o) gradient.put(o, fused(gradient.kept(o), share, -targets(o)));
    return fused(log1p_of(others), target_sum, distance);
}

template <class V>
Point<V> binary_cross_entropy(V z, V y) {
    // -y log a - (1 - y) log(1 - a) with log a = -softplus(-z) and log(1 - a) = -softplus(z): nothing cancels, nor
    // does it in (1 - y) σ(z) - y σ(-z), which is σ(z) - y.
    const Logistic<V> of(z);
    const V near = log1p_of(of.shrunk), rest = 1 - y;
    const V up = select(z > 0, of.large, of.small), down = select(z > 0, of.small, of.large);
    return {y * (larger(-z, 0) + near) + rest * (larger(z, 0) + near), rest * up - y * down};
}

template <class V>
V sign_of(V r) {
    return select(r > 0, splat<V>(1), select(r < 0, splat<V>(-1), V{}));
}

// The loss, and its derivative to `gradient`: by the net inputs z where the network's loss is joint, else by the
// outputs a; `values` are those. values(o) and targets(o) give a V for output o; gradient.put(o, v) takes the
// derivative, gradient.keep(o, v) something that gradient.kept(o) gives back until then. But for cross-entropies, a V may
// also hold all outputs of a row side by side: then `outputs` is 1, and what comes back are their shares of the loss.
// `loss` is the network's; it stands apart so that where the compiler knows it, its branch alone is left.
template <class V, class Values, class Targets, class Gradient>
[[gnu::always_inline]] inline V lose(Loss loss, const Network& network, Index outputs, const Values& values,
                                     const Targets& targets, const Gradient& gradient) {
    using T = Scalar<V>;
    const T number = T(network.loss_number), half = T(0.5);
    const T count = T(network.layers[network.depth - 1].units);
    const auto each = [&](auto pair) { return each_share<V>(outputs, values, targets, gradient, pair); };
    switch (loss) {
        case Loss::half_squared_error:
            return each([=](V a, V y) {
                const V r = a - y;
                return Point<V>{half * r * r, r};
            });
        case Loss::mean_squared_error:
            return each([=](V a, V y) {
                const V r = a - y;
                return Point<V>{r * r / count, 2 * r / count};
            });
        case Loss::absolute:
            return each([](V a, V y) {
                const V r = a - y;
                return Point<V>{abs_of(r), sign_of(r)};
            });
        case Loss::huber:
            return each([=](V a, V y) {
                const V r = a - y, size = abs_of(r), clipped = number * sign_of(r);
                const auto near = size <= number;
                return Point<V>{select(near, half * r * r, number * (size - half * number)), select(near, r, clipped)};
            });
        case Loss::quantile:
            return each([=](V a, V y) {
                const V r = a - y;
                const V slope = select(r > 0, splat<V>(1 - number), select(r < 0, splat<V>(-number), V{}));
                return Point<V>{slope * r, slope};
            });
        case Loss::poisson:
            if (network.joint)
                return each([](V z, V y) {
                    const V a = exp_of(z);
                    return Point<V>{fused(-y, z, a), a - y};
                });
            return each([](V a, V y) {
                // A target of 0 asks for no logarithm, which an output that has underflowed to 0 would not have.
                const V asked = select(y == 0, splat<V>(1), a);
                return Point<V>{fused(-y, log_of(asked), a), 1 - y / asked};
            });
        case Loss::binary_cross_entropy: return each([](V z, V y) { return binary_cross_entropy(z, y); });
        case Loss::cross_entropy:
        case Loss::smoothed_cross_entropy: {
            const bool smoothed = loss == Loss::smoothed_cross_entropy;
            const T known = smoothed ? 1 - number : T(1), spread = smoothed ? number / count : T(0);
            return cross_entropy<V>(outputs, values, [&](Index o) { return known * targets(o) + spread; }, gradient);
        }
        case Loss::perceptron:
            return each([](V z, V y) {
                const V r = step_at(z).value - y;
                return Point<V>{r * z, r};
            });
    }
    return V{};
}

// The targets of the rows of lanes: numbers, or the index of the class that is right.
template <class V>
struct TargetColumn {
    const Scalar<V>* numbers[COUNT<V>];
    V index;
    bool classes;

    V operator()(Index o) const {
        if (classes) return select(index == splat<V>(Scalar<V>(o)), splat<V>(1), V{});
        return gathered<V>(COUNT<V>, [&](Index l) { return numbers[l][o]; });
    }
};

// So many outputs are turned once, and what is kept of them stays in registers or the nearest cache.
inline constexpr Index FEW_OUTPUTS = 16;

// A column of values; `turned` has those of all outputs where these are few.
template <class V, class Place>
struct ValueColumn {
    Column<V, Place> column;
    const V* turned;

    V operator()(Index o) const { return turned ? turned[o] : column(o); }
};

// A column of deltas: a gradient is scaled by each row's share of the batch's loss. What is to be kept until then stands
// in `room` where there is any.
template <class V, class Place>
struct GradientColumn {
    Column<V, Place> column;
    V scale;
    V* room;

    void keep(Index o, V x) const {
        if (room) room[o] = x;
        else column.put(o, x);
    }
    V kept(Index o) const { return room ? room[o] : column(o); }
    void put(Index o, V x) const { column.put(o, x * scale); }
};

// wᵢEᵢ of `count` rows from `first` on to `losses`, and wᵢ/divisor · ∂Eᵢ to `deltas`; table_row(r) is the number of
// row r among the samples. False where a loss is not finite.
template <class T, class Place, class ConstPlace, class TableRow>
bool lose_blocks(const Network& network, Index outputs, ConstPlace values, Place deltas, const Samples<T>& samples,
                 TableRow table_row, T divisor, double* losses, Index first, Index count) {
    bool finite = true;
    each_block<T>(first, count, [&]<class V>(Index r, Index rows, V) {
        TargetColumn<V> targets{{}, {}, samples.classes != nullptr};
        if (samples.classes)
            targets.index = gathered<V>(rows, [&](Index l) { return T(samples.classes[table_row(r + l)]); });
        else
            for (Index l = 0; l < COUNT<V>; ++l)
                targets.numbers[l] = samples.Y + table_row(r + (l < rows ? l : 0)) * outputs;
        const V weight = samples.weights
                             ? gathered<V>(rows, [&](Index l) { return samples.weights[table_row(r + l)]; })
                             : splat<V>(1);
        V turned[FEW_OUTPUTS], room[FEW_OUTPUTS];
        const bool few = outputs <= FEW_OUTPUTS;
        const Column<V, ConstPlace> column{values, r, rows};
        for (Index o = 0; few && o < outputs; ++o) turned[o] = column(o);
        const V loss = lose<V>(network.loss, network, outputs, ValueColumn<V, ConstPlace>{column, few ? turned : nullptr}, targets,
                               GradientColumn<V, Place>{{deltas, r, rows}, weight / divisor, few ? room : nullptr});
        T shares[COUNT<V>], weights[COUNT<V>];
        store(shares, loss);
        store(weights, weight);
        for (Index l = 0; l < rows; ++l) {
            losses[r + l] = double(weights[l]) * double(shares[l]);
            finite = finite && __builtin_isfinite(losses[r + l]);
        }
    });
    return finite;
}

}  // namespace clearprop::CLEARPROP_ISA
