// A team of threads for one call: each runs the same work with its own number; they meet at a barrier.
#pragma once

namespace clearprop {

// Runs work(context, 0) on this thread and work(context, 1 … threads - 1) on others, until all are done.
void run_team(int threads, void (*work)(void* context, int thread), void* context);

// Waits a moment for another thread: first busily, which is quick, then by giving the processor away.
void wait_a_moment(int tries);

}  // namespace clearprop
