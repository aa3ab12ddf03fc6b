// Where a run stands: which batch comes next, what the epochs have come to, and when it is over.
#pragma once

#include <time.h>

#include "memory.hpp"
#include "order.hpp"

namespace clearprop::CLEARPROP_ISA {

inline double seconds() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

template <class T>
Index batch_rows(const Training<T>& run) {
    return run.batch_size < run.visited ? run.batch_size : run.visited;
}

// A batch to learn from, or the end of the run.
struct Step {
    const Index* rows;  // their numbers in the table, which hold until the next is prepared
    Index count, number;
    double weight, divisor, rate, fade;
    bool none;  // the run is over, for this reason
    Ended why;
};

// What is done stands in the Training; a Course may have prepared a step ahead of it.
template <class T>
class Course {
  public:
    explicit Course(Training<T>& run)
        : run_(run), order_(run.order, run.given, run.subset, run.seed, run.visited), first_step_(run.step),
          batches_(run.drop_last ? run.visited / run.batch_size
                                 : (run.visited + run.batch_size - 1) / run.batch_size),
          number_(run.step), last_tick_(seconds()) {
        while (run.batch >= batches_ && run.epoch < run.epochs) finish_epoch();
        epoch_ = run.epoch;
        batch_ = run.batch;
    }

    // What comes after all that has been prepared before.
    void prepare(Step& step) {
        if (batch_ >= batches_) {
            batch_ = 0;
            ++epoch_;
        }
        step.none = true;
        step.why = epoch_ >= run_.epochs || batches_ == 0 ? Ended::done : Ended::stopped;
        if (step.why == Ended::done || number_ == run_.steps || !go_on()) return;
        step.none = false;
        if (!rows_ || (reorders_ && ordered_ != epoch_)) {
            rows_ = order_.rows(epoch_);
            ordered_ = epoch_;
        }
        const Index first = batch_ * run_.batch_size, left = run_.visited - first;
        step.number = number_;
        step.count = left < run_.batch_size ? left : run_.batch_size;
        step.rows = rows_ + first;
        step.weight = double(step.count);
        if (run_.samples.weights) {
            step.weight = 0;
            for (Index r = 0; r < step.count; ++r) step.weight += double(run_.samples.weights[step.rows[r]]);
        }
        step.divisor = run_.network.mean && step.weight > 0 ? step.weight : 1;
        const Optimizer& optimizer = run_.optimizer;
        step.rate = optimizer.rates[optimizer.rate_count == 1 ? 0 : number_ - first_step_];
        step.fade = optimizer.fades[optimizer.fade_count == 1 ? 0 : number_ - first_step_];
        ++batch_;
        ++number_;
    }

    // Enters a step that is done: Σ wᵢEᵢ of its rows, and R before its update.
    void enter(const Step& step, double loss, double penalty) {
        run_.sums.loss += loss;
        run_.sums.weight += step.weight;
        run_.sums.penalty += penalty * double(step.count);
        run_.sums.rows += double(step.count);
        ++run_.step;
        if (++run_.batch >= batches_) finish_epoch();
    }

    void end(Ended why) { run_.ended = why; }

  private:
    void finish_epoch() {
        const Sums& sums = run_.sums;
        double loss = sums.loss;
        if (run_.network.mean && sums.weight > 0) loss /= sums.weight;
        run_.losses[run_.losses_written++] = loss + (sums.rows > 0 ? sums.penalty / sums.rows : 0);
        run_.sums = {};
        run_.batch = 0;
        ++run_.epoch;
    }

    // Looks at the clock ever more seldom where steps are short, and asks about ten times a second.
    bool go_on() {
        if (!run_.tick.go_on || --until_look_ > 0) return true;
        const double now = seconds();
        if (now - last_look_ < 0.01 && look_every_ < 4096) look_every_ *= 2;
        if (now - last_look_ > 0.05 && look_every_ > 1) look_every_ /= 2;
        until_look_ = look_every_;
        last_look_ = now;
        if (now - last_tick_ < 0.1) return true;
        last_tick_ = now;
        return run_.tick.go_on(run_.tick.context, epoch_, batch_, number_);
    }

    Training<T>& run_;
    EpochOrder order_;
    Index first_step_, batches_;
    Index epoch_ = 0, batch_ = 0, number_;  // of what is prepared next
    const bool reorders_ = run_.order == Order::shuffled || run_.order == Order::replacement;  // from epoch to epoch
    const Index* rows_ = nullptr;  // in the order that is at hand
    Index ordered_ = -1;           // the epoch that it is of
    double last_tick_, last_look_ = 0;
    Index look_every_ = 1, until_look_ = 1;
};

}  // namespace clearprop::CLEARPROP_ISA
