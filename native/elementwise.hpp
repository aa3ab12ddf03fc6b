// Functions of single numbers, for whoever wants to look at them alone: the tests do.
#pragma once

#include "activate.hpp"

namespace clearprop::CLEARPROP_ISA {

template <class V, class F>
inline void each_vector(const Elementwise<Scalar<V>>& run, F f) {
    for (Index i = 0; i < run.count; i += COUNT<V>) {
        const Index left = run.count - i;
        store_some(run.y + i, f(load_some<V>(run.x + i, left)), left);
    }
}

template <class V>
void elementwise_of(const Elementwise<Scalar<V>>& run) {
    switch (run.function) {
        case Function::exp: return each_vector<V>(run, [](V x) { return exp_of(x); });
        case Function::expm1: return each_vector<V>(run, [](V x) { return expm1_of(x); });
        case Function::log: return each_vector<V>(run, [](V x) { return log_of(x); });
        case Function::log1p: return each_vector<V>(run, [](V x) { return log1p_of(x); });
        case Function::tanh: return each_vector<V>(run, [](V x) { return tanh_at(x).value; });
        case Function::erf: return each_vector<V>(run, [](V x) { return erf_of(x); });
        case Function::erfc_scaled: return each_vector<V>(run, [](V x) { return erfc_scaled_of(x); });
        case Function::sine: return each_vector<V>(run, [](V x) { return sine_cosine_of(x).sine; });
        case Function::cosine: return each_vector<V>(run, [](V x) { return sine_cosine_of(x).cosine; });
        case Function::sqrt: return each_vector<V>(run, [](V x) { return sqrt_of(x); });
        case Function::activation:
            return each_vector<V>(run, [&run](V x) {
                const Point<V> point = activate_at(run.activation, run.number, x);
                return run.slope ? point.slope : point.value;
            });
    }
}

template <class T>
void elementwise(const Elementwise<T>& run) {
    if (run.one_by_one) elementwise_of<T>(run);
    else elementwise_of<Vector<T>>(run);
}

}  // namespace clearprop::CLEARPROP_ISA
