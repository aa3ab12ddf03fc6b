#include "team.hpp"

#include <thread>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

namespace clearprop {
namespace {

constexpr int BUSY_TRIES = 2000;

void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// The processor that this thread is on.
int processor() {
#if defined(__linux__)
    return sched_getcpu();
#else
    return 0;
#endif
}

// Moves this thread once to the `steps`-th of its processors after `from`, and leaves it free to go on from there.
// A new thread often begins beside the one that made it, and the two would take turns for as long as they work.
void begin_apart(int from, int steps) {
#if defined(__linux__)
    cpu_set_t allowed, one;
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0 || CPU_COUNT(&allowed) < 2) return;
    int chosen = from;
    for (steps %= CPU_COUNT(&allowed); steps > 0;) {
        chosen = (chosen + 1) % CPU_SETSIZE;
        steps -= CPU_ISSET(chosen, &allowed) ? 1 : 0;
    }
    CPU_ZERO(&one);
    CPU_SET(chosen, &one);
    if (sched_setaffinity(0, sizeof(one), &one) == 0) sched_setaffinity(0, sizeof(allowed), &allowed);
#else
    static_cast<void>(from);
    static_cast<void>(steps);
#endif
}

}  // namespace

void run_team(int threads, void (*work)(void*, int), void* context) {
    enum { WAIT, GO, GIVE_UP };
    const int here = processor();
    std::atomic<int> start(WAIT);
    std::vector<std::thread> others;
    const auto release = [&](int sign) {
        start.exchange(sign, std::memory_order_seq_cst);
        start.notify_all();
    };
    const auto join = [&] {
        for (std::thread& other : others) other.join();
    };
    try {
        for (int thread = 1; thread < threads; ++thread)
            others.emplace_back([&start, work, context, here, thread] {
                start.wait(WAIT);
                if (start != GO) return;
                begin_apart(here, thread);
                work(context, thread);
            });
    } catch (...) {
        release(GIVE_UP);
        join();
        throw;
    }
    release(GO);
    work(context, 0);
    join();
}

Barrier::Barrier(int threads) : threads_(threads), arrived_(0), round_(0), releaser_(0) {}

void Barrier::wait() {
    if (threads_ == 1) return;
    const unsigned round = round_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads_) {
        arrived_.store(0, std::memory_order_relaxed);
        releaser_ = processor();
        // Sequentially consistent: whether anyone sleeps is looked up only when the new round can be seen by all.
        round_.exchange(round + 1, std::memory_order_seq_cst);
        round_.notify_all();
        return;
    }
    for (int tries = 0; tries < BUSY_TRIES; ++tries) {
        if (round_.load(std::memory_order_acquire) != round) return;
        pause();
    }
    round_.wait(round, std::memory_order_acquire);
    if (processor() == releaser_) begin_apart(releaser_, 1);  // who is woken is often put beside the waker
}

}  // namespace clearprop
