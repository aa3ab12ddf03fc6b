// Pairs of bfloat16 numbers: one instruction multiplies two pairs and adds both products to a float sum.
// Rounding is to nearest even; what is below the smallest normal number counts as 0.
#pragma once

#include "vector.hpp"

namespace clearprop::CLEARPROP_ISA {

// Two numbers that a product adds up one after the other, the first in the low half.
using Pair = std::uint32_t;

#if defined(CLEARPROP_ISA_V4)

inline constexpr bool MULTIPLIES_BFLOAT16 = true;  // where the processor does: AVX-512 BF16 is no part of v4

using Floats = Vector<float>;
using Pairs = Vector<Pair>;

// No compiler chooses these instructions by itself, so all the rest of v4 does without them.
inline Floats fused(Pairs a, Pairs b, Floats sum) {
    return (Floats)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
}

inline Pairs rounded(Floats low, Floats high) { return (Pairs)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low); }

// Neighbours: x₀x₁, x₂x₃, … of 32 numbers.
inline Pairs neighbours(const float* x) {
    return rounded(load<Floats>(x), load<Floats>(x + 16));
}

// One above the other: x₀y₀, x₁y₁, … of 16 numbers each.
inline Pairs stacked(Floats x, Floats y) {
    typedef std::uint16_t Halves __attribute__((vector_size(64)));
    const Halves both = __builtin_bit_cast(Halves, rounded(x, y));
    return __builtin_bit_cast(Pairs, __builtin_shufflevector(both, both, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22,
                                                             7, 23, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14,
                                                             30, 15, 31));
}

#else

inline constexpr bool MULTIPLIES_BFLOAT16 = false;

#endif

}  // namespace clearprop::CLEARPROP_ISA
