#include "team.hpp"

#include <thread>
#include <vector>

namespace clearprop {

void run_team(int threads, void (*work)(void*, int), void* context) {
    std::vector<std::thread> others;
    others.reserve(std::size_t(threads - 1));
    for (int thread = 1; thread < threads; ++thread) others.emplace_back(work, context, thread);
    work(context, 0);
    for (std::thread& other : others) other.join();
}

void wait_a_moment(int tries) {
    if (tries > 4000) {
        std::this_thread::yield();
        return;
    }
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

}  // namespace clearprop
