// Activations: outputs a = f(z) and slopes f′(z), of a scalar or of each lane. The formulas, and why they are written
// so, are those of clearprop/network/activations.py.
#pragma once

#include "rows.hpp"

namespace clearprop::CLEARPROP_ISA {

template <class V>
struct Point {
    V value, slope;
};

template <class V>
Point<V> step_at(V z) {
    return {select(z >= 0, splat<V>(1), V{}), V{}};
}

// What the logistic functions share: e to the smaller of z and -z, and σ of the larger and the smaller.
template <class V>
struct Logistic {
    explicit Logistic(V z)
        : near(larger(z, Constants<Scalar<V>>::EXP_LOWEST)), power(falling_power(-abs_of(z))),
          shrunk(power.small_value()), large(1 / (1 + shrunk)), small(shrunk * large) {}

    // factor · min(1, eᶻ), right where eᶻ is subnormal and the product is not.
    V tail(V z, V factor) const { return select(z > 0, factor, power.times(factor)); }

    V near;  // z, or from where on eᶻ times it is 0
    Power<V> power;
    V shrunk, large, small;
};

template <class V>
Point<V> sigmoid_at(V z) {
    const Logistic<V> of(z);
    return {select(z > 0, of.large, of.small), of.large * of.small};
}

template <class V>
Point<V> tanh_at(V z) {
    const Power<V> power = falling_power(-2 * abs_of(z));
    const V shrunk = power.small_value(), inverse = 1 / (1 + shrunk);
    return {with_sign(power.less_one() * inverse, z), 4 * shrunk * inverse * inverse};
}

template <class V>
Point<V> rectified_at(V z, Scalar<V> below) {
    return {select(z > 0, z, below * z), select(z > 0, splat<V>(1), splat<V>(below))};
}

template <class V>
Point<V> relu_at(V z) {
    return {select(z > 0, z, V{}), select(z > 0, splat<V>(1), V{})};
}

template <class V>
Point<V> elu_at(V z, Scalar<V> alpha) {
    const Power<V> power = falling_power(smaller(z, 0));
    return {select(z > 0, z, alpha * power.less_one()), select(z > 0, splat<V>(1), power.times(splat<V>(alpha)))};
}

// The fixed point of mean 0 and variance 1.
template <class V>
Point<V> selu_at(V z) {
    const Scalar<V> scale = Scalar<V>(1.0507009873554805);
    const Point<V> point = elu_at(z, Scalar<V>(1.6732632423543772));
    return {scale * point.value, scale * point.slope};
}

// z·Φ(z), with Φ(-|z|) = ½ erfc(|z|/√2) = `half` · exp(-z²/2), and f′(z) = 1 - f′(-z).
template <class V>
Point<V> gelu_at(V z) {
    using C = Constants<Scalar<V>>;
    const V size = smaller(abs_of(z), Scalar<V>(1.4f) * C::ERFC_HIGHEST);
    const V half = Scalar<V>(0.5) * erfc_scaled_of(size * C::HALF_ROOT);
    const Power<V> power = gaussian_power(size, Scalar<V>(-0.5));
    const V tail = power.times(select(z < 0, -size * half, half));
    const V slope = power.times(fused_with(size, Scalar<V>(-0.39894228040143267794), half));
    return {select(z < 0, tail, z * (1 - tail)), select(z < 0, slope, 1 - slope)};
}

template <class V>
Point<V> silu_at(V z) {
    const Logistic<V> of(z);
    const V other = select(z > 0, of.small, of.large);  // σ(-z)
    return {of.tail(z, of.near * of.large), of.tail(z, fused(of.near, other, splat<V>(1)) * of.large)};
}

// t = tanh(log(1 + eᶻ)) without its factor min(1, eᶻ); the square of `rest` is 1 - t².
template <class V>
Point<V> mish_at(V z) {
    const Logistic<V> of(z);
    const V u = of.shrunk;
    const V numerator = select(z > 0, fused_with(u, 2, Scalar<V>(1)), u + 2);
    const V inverse = 1 / select(z > 0, fused(2 * u, u, numerator), fused(u, numerator, splat<V>(2)));
    const V t = numerator * inverse, rest = 2 * (1 + u) * inverse * select(z > 0, u, splat<V>(1));
    return {of.tail(z, of.near * t), of.tail(z, fused(of.near * rest, rest * of.large, t))};
}

template <class V>
Point<V> softplus_at(V z) {
    const Logistic<V> of(z);
    return {larger(z, 0) + log1p_of(of.shrunk), select(z > 0, of.large, of.small)};
}

template <class V>
Point<V> exp_at(V z) {
    const V e = exp_of(z);
    return {e, e};
}

// Calls use(f) with the activation as a function of V. Softmax is none of single numbers: its net inputs pass.
template <class V, class Use>
[[gnu::always_inline]] inline auto with_activation(Activation activation, Scalar<V> number, Use use) {
    switch (activation) {
        case Activation::step: return use([](V z) { return step_at(z); });
        case Activation::sigmoid: return use([](V z) { return sigmoid_at(z); });
        case Activation::tanh: return use([](V z) { return tanh_at(z); });
        case Activation::relu: return use([](V z) { return relu_at(z); });
        case Activation::leaky_relu: return use([number](V z) { return rectified_at(z, number); });
        case Activation::elu: return use([number](V z) { return elu_at(z, number); });
        case Activation::selu: return use([](V z) { return selu_at(z); });
        case Activation::gelu: return use([](V z) { return gelu_at(z); });
        case Activation::silu: return use([](V z) { return silu_at(z); });
        case Activation::mish: return use([](V z) { return mish_at(z); });
        case Activation::softplus: return use([](V z) { return softplus_at(z); });
        case Activation::exp: return use([](V z) { return exp_at(z); });
        case Activation::identity:
        case Activation::softmax: break;
    }
    return use([](V z) { return Point<V>{z, splat<V>(1)}; });
}

template <class V>
[[gnu::always_inline]] inline Point<V> activate_at(Activation activation, Scalar<V> number, V z) {
    return with_activation<V>(activation, number, [z](auto f) { return f(z); });
}

// Net inputs become outputs in place: `count` numbers, whole vectors; slopes may be null.
template <class T>
void activate(const Layer& layer, T* values, T* slopes, Index count) {
    using V = Vector<T>;
    with_activation<V>(layer.activation, T(layer.activation_number), [=](auto f) {
        for (Index i = 0; i < count; i += COUNT<V>) {
            const Point<V> point = f(load<V>(values + i));
            store(values + i, point.value);
            if (slopes) store(slopes + i, point.slope);
        }
    });
}

// Softmax over the units of a row, in place; lanes are rows.
template <class V, class Row>
void softmax(Index units, const Row& row) {
    V largest = row(0), sum{};
    for (Index i = 1; i < units; ++i) {
        const V z = row(i);
        largest = select(z > largest, z, largest);
    }
    for (Index i = 0; i < units; ++i) {
        const V grown = exp_of(row(i) - largest);
        row.put(i, grown);
        sum += grown;
    }
    for (Index i = 0; i < units; ++i) row.put(i, row(i) / sum);
}

// ∂E/∂A becomes ∂E/∂Z: a·(g - Σ g·a).
template <class V, class Gradient, class Outputs>
void softmax_back(Index units, const Gradient& gradient, const Outputs& outputs) {
    V mean{};
    for (Index i = 0; i < units; ++i) mean = fused(gradient(i), outputs(i), mean);
    for (Index i = 0; i < units; ++i) gradient.put(i, outputs(i) * (gradient(i) - mean));
}

template <class T, class Place>
void softmax_rows(Index units, Place values, Index first, Index count) {
    each_block<T>(first, count, [&]<class V>(Index r, Index rows, V) {
        softmax<V>(units, Column<V, Place>{values, r, rows});
    });
}

template <class T, class Place, class ConstPlace>
void softmax_rows_back(Index units, Place gradient, ConstPlace outputs, Index first, Index count) {
    each_block<T>(first, count, [&]<class V>(Index r, Index rows, V) {
        softmax_back<V>(units, Column<V, Place>{gradient, r, rows}, Column<V, ConstPlace>{outputs, r, rows});
    });
}

}  // namespace clearprop::CLEARPROP_ISA
