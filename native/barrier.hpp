// Where the threads of a team meet.
#pragma once

#include "team.hpp"

namespace clearprop::CLEARPROP_ISA {

class Barrier {
  public:
    explicit Barrier(int threads) : threads_(threads) {}

    void wait() {
        if (threads_ == 1) return;
        const int round = __atomic_load_n(&round_, __ATOMIC_ACQUIRE);
        if (__atomic_add_fetch(&arrived_, 1, __ATOMIC_ACQ_REL) == threads_) {
            __atomic_store_n(&arrived_, 0, __ATOMIC_RELAXED);
            __atomic_store_n(&round_, round + 1, __ATOMIC_RELEASE);
            return;
        }
        for (int tries = 0; __atomic_load_n(&round_, __ATOMIC_ACQUIRE) == round; ++tries) wait_a_moment(tries);
    }

  private:
    int threads_;
    alignas(64) int arrived_ = 0;
    alignas(64) int round_ = 0;
};

}  // namespace clearprop::CLEARPROP_ISA
