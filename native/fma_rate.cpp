#include "fma_rate.hpp"

#include <chrono>
#include <vector>

#include "team.hpp"

namespace clearprop {
namespace {

constexpr Index ROUNDS = 10000;  // some tens of microseconds

using Clock = std::chrono::steady_clock;

struct Burst {
    Index (*multiply_add)(Index);
    double seconds;
    Barrier barrier;
    std::vector<double> rates;  // of each thread
};

void burn(void* context, int thread) {
    Burst& burst = *static_cast<Burst*>(context);
    burst.multiply_add(ROUNDS);
    burst.barrier.wait();
    const Clock::time_point start = Clock::now();
    double operations = 0, elapsed = 0;
    do {
        operations += double(burst.multiply_add(ROUNDS));
        elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    } while (elapsed < burst.seconds);
    burst.rates[std::size_t(thread)] = operations / elapsed;
}

}  // namespace

double fma_rate(Index (*multiply_add)(Index), int threads, double seconds) {
    Burst burst{multiply_add, seconds, Barrier(threads), std::vector<double>(std::size_t(threads))};
    run_team(threads, burn, &burst);
    double rate = 0;
    for (const double one : burst.rates) rate += one;
    return rate;
}

}  // namespace clearprop
