// Work that is shared out among the threads of a team, and evened out while they are at it.
#pragma once

#include <cstdint>
#include <new>

#include "memory.hpp"

namespace clearprop::CLEARPROP_ISA {

// A run of what is counted: of rows, or of items.
struct Share {
    Index first, count;
};

// The share of a chunk's rows that falls to a thread; it begins at an even row, so that the rows of a pair stay together.
inline Share share_of(Index rows, int thread, int threads) {
    const Index first = rows * thread / threads / 2 * 2;
    return {first, (thread + 1 == threads ? rows : rows * (thread + 1) / threads / 2 * 2) - first};
}

// The shares of all threads. A thread takes half of what is left of its own at a time, from the front; when nothing is
// left there, half of what is left of another's, from behind. So a thread that a machine holds up holds up the others
// little, and where none is held up, each has all but its last rows or items from step to step, and in its own cache.
class Shares {
  public:
    explicit Shares(int threads)
        : threads_(threads), block_(threads * Index(sizeof(Left))), left_(static_cast<Left*>(block_.start)) {
        for (int thread = 0; thread < threads; ++thread) new (left_ + thread) Left{0};
    }

    // To be called for all threads before any takes, with a meeting between.
    void give(int thread, Share share) { __atomic_store_n(&left_[thread].run, packed(share), __ATOMIC_RELAXED); }

    // Calls f(share, whose) for all that a thread takes, `least` at a time or more.
    template <class F>
    void take(int thread, Index least, F f) {
        for (int ahead = 0; ahead < threads_; ++ahead) {
            const int whose = (thread + ahead) % threads_;
            for (Share share = take_some(whose, least, ahead == 0); share.count > 0;
                 share = take_some(whose, least, ahead == 0))
                f(share, whose);
        }
    }

  private:
    // The first and the end of a run, in one number. Each on its own cache line.
    struct alignas(64) Left {
        std::uint64_t run;
    };

    static std::uint64_t packed(Share share) {
        return std::uint64_t(share.first) << 32 | std::uint64_t(share.first + share.count);
    }

    // What is taken begins at an even number, as the share does: the rows of a pair stay together.
    Share take_some(int whose, Index least, bool front) {
        std::uint64_t& run = left_[whose].run;
        std::uint64_t now = __atomic_load_n(&run, __ATOMIC_RELAXED);
        for (;;) {
            const Index first = Index(now >> 32), end = Index(std::uint32_t(now)), count = end - first;
            if (count <= 0) return {0, 0};
            Index taken = threads_ == 1 ? count : (count / 2 + 1) / 2 * 2;
            if (taken < least) taken = least;
            if (count - taken < least / 2 || taken > count) taken = count;
            Index from = front || taken == count ? first : (end - taken) / 2 * 2;
            if (from < first) from = first;
            const Share share = front ? Share{first, taken} : Share{from, end - from};
            const Share rest = front ? Share{first + taken, count - taken} : Share{first, from - first};
            if (__atomic_compare_exchange_n(&run, &now, packed(rest), true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) return share;
        }
    }

    const int threads_;
    const Block block_;
    Left* const left_;
};

}  // namespace clearprop::CLEARPROP_ISA
