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

// The instructions are written out, so that all the rest of v4 does without them.
inline Floats fused(Pairs a, Pairs b, Floats sum) {
    __asm__("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    return sum;
}

inline Pairs rounded(Floats low, Floats high) {
    Pairs pairs;
    __asm__("vcvtne2ps2bf16 %1, %2, %0" : "=v"(pairs) : "v"(low), "v"(high));
    return pairs;
}

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
