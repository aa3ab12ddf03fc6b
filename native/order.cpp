#include "order.hpp"

#include <algorithm>
#include <utility>

#include "philox.hpp"

namespace clearprop {
namespace {

constexpr Index BLOCK = 1024, WINDOW = 64;

Index position(std::uint64_t keyed) { return Index(keyed & 0xFFFFFFFFu); }

}  // namespace

EpochOrder::EpochOrder(Order order, const Index* given, const Index* subset, std::uint64_t seed, Index visited)
    : order_(order), subset_(subset), seed_(seed), visited_(visited), rows_(std::size_t(visited)) {
    if (order == Order::given || order == Order::sequential)
        for (Index i = 0; i < visited; ++i) rows_[std::size_t(i)] = row_of(given ? given[i] : i);
    if (order == Order::shuffled) {
        const std::size_t blocks = std::size_t((visited + BLOCK - 1) / BLOCK);
        const std::size_t window = std::size_t(std::min(visited, BLOCK * WINDOW));
        blocks_.resize(blocks);
        window_.resize(window);
        keyed_.resize(std::max(blocks, window));
        spare_.resize(std::max(blocks, window));
    }
}

EpochOrder::~EpochOrder() = default;

const Index* EpochOrder::rows(Index epoch) {
    if (order_ == Order::shuffled) shuffle(epoch);
    if (order_ == Order::replacement) draw(epoch);
    return rows_.data();
}

void EpochOrder::shuffle(Index epoch) {
    const Index blocks = Index(blocks_.size());
    for (Index block = 0; block < blocks; ++block) {
        const Words drawn = philox(seed_, ORDER_BLOCKS, 0, std::uint64_t(epoch), std::uint64_t(block) / 4);
        keyed_[block] = std::uint64_t(drawn.word[block % 4]) << 32 | std::uint64_t(block);
    }
    sort_by_key(blocks);
    for (Index block = 0; block < blocks; ++block) blocks_[block] = position(keyed_[block]);

    Index* out = rows_.data();
    for (Index first = 0; first < blocks; first += WINDOW) {
        Index count = 0;
        for (Index block = first; block < std::min(first + WINDOW, blocks); ++block) {
            const Index start = blocks_[block] * BLOCK, end = std::min(start + BLOCK, visited_);
            for (Index row = start; row < end; row += 4) {
                const Words drawn = philox(seed_, ORDER_ROWS, 0, std::uint64_t(epoch), std::uint64_t(row) / 4);
                for (Index i = 0; i < std::min<Index>(4, end - row); ++i) {
                    keyed_[count] = std::uint64_t(drawn.word[i]) << 32 | std::uint64_t(count);
                    window_[count++] = row + i;
                }
            }
        }
        sort_by_key(count);
        for (Index i = 0; i < count; ++i) *out++ = row_of(window_[position(keyed_[i])]);
    }
}

// Positions come in order and the sort is stable, so equal keys keep theirs. Two passes over the upper 22 of 32 digits
// leave few out of place, which a third puts right.
void EpochOrder::sort_by_key(Index count) {
    constexpr int DIGIT = 11, BUCKETS = 1 << DIGIT;
    if (count <= BUCKETS / 8) {
        std::sort(keyed_.begin(), keyed_.begin() + count);
        return;
    }
    const auto low = [](std::uint64_t keyed) { return (keyed >> (64 - 2 * DIGIT)) % BUCKETS; };
    const auto high = [](std::uint64_t keyed) { return keyed >> (64 - DIGIT); };
    std::uint32_t lows[BUCKETS] = {}, highs[BUCKETS] = {};
    for (Index i = 0; i < count; ++i) {
        ++lows[low(keyed_[i])];
        ++highs[high(keyed_[i])];
    }
    std::uint32_t before_low = 0, before_high = 0;
    for (int bucket = 0; bucket < BUCKETS; ++bucket) {
        before_low += std::exchange(lows[bucket], before_low);
        before_high += std::exchange(highs[bucket], before_high);
    }
    for (Index i = 0; i < count; ++i) spare_[lows[low(keyed_[i])]++] = keyed_[i];
    for (Index i = 0; i < count; ++i) keyed_[highs[high(spare_[i])]++] = spare_[i];
    for (Index i = 1; i < count; ++i) {
        const std::uint64_t moved = keyed_[i];
        Index place = i;
        for (; place > 0 && moved < keyed_[place - 1]; --place) keyed_[place] = keyed_[place - 1];
        keyed_[place] = moved;
    }
}

void EpochOrder::draw(Index epoch) {
    for (Index i = 0; i < visited_; ++i) {
        const Words drawn = philox(seed_, REPLACEMENT, 0, std::uint64_t(epoch), std::uint64_t(i) / 2);
        const double high = drawn.word[i % 2 * 2] >> 5, low = drawn.word[i % 2 * 2 + 1] >> 6;
        rows_[i] = row_of(Index((high * 67108864.0 + low) / 9007199254740992.0 * double(visited_)));
    }
}

}  // namespace clearprop
