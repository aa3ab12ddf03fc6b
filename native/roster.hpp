// What the threads that train many networks share: which is next, whether to stop, and who is still at work.
// Defined apart: this header is compiled once for each instruction set.
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>

#include "plan.hpp"

namespace clearprop {

class Roster {
  public:
    // `tick` is asked by thread 0 alone: where signals are Python's, no other thread hears of them.
    Roster(Index count, int threads, Tick tick);
    ~Roster();
    Roster(const Roster&) = delete;
    Roster& operator=(const Roster&) = delete;

    // The number of the group of runs that a thread takes next; -1 where none is left or all are to stop.
    Index next(int thread);

    // What a run of a thread asks between two updates.
    Tick tick_of(int thread);

    // To be called while an exception is handled: all stop.
    void fail();

    // A thread has no more to do. Thread 0 goes on asking until all others have come here, too.
    void finish(int thread);

    // When all have finished: throws what one of them failed of.
    void raise() const;

  private:
    static bool ask(void* self, Index epoch, Index batch, Index step);
    static bool look(void* self, Index epoch, Index batch, Index step);
    bool stopped() const;
    void ask_in_time();

    const Index count_;
    const Tick tick_;
    double asked_;  // when thread 0 last did
    alignas(64) std::atomic<Index> next_;
    alignas(64) std::atomic<bool> stop_;
    std::mutex mutex_;
    std::condition_variable finished_;
    int working_;  // threads, guarded by mutex_, as is failure_
    std::exception_ptr failure_;
};

}  // namespace clearprop
