// Several numbers at once. What is written for V serves a scalar (float, double) and a vector of them alike: lanes are
// then units, rows or networks, and each lane has the bits that the scalar would have.
#pragma once

#if defined(CLEARPROP_ISA_V3) || defined(CLEARPROP_ISA_V4)
#if !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC's own header starts from what it calls undefined
#endif
#include <immintrin.h>
#if !defined(__clang__)
#pragma GCC diagnostic pop
#endif
#elif defined(CLEARPROP_ISA_NEON)
#include <arm_neon.h>
#endif

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

template <>
struct Shape<std::uint32_t> {
    using Scalar = std::uint32_t;
    using Bits = std::uint32_t;
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

// A number in all lanes, or what has a number for each as it is.
template <class V, class Number>
inline V in_lanes(Number x) {
    if constexpr (COUNT<Number> == COUNT<V>) return x;
    else return splat<V>(x);
}

// Lane by lane a where the mask is true, otherwise b; the mask is what a comparison of V with V gives.
template <class Mask, class V>
inline V select(Mask mask, V a, V b) {
    return mask ? a : b;
}

// Whether the mask is true in every lane.
inline bool all_of(bool mask) { return mask; }
template <class Mask>
inline bool all_of(Mask mask) {
#if defined(CLEARPROP_ISA_V4)
    if constexpr (sizeof(mask[0]) == 4) return _mm512_movepi32_mask((__m512i)mask) == 0xFFFF;
    else return _mm512_movepi64_mask((__m512i)mask) == 0xFF;
#elif defined(CLEARPROP_ISA_V3)
    return _mm256_movemask_epi8((__m256i)mask) == -1;
#else
    bool all = true;
    for (int l = 0; l < int(sizeof(mask) / sizeof(mask[0])); ++l) all &= mask[l] != 0;
    return all;
#endif
}

// a·b + c, rounded once where the instruction set can, otherwise twice. It is asked for by name, never left to the
// compiler, which would choose by the surroundings, and not alike for a scalar and a lane.
#if defined(CLEARPROP_ISA_V4)
inline Vector<float> fused(Vector<float> a, Vector<float> b, Vector<float> c) { return _mm512_fmadd_ps(a, b, c); }
inline Vector<double> fused(Vector<double> a, Vector<double> b, Vector<double> c) { return _mm512_fmadd_pd(a, b, c); }
#elif defined(CLEARPROP_ISA_V3)
inline Vector<float> fused(Vector<float> a, Vector<float> b, Vector<float> c) { return _mm256_fmadd_ps(a, b, c); }
inline Vector<double> fused(Vector<double> a, Vector<double> b, Vector<double> c) { return _mm256_fmadd_pd(a, b, c); }
#elif defined(CLEARPROP_ISA_NEON)
inline Vector<float> fused(Vector<float> a, Vector<float> b, Vector<float> c) {
    return (Vector<float>)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
inline Vector<double> fused(Vector<double> a, Vector<double> b, Vector<double> c) {
    return (Vector<double>)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
}
#else
inline Vector<float> fused(Vector<float> a, Vector<float> b, Vector<float> c) { return a * b + c; }
inline Vector<double> fused(Vector<double> a, Vector<double> b, Vector<double> c) { return a * b + c; }
#endif

#if defined(CLEARPROP_ISA_V4) || defined(CLEARPROP_ISA_V3) || defined(CLEARPROP_ISA_NEON)
inline float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline double fused(double a, double b, double c) { return __builtin_fma(a, b, c); }
#else
inline float fused(float a, float b, float c) { return a * b + c; }
inline double fused(double a, double b, double c) { return a * b + c; }
#endif

// Square roots, which vectors have no operator for.
inline float sqrt_of(float x) { return __builtin_sqrtf(x); }
inline double sqrt_of(double x) { return __builtin_sqrt(x); }
#if defined(CLEARPROP_ISA_V4)
inline Vector<float> sqrt_of(Vector<float> x) { return _mm512_sqrt_ps(x); }
inline Vector<double> sqrt_of(Vector<double> x) { return _mm512_sqrt_pd(x); }
#elif defined(CLEARPROP_ISA_V3)
inline Vector<float> sqrt_of(Vector<float> x) { return _mm256_sqrt_ps(x); }
inline Vector<double> sqrt_of(Vector<double> x) { return _mm256_sqrt_pd(x); }
#elif defined(CLEARPROP_ISA_NEON)
inline Vector<float> sqrt_of(Vector<float> x) { return (Vector<float>)vsqrtq_f32((float32x4_t)x); }
inline Vector<double> sqrt_of(Vector<double> x) { return (Vector<double>)vsqrtq_f64((float64x2_t)x); }
#else
template <class V>
inline V sqrt_of(V x) {
    V roots = x;
    for (int l = 0; l < COUNT<V>; ++l) roots[l] = sqrt_of(x[l]);
    return roots;
}
#endif

// With numbers among them.
template <class V>
inline V fused_with(V a, Scalar<V> b, V c) {
    return fused(a, splat<V>(b), c);
}

template <class V>
inline V fused_with(V a, Scalar<V> b, Scalar<V> c) {
    return fused(a, splat<V>(b), splat<V>(c));
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

// x in its first `count` lanes (or in all, or in none), 0 in the others.
template <class V>
inline V first_lanes(V x, Index count) {
    V lane{};
    for (int l = 0; l < COUNT<V>; ++l) lane[l] = Scalar<V>(l);
    return select(lane < splat<V>(Scalar<V>(count)), x, V{});
}

// Only the first `count` lanes, or all where there are more; the others are 0, and not stored.
template <class V>
inline V load_some(const Scalar<V>* from, Index count) {
    if (count >= COUNT<V>) return load<V>(from);
    Scalar<V> numbers[COUNT<V>] = {};
    for (Index i = 0; i < count; ++i) numbers[i] = from[i];
    return load<V>(numbers);
}

template <class V>
inline void store_some(Scalar<V>* to, V x, Index count) {
    if (count >= COUNT<V>) return store(to, x);
    Scalar<V> numbers[COUNT<V>];
    store(numbers, x);
    for (Index i = 0; i < count; ++i) to[i] = numbers[i];
}

}  // namespace clearprop::CLEARPROP_ISA
