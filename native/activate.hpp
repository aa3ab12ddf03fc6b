// Activations of rows: from net inputs to outputs a = f(z), and slopes f′(z) where they will be needed.
// The formulas, and why they are written so, are those of clearprop/network/activations.py.
#pragma once

#include <cmath>

#include "plan.hpp"

namespace clearprop::CLEARPROP_ISA {

template <class T>
struct Point {
    T value, slope;
};

template <class T>
Point<T> sigmoid_at(T z) {
    const T shrunk = std::exp(z > 0 ? -z : z);
    const T large = 1 / (1 + shrunk), small = shrunk * large;
    return {z > 0 ? large : small, large * small};
}

template <class T>
Point<T> tanh_at(T z) {
    const T size = std::fabs(z);
    if (size < 1) {
        const T u = std::expm1(-2 * size), t = -u / (2 + u);
        return {z < 0 ? -t : t, 4 * (1 + u) / ((2 + u) * (2 + u))};
    }
    const T e = std::exp(-2 * size), t = (1 - e) / (1 + e);
    return {z < 0 ? -t : t, 4 * e / ((1 + e) * (1 + e))};
}

template <class T>
Point<T> elu_at(T z, T alpha) {
    if (z > 0) return {z, 1};
    if (z > T(-1)) {
        const T u = std::expm1(z);
        return {alpha * u, alpha * (u + 1)};
    }
    const T e = std::exp(z);
    return {alpha * (e - 1), alpha * e};
}

template <class T>
Point<T> gelu_at(T z) {
    const T cdf = T(0.5) * std::erfc(-z * T(0.70710678118654752440));
    const T density = std::exp(T(-0.5) * z * z) * T(0.39894228040143267794);
    return {z * cdf, cdf + z * density};
}

template <class T>
Point<T> silu_at(T z) {
    const T shrunk = std::exp(z > 0 ? -z : z);
    const T large = 1 / (1 + shrunk), small = shrunk * large;
    const T up = z > 0 ? large : small, down = z > 0 ? small : large;  // σ(z) and σ(-z)
    return {z * up, up * (1 + z * down)};
}

template <class T>
Point<T> mish_at(T z) {
    const T u = std::exp(z > 0 ? -z : z);
    const T numerator = z > 0 ? 1 + 2 * u : u * (u + 2);
    const T denominator = z > 0 ? numerator + 2 * u * u : numerator + 2;
    const T t = numerator / denominator;
    const T rest = (z > 0 ? 2 * u * (1 + u) : 2 * (1 + u)) / denominator;  // its square is 1 - t²
    return {z * t, t + z * rest * rest * sigmoid_at(z).value};
}

template <class T>
T softplus_of(T z) {
    return (z > 0 ? z : 0) + std::log1p(std::exp(z > 0 ? -z : z));
}

// Calls f(z) for each number; slopes may be null.
template <class T, class F>
void each(T* values, T* slopes, Index count, F f) {
    if (slopes) {
        for (Index i = 0; i < count; ++i) {
            const Point<T> point = f(values[i]);
            values[i] = point.value;
            slopes[i] = point.slope;
        }
    } else {
        for (Index i = 0; i < count; ++i) values[i] = f(values[i]).value;
    }
}

template <class T>
void softmax_row(T* row, Index units) {
    T largest = row[0], sum = 0;
    for (Index i = 1; i < units; ++i) largest = row[i] > largest ? row[i] : largest;
    for (Index i = 0; i < units; ++i) sum += row[i] = std::exp(row[i] - largest);
    for (Index i = 0; i < units; ++i) row[i] /= sum;
}

// Net inputs become outputs in place.
template <class T>
void activate(const Layer& layer, T* values, T* slopes, Index count) {
    const T number = T(layer.activation_number);
    switch (layer.activation) {
        case Activation::identity: return each(values, slopes, count, [](T z) { return Point<T>{z, 1}; });
        case Activation::step: return each(values, slopes, count, [](T z) { return Point<T>{T(z >= 0), 0}; });
        case Activation::sigmoid: return each(values, slopes, count, [](T z) { return sigmoid_at(z); });
        case Activation::tanh: return each(values, slopes, count, [](T z) { return tanh_at(z); });
        case Activation::relu:
            return each(values, slopes, count, [](T z) { return Point<T>{z > 0 ? z : 0, T(z > 0)}; });
        case Activation::leaky_relu:
            return each(values, slopes, count, [number](T z) {
                return z > 0 ? Point<T>{z, 1} : Point<T>{number * z, number};
            });
        case Activation::elu: return each(values, slopes, count, [number](T z) { return elu_at(z, number); });
        case Activation::selu:
            return each(values, slopes, count, [](T z) {
                const T scale = T(1.0507009873554805);
                const Point<T> point = elu_at(z, T(1.6732632423543772));
                return Point<T>{scale * point.value, scale * point.slope};
            });
        case Activation::gelu: return each(values, slopes, count, [](T z) { return gelu_at(z); });
        case Activation::silu: return each(values, slopes, count, [](T z) { return silu_at(z); });
        case Activation::mish: return each(values, slopes, count, [](T z) { return mish_at(z); });
        case Activation::softplus:
            return each(values, slopes, count, [](T z) { return Point<T>{softplus_of(z), sigmoid_at(z).value}; });
        case Activation::exp:
            return each(values, slopes, count, [](T z) {
                const T e = std::exp(z);
                return Point<T>{e, e};
            });
        case Activation::softmax: return;
    }
}

}  // namespace clearprop::CLEARPROP_ISA
