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
Rates<T> rates_of(const Optimizer& optimizer, double rate, Index step) {
    const auto correction = [step](double beta) { return beta > 0 ? T(1 / (1 - __builtin_pow(beta, double(step + 1)))) : T(1); };
    return {T(rate), T(optimizer.momentum), T(optimizer.beta1), T(optimizer.beta2), T(1 - optimizer.beta1),
            T(1 - optimizer.beta2), T(optimizer.epsilon), correction(optimizer.beta1), correction(optimizer.beta2),
            T(rate * optimizer.weight_decay)};
}

// Whether these numbers are the same for every update of a call.
inline bool is_constant(const Optimizer& optimizer) {
    return optimizer.rate_count == 1 && optimizer.rule != Rule::adam && optimizer.rule != Rule::adamw;
}

// How many numbers a rule remembers of each parameter.
constexpr int slots_of(Rule rule) {
    return rule == Rule::sgd ? 0 : rule == Rule::adam || rule == Rule::adamw ? 2 : 1;
}

// Numbers in `Rates` are scalars, or vectors where lanes are networks with rates of their own.
template <Rule RULE, class V, class Number>
inline void update(const Rates<Number>& r, bool decay, V& w, V g, V& s0, V& s1) {
    const V rate = V{} + r.rate, momentum = V{} + r.momentum;
    if constexpr (RULE == Rule::sgd) {
        w = fused(-g, rate, w);
    } else if constexpr (RULE == Rule::momentum) {
        s0 = fused(s0, momentum, g);
        w = fused(-s0, rate, w);
    } else if constexpr (RULE == Rule::nesterov) {
        s0 = fused(s0, momentum, g);
        w = fused(-fused(s0, momentum, g), rate, w);
    } else if constexpr (RULE == Rule::rmsprop) {
        s0 = fused(r.rest2 * g, g, r.beta2 * s0);
        w -= r.rate * g / (sqrt_of(s0) + r.epsilon);
    } else {
        if (RULE == Rule::adamw && decay) w = fused(-w, V{} + r.shrunk, w);
        s0 = fused(g, V{} + r.rest1, r.beta1 * s0);
        s1 = fused(r.rest2 * g, g, r.beta2 * s1);
        w -= r.rate * (s0 * r.corrected1) / (sqrt_of(s1 * r.corrected2) + r.epsilon);
    }
}

// `count` parameters; numbers beyond them in the last vector are neither read nor written.
template <Rule RULE, class V>
inline void apply_to(const Rates<Scalar<V>>& r, bool decay, Scalar<V>* w, const Scalar<V>* g, Scalar<V>* s0,
                     Scalar<V>* s1, Index count) {
    constexpr int SLOTS = slots_of(RULE);
    for (Index i = 0; i < count; i += COUNT<V>) {
        const Index left = count - i;
        if constexpr (COUNT<V> > 4)  // a few are done sooner one by one than gathered into a vector
            if (left <= 4)
                return apply_to<RULE, Scalar<V>>(r, decay, w + i, g + i, SLOTS > 0 ? s0 + i : s0,
                                                 SLOTS > 1 ? s1 + i : s1, left);
        V weight = load_some<V>(w + i, left), slot0{}, slot1{};
        if constexpr (SLOTS > 0) slot0 = load_some<V>(s0 + i, left);
        if constexpr (SLOTS > 1) slot1 = load_some<V>(s1 + i, left);
        update<RULE>(r, decay, weight, load_some<V>(g + i, left), slot0, slot1);
        store_some(w + i, weight, left);
        if constexpr (SLOTS > 0) store_some(s0 + i, slot0, left);
        if constexpr (SLOTS > 1) store_some(s1 + i, slot1, left);
    }
}

// One update of `count` parameters; slots that the rule does not have may be null.
template <class T>
void apply(Rule rule, const Rates<T>& r, bool decay, T* w, const T* g, T* s0, T* s1, Index count) {
    using V = Vector<T>;
    switch (rule) {
        case Rule::sgd: return apply_to<Rule::sgd, V>(r, decay, w, g, s0, s1, count);
        case Rule::momentum: return apply_to<Rule::momentum, V>(r, decay, w, g, s0, s1, count);
        case Rule::nesterov: return apply_to<Rule::nesterov, V>(r, decay, w, g, s0, s1, count);
        case Rule::adam: return apply_to<Rule::adam, V>(r, decay, w, g, s0, s1, count);
        case Rule::adamw: return apply_to<Rule::adamw, V>(r, decay, w, g, s0, s1, count);
        case Rule::rmsprop: return apply_to<Rule::rmsprop, V>(r, decay, w, g, s0, s1, count);
    }
}

}  // namespace clearprop::CLEARPROP_ISA
