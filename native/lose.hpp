// Losses of one row: the value and the way back from one residual, as in clearprop/network/losses.py.
#pragma once

#include "activate.hpp"

namespace clearprop::CLEARPROP_ISA {

// The targets of one row: numbers, or the index of the class that is right.
template <class T>
struct Target {
    const T* numbers;
    Index index;

    T operator[](Index output) const { return numbers ? numbers[output] : T(output == index); }
};

// Calls pair(value, target) for each output; it returns the share of the loss (value) and its derivative (slope).
template <class T, class Pair>
double each_share(const T* values, Target<T> target, Index outputs, T* gradient, Pair pair) {
    double sum = 0;
    for (Index i = 0; i < outputs; ++i) {
        const Point<T> point = pair(values[i], target[i]);
        sum += double(point.value);
        gradient[i] = point.slope;
    }
    return sum;
}

template <class T>
double cross_entropy(const T* z, Target<T> target, Index outputs, T* gradient) {
    Index top = 0;
    for (Index i = 1; i < outputs; ++i) top = z[i] > z[top] ? i : top;
    const T largest = z[top];
    T others = 0, targets = 0;
    for (Index i = 0; i < outputs; ++i) {
        gradient[i] = std::exp(z[i] - largest);
        if (i != top) others += gradient[i];
    }
    // log(1 + the others), not log of the sum: the loss of a sure answer keeps its digits.
    const T sum = 1 + others, log_sum = std::log1p(others);
    double loss = 0;
    for (Index i = 0; i < outputs; ++i) {
        loss += double(target[i] * (log_sum - (z[i] - largest)));
        targets += target[i];
    }
    for (Index i = 0; i < outputs; ++i) gradient[i] = gradient[i] / sum * targets - target[i];
    return loss;
}

// The loss of one row, and its derivative: by the net inputs z where the network's loss is joint, else by the
// outputs a; `values` are those.
template <class T>
double lose(const Network& network, const T* values, Target<T> target, Index outputs, T* gradient) {
    const T number = T(network.loss_number), count = T(outputs);
    switch (network.loss) {
        case Loss::half_squared_error:
            return each_share(values, target, outputs, gradient, [](T a, T y) {
                const T r = a - y;
                return Point<T>{T(0.5) * r * r, r};
            });
        case Loss::mean_squared_error:
            return each_share(values, target, outputs, gradient, [count](T a, T y) {
                const T r = a - y;
                return Point<T>{r * r / count, 2 * r / count};
            });
        case Loss::absolute:
            return each_share(values, target, outputs, gradient, [](T a, T y) {
                const T r = a - y;
                return Point<T>{std::fabs(r), T(r > 0) - T(r < 0)};
            });
        case Loss::huber:
            return each_share(values, target, outputs, gradient, [number](T a, T y) {
                const T r = a - y, size = std::fabs(r);
                if (size <= number) return Point<T>{T(0.5) * r * r, r};
                return Point<T>{number * size - T(0.5) * number * number, r > 0 ? number : -number};
            });
        case Loss::quantile:
            return each_share(values, target, outputs, gradient, [number](T a, T y) {
                const T r = a - y, slope = r > 0 ? 1 - number : r < 0 ? -number : 0;
                return Point<T>{slope * r, slope};
            });
        case Loss::poisson:
            if (network.joint)
                return each_share(values, target, outputs, gradient, [](T z, T y) {
                    const T a = std::exp(z);
                    return Point<T>{a - y * z, a - y};
                });
            return each_share(values, target, outputs, gradient, [](T a, T y) {
                return y == 0 ? Point<T>{a, 1} : Point<T>{a - y * std::log(a), 1 - y / a};
            });
        case Loss::binary_cross_entropy:
            return each_share(values, target, outputs, gradient, [](T z, T y) {
                return Point<T>{y * softplus_of(-z) + (1 - y) * softplus_of(z), sigmoid_at(z).value - y};
            });
        case Loss::cross_entropy: return cross_entropy(values, target, outputs, gradient);
        case Loss::perceptron:
            return each_share(values, target, outputs, gradient, [](T z, T y) {
                const T r = T(z >= 0) - y;
                return Point<T>{r * z, r};
            });
    }
    return 0;
}

}  // namespace clearprop::CLEARPROP_ISA
