// The counter-based generator of clearprop/random.py, the same numbers: Philox4x32-10 (Salmon and others, SC 2011).
#pragma once

#include <cstdint>

namespace clearprop {

enum Stream : std::uint32_t {
    ORDER_BLOCKS = 2,
    ORDER_ROWS = 3,
    REPLACEMENT = 4,
    DROPOUT = 5,
};

struct Words {
    std::uint32_t word[4];
};

// Internal linkage: this header is compiled once for each instruction set.
static inline Words philox(std::uint64_t seed, std::uint32_t stream, std::uint32_t lane, std::uint64_t time,
                           std::uint64_t block) {
    std::uint32_t c0 = std::uint32_t(block), c1 = std::uint32_t(block >> 32);
    std::uint32_t c2 = std::uint32_t(time), c3 = stream | lane << 8;
    std::uint32_t k0 = std::uint32_t(seed), k1 = std::uint32_t(seed >> 32);
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t first = std::uint64_t(c0) * 0xD2511F53u;
        const std::uint64_t second = std::uint64_t(c2) * 0xCD9E8D57u;
        c0 = std::uint32_t(second >> 32) ^ c1 ^ k0;
        c2 = std::uint32_t(first >> 32) ^ c3 ^ k1;
        c1 = std::uint32_t(second);
        c3 = std::uint32_t(first);
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return {{c0, c1, c2, c3}};
}

}  // namespace clearprop
