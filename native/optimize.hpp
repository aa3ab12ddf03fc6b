// Optimizers: from a gradient and what is remembered to a new parameter, of a scalar or of each lane. The rules are
// those of clearprop/optimize/optimizers.py.
#pragma once

#include "math.hpp"

namespace clearprop::CLEARPROP_ISA {

// An optimizer's numbers for one update, in the network's float type, or of each lane's network.
template <class Number>
struct Rates {
    Number rate, momentum, beta1, beta2, rest1, rest2, epsilon, corrected1, corrected2, shrunk;
};

template <class T>
Rates<T> rates_of(const Optimizer& optimizer, double rate, double fade, Index step) {
    const auto correction = [step](double beta) { return beta > 0 ? T(1 / (1 - __builtin_pow(beta, double(step + 1)))) : T(1); };
    return {T(rate), T(optimizer.momentum), T(optimizer.beta1), T(optimizer.beta2), T(1 - optimizer.beta1),
            T(1 - optimizer.beta2), T(optimizer.epsilon), correction(optimizer.beta1), correction(optimizer.beta2),
            T(rate * optimizer.weight_decay * fade)};
}

// Whether these numbers are the same for every update of a call.
inline bool is_constant(const Optimizer& optimizer) {
    return optimizer.rate_count == 1 && optimizer.fade_count == 1 && optimizer.rule != Rule::adam &&
           optimizer.rule != Rule::adamw;
}

// How many numbers a rule remembers of each parameter.
constexpr int slots_of(Rule rule) {
    return rule == Rule::sgd ? 0 : rule == Rule::adam || rule == Rule::adamw ? 2 : 1;
}

// Calls use<rule>().
template <class Use>
[[gnu::always_inline]] inline auto with_rule(Rule rule, Use use) {
    switch (rule) {
        case Rule::sgd: break;
        case Rule::momentum: return use.template operator()<Rule::momentum>();
        case Rule::nesterov: return use.template operator()<Rule::nesterov>();
        case Rule::adam: return use.template operator()<Rule::adam>();
        case Rule::adamw: return use.template operator()<Rule::adamw>();
        case Rule::rmsprop: return use.template operator()<Rule::rmsprop>();
    }
    return use.template operator()<Rule::sgd>();
}

// x / (√square + ε).
template <class V, class Number>
inline V over_root(V x, V square, Number epsilon) {
    return x / (sqrt_of(square) + epsilon);
}

#if defined(CLEARPROP_ISA_V4)

inline Vector<float> root_estimate(Vector<float> x) { return _mm512_rsqrt14_ps(x); }
inline Vector<float> inverse_estimate(Vector<float> x) { return _mm512_rcp14_ps(x); }
inline float root_estimate(float x) { return _mm_cvtss_f32(_mm_rsqrt14_ss(_mm_setzero_ps(), _mm_set_ss(x))); }
inline float inverse_estimate(float x) { return _mm_cvtss_f32(_mm_rcp14_ss(_mm_setzero_ps(), _mm_set_ss(x))); }

// Estimates of 1/√square and of the inverse, each bettered once by Newton's rule: right to 2 units in the last place,
// and 1.7 times as fast as the instructions for square roots and quotients. What is below the normal numbers has root 0,
// which a usual ε does not notice.
template <class V>
inline V over_root_estimated(V x, V square, V epsilon) {
    const V within = smaller(square, Constants<float>::MOST);
    const V estimate = root_estimate(within), rough = within * estimate;
    const V rest = fused(-rough, estimate, splat<V>(1));
    const V root = fused(Scalar<V>(0.5) * rough, rest, rough);
    const V divisor = select(within < Constants<float>::LEAST_NORMAL, V{}, root) + epsilon;
    const V inverse = inverse_estimate(divisor);
    const V quotient = x * fused(inverse, fused(-divisor, inverse, splat<V>(1)), inverse);
    return select(square > Constants<float>::MOST, V{}, quotient);
}

inline constexpr float LEAST_USUAL_EPSILON = 1e-15f;

inline float over_root(float x, float square, float epsilon) {
    if (epsilon < LEAST_USUAL_EPSILON) return x / (sqrt_of(square) + epsilon);
    return over_root_estimated(x, square, epsilon);
}
inline Vector<float> over_root(Vector<float> x, Vector<float> square, float epsilon) {
    if (epsilon < LEAST_USUAL_EPSILON) return x / (sqrt_of(square) + epsilon);
    return over_root_estimated(x, square, splat<Vector<float>>(epsilon));
}
inline Vector<float> over_root(Vector<float> x, Vector<float> square, Vector<float> epsilon) {
    return select(epsilon < LEAST_USUAL_EPSILON, x / (sqrt_of(square) + epsilon),
                  over_root_estimated(x, square, epsilon));
}

#endif

// Numbers in `Rates` are scalars, or vectors where lanes are networks with rates of their own. `rate` is the learning
// rate of these parameters.
template <Rule RULE, class V, class Number>
inline void update(const Rates<Number>& r, Number rate, bool decay, V& w, V g, V& s0, V& s1) {
    const V rates = in_lanes<V>(rate), momentum = in_lanes<V>(r.momentum);
    if constexpr (RULE == Rule::sgd) {
        w = fused(-g, rates, w);
    } else if constexpr (RULE == Rule::momentum) {
        s0 = fused(s0, momentum, g);
        w = fused(-s0, rates, w);
    } else if constexpr (RULE == Rule::nesterov) {
        s0 = fused(s0, momentum, g);
        w = fused(-fused(s0, momentum, g), rates, w);
    } else if constexpr (RULE == Rule::rmsprop) {
        s0 = fused(r.rest2 * g, g, r.beta2 * s0);
        w -= over_root(rate * g, s0, r.epsilon);
    } else {
        if (RULE == Rule::adamw && decay) w = fused(-w, in_lanes<V>(r.shrunk), w);
        s0 = fused(g, in_lanes<V>(r.rest1), r.beta1 * s0);
        s1 = fused(r.rest2 * g, g, r.beta2 * s1);
        w -= over_root(rate * (s0 * r.corrected1), s1 * r.corrected2, r.epsilon);
    }
}

// `count` parameters, whole vectors; `finite` stays 0 as long as all new ones are finite: x·0 is 0 for finite x alone.
template <Rule RULE, class V>
inline void apply_to(const Rates<Scalar<V>>& rates, Scalar<V> rate, bool decay, Scalar<V>* w, const Scalar<V>* g, Scalar<V>* s0,
                     Scalar<V>* s1, Index count, V& finite) {
    constexpr int SLOTS = slots_of(RULE);
    // Of one's own, so that no compiler need ask whether parameters are written over them.
    const Rates<Scalar<V>> r = rates;
    V still = finite;
    for (Index i = 0; i < count; i += COUNT<V>) {
        V weight = load<V>(w + i), slot0{}, slot1{};
        if constexpr (SLOTS > 0) slot0 = load<V>(s0 + i);
        if constexpr (SLOTS > 1) slot1 = load<V>(s1 + i);
        update<RULE>(r, rate, decay, weight, load<V>(g + i), slot0, slot1);
        still = fused(weight, V{}, still);
        store(w + i, weight);
        if constexpr (SLOTS > 0) store(s0 + i, slot0);
        if constexpr (SLOTS > 1) store(s1 + i, slot1);
    }
    finite = still;
}

// One update; slots that the rule does not have may be null.
template <class T>
void apply(Rule rule, const Rates<T>& r, T rate, bool decay, T* w, const T* g, T* s0, T* s1, Index count,
           Vector<T>& finite) {
    with_rule(rule, [&]<Rule RULE>() { apply_to<RULE, Vector<T>>(r, rate, decay, w, g, s0, s1, count, finite); });
}

}  // namespace clearprop::CLEARPROP_ISA
