// The words of philox.hpp, several blocks of them at once: a block's four words are in the lower halves of lanes.
#pragma once

#include "philox.hpp"
#include "vector.hpp"

namespace clearprop::CLEARPROP_ISA {

using Wides = Vector<std::uint64_t>;

inline constexpr Index BLOCKS_AT_ONCE = LANES<std::uint64_t>;

// Products of the lower halves.
#if defined(CLEARPROP_ISA_V4)
inline Wides product_of_halves(Wides a, Wides b) { return (Wides)_mm512_mul_epu32((__m512i)a, (__m512i)b); }
#elif defined(CLEARPROP_ISA_V3)
inline Wides product_of_halves(Wides a, Wides b) { return (Wides)_mm256_mul_epu32((__m256i)a, (__m256i)b); }
#elif defined(CLEARPROP_ISA_NEON)
inline Wides product_of_halves(Wides a, Wides b) {
    return (Wides)vmull_u32(vmovn_u64((uint64x2_t)a), vmovn_u64((uint64x2_t)b));
}
#else
inline Wides product_of_halves(Wides a, Wides b) { return (a & 0xFFFFFFFFu) * (b & 0xFFFFFFFFu); }
#endif

// Lanes of a and b in turn: the first half of them, and the second.
#if defined(CLEARPROP_ISA_V4)
inline Wides first_in_turn(Wides a, Wides b) { return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11); }
inline Wides second_in_turn(Wides a, Wides b) { return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15); }
#elif defined(CLEARPROP_ISA_V3)
inline Wides first_in_turn(Wides a, Wides b) { return __builtin_shufflevector(a, b, 0, 4, 1, 5); }
inline Wides second_in_turn(Wides a, Wides b) { return __builtin_shufflevector(a, b, 2, 6, 3, 7); }
#else
inline Wides first_in_turn(Wides a, Wides b) { return __builtin_shufflevector(a, b, 0, 2); }
inline Wides second_in_turn(Wides a, Wides b) { return __builtin_shufflevector(a, b, 1, 3); }
#endif

// A source of words: all that `philox` takes but the block, and the keys of its rounds.
struct Source {
    static constexpr int ROUNDS_OF_WORDS = 10;

    Source(std::uint64_t seed, std::uint32_t stream, std::uint32_t lane, std::uint64_t time)
        : c2(std::uint32_t(time)), c3(stream | lane << 8) {
        std::uint32_t low = std::uint32_t(seed), high = std::uint32_t(seed >> 32);
        for (int round = 0; round < ROUNDS_OF_WORDS; ++round, low += 0x9E3779B9u, high += 0xBB67AE85u) {
            k0[round] = low;
            k1[round] = high;
        }
    }

    // Writes the words of the blocks from `block` on, `blocks` of them or up to BLOCKS_AT_ONCE - 1 more.
    void draw(std::uint64_t block, Index blocks, std::uint32_t* words) const {
        Wides lanes{};
        for (Index l = 0; l < BLOCKS_AT_ONCE; ++l) lanes[l] = std::uint64_t(l);
        for (Index done = 0; done < blocks; done += BLOCKS_AT_ONCE, words += 4 * BLOCKS_AT_ONCE) {
            // What the rounds leave in the upper halves is not read.
            const Wides numbers = lanes + (block + std::uint64_t(done));
            Wides w0 = numbers, w1 = numbers >> 32, w2 = Wides{} + c2, w3 = Wides{} + c3;
#pragma GCC unroll 10
            for (int round = 0; round < ROUNDS_OF_WORDS; ++round) {
                const Wides first = product_of_halves(w0, Wides{} + 0xD2511F53u);
                const Wides second = product_of_halves(w2, Wides{} + 0xCD9E8D57u);
                w0 = second >> 32 ^ w1 ^ k0[round];
                w2 = first >> 32 ^ w3 ^ k1[round];
                w1 = second;
                w3 = first;
            }
            const Wides early = (w0 & 0xFFFFFFFFu) | w1 << 32, late = (w2 & 0xFFFFFFFFu) | w3 << 32;
            const Wides in_order[] = {first_in_turn(early, late), second_in_turn(early, late)};
            __builtin_memcpy(words, in_order, sizeof(in_order));
        }
    }

    std::uint64_t c2, c3, k0[ROUNDS_OF_WORDS], k1[ROUNDS_OF_WORDS];
};

}  // namespace clearprop::CLEARPROP_ISA
