#include "roster.hpp"

#include <chrono>

namespace clearprop {
namespace {

constexpr double PATIENCE = 0.1;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

Roster::Roster(Index count, int threads, Tick tick)
    : count_(count), tick_(tick), asked_(now()), next_(0), stop_(false), working_(threads) {}

Roster::~Roster() = default;

Index Roster::next(int thread) {
    if (thread == 0) ask_in_time();
    if (stopped()) return -1;
    const Index run = next_.fetch_add(1, std::memory_order_relaxed);
    return run < count_ ? run : -1;
}

Tick Roster::tick_of(int thread) { return {thread == 0 ? &Roster::ask : &Roster::look, this}; }

void Roster::fail() {
    const std::lock_guard<std::mutex> held(mutex_);
    if (!failure_) failure_ = std::current_exception();
    stop_.store(true, std::memory_order_relaxed);
}

void Roster::finish(int thread) {
    std::unique_lock<std::mutex> held(mutex_);
    --working_;
    if (thread != 0) return finished_.notify_one();
    while (working_ > 0) {
        finished_.wait_for(held, std::chrono::duration<double>(PATIENCE));
        held.unlock();
        ask_in_time();
        held.lock();
    }
}

void Roster::raise() const {
    if (failure_) std::rethrow_exception(failure_);
}

bool Roster::ask(void* self, Index epoch, Index batch, Index step) {
    Roster& roster = *static_cast<Roster*>(self);
    // Networks side by side ask one after the other; one answer serves all, also when some have ended.
    const double time = now();
    if (time - roster.asked_ < PATIENCE / 2) return !roster.stopped();
    roster.asked_ = time;
    // Once it has said no, it is not asked again: what it raised must not be raised twice.
    if (!roster.stopped() && roster.tick_.go_on && !roster.tick_.go_on(roster.tick_.context, epoch, batch, step))
        roster.stop_.store(true, std::memory_order_relaxed);
    return !roster.stopped();
}

bool Roster::look(void* self, Index, Index, Index) { return !static_cast<Roster*>(self)->stopped(); }

bool Roster::stopped() const { return stop_.load(std::memory_order_relaxed); }

void Roster::ask_in_time() {
    if (now() - asked_ >= PATIENCE) ask(this, 0, 0, 0);
}

}  // namespace clearprop
