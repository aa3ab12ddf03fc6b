// Several numbers at once. What is written for V serves a scalar (float, double) and a vector of them alike: lanes are
// then units, rows or networks, and each lane has the bits that the scalar would have.
#pragma once

#include "plan.hpp"

namespace clearprop::CLEARPROP_ISA {

#if defined(CLEARPROP_ISA_V4)
inline constexpr int VECTOR_BYTES = 64;
#elif defined(CLEARPROP_ISA_V3)
inline constexpr int VECTOR_BYTES = 32;
#else
inline constexpr int VECTOR_BYTES = 16;
#endif

template <class T>
inline constexpr Index LANES = VECTOR_BYTES / Index(sizeof(T));

template <class T, int BYTES>
struct Wide {
    typedef T Type __attribute__((vector_size(BYTES)));
};

template <class T>
using Vector = typename Wide<T, VECTOR_BYTES>::Type;

template <class V>
struct Shape {
    using Scalar = decltype(V{}[0] + 0);
    using Word = typename Shape<Scalar>::Bits;
    using Bits = typename Wide<Word, sizeof(V)>::Type;
    static constexpr int COUNT = int(sizeof(V) / sizeof(Scalar));
};

template <>
struct Shape<float> {
    using Scalar = float;
    using Bits = std::uint32_t;
    static constexpr int COUNT = 1;
};

template <>
struct Shape<double> {
    using Scalar = double;
    using Bits = std::uint64_t;
    static constexpr int COUNT = 1;
};

template <class V>
using Scalar = typename Shape<V>::Scalar;

// The same number of unsigned integers of the same width.
template <class V>
using Bits = typename Shape<V>::Bits;

template <class V>
inline constexpr int COUNT = Shape<V>::COUNT;

template <class V>
inline Bits<V> bits_of(V x) {
    return __builtin_bit_cast(Bits<V>, x);
}

template <class V>
inline V of_bits(Bits<V> bits) {
    return __builtin_bit_cast(V, bits);
}

template <class V>
inline V splat(Scalar<V> x) {
    return x - V{};  // x - 0 is x, also for -0
}

// Lane by lane a where the mask is true, otherwise b; the mask is what a comparison of V with V gives.
template <class Mask, class V>
inline V select(Mask mask, V a, V b) {
    return mask ? a : b;
}

template <class V>
inline V load(const Scalar<V>* from) {
    V x;
    __builtin_memcpy(&x, from, sizeof x);
    return x;
}

template <class V>
inline void store(Scalar<V>* to, V x) {
    __builtin_memcpy(to, &x, sizeof x);
}

}  // namespace clearprop::CLEARPROP_ISA
