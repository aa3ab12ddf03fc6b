// A team of threads for one call: each runs the same work with its own number; they meet at a barrier.
#pragma once

#include <atomic>

namespace clearprop {

// Runs work(context, 0) on this thread and work(context, 1 … threads - 1) on others, until all are done. Where a
// thread cannot be had, none begins, and std::system_error is thrown.
void run_team(int threads, void (*work)(void* context, int thread), void* context);

// Where the threads of a team wait for each other: first busily, which is quick, then asleep, so that they do not
// take the processor from the one they wait for. Defined apart: this header is compiled once for each instruction set.
class Barrier {
  public:
    explicit Barrier(int threads);
    void wait();

  private:
    const int threads_;
    alignas(64) std::atomic<int> arrived_;
    alignas(64) std::atomic<unsigned> round_;
    int releaser_;  // the processor of the thread that came last
};

}  // namespace clearprop
