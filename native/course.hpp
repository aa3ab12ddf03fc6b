// Where a run stands: which batch comes next, what the epochs have come to, and when it is over.
#pragma once

#include <time.h>

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

// A batch to learn from.
struct Step {
    const Index* rows;  // their numbers in the table, which hold until the next is prepared
    Index count, number;
    double weight, divisor, rate, fade;
};

// What is done stands in the Training; a Course may have prepared a step ahead of it.
template <class T>
class Course {
  public:
    explicit Course(Training<T>& run)
        : run_(run), order_(run.order, run.given, run.subset, run.seed, run.visited), first_step_(run.step),
          batches_(run.drop_last ? run.visited / run.batch_size
                                 : (run.visited + run.batch_size - 1) / run.batch_size),
          to_enter_(batches_ - run.batch), number_(run.step), last_tick_(seconds()) {
        while (to_enter_ <= 0 && run.epoch < run.epochs) finish_epoch();
        epoch_ = run.epoch;
        batch_ = batches_ - to_enter_;
        rows_ = order_.rows(epoch_);
        const Index left = (run.epochs - epoch_) * batches_ - batch_;
        end_ = number_ + (left > 0 ? left : 0);
        if (run.steps >= number_ && run.steps < end_) {
            end_ = run.steps;
            at_end_ = Ended::stopped;
        }
    }

    // What comes after all that has been prepared before; false where the run is over.
    bool prepare(Step& step) {
        if (calm_steps() == 0) return false;
        take(step);
        return true;
    }

    // How many steps can be taken one after another before this has to be asked again: 0 where the run is over. It may put
    // the rows in order for the next epoch, and ask whether to go on.
    Index calm_steps() {
        if (number_ == end_) return 0;
        if (batch_ == batches_) {
            begin_epoch();
            if (reorders_) rows_ = order_.rows(epoch_);
        }
        if (until_look_ == 0 && !go_on()) return 0;
        Index calm = reorders_ ? batches_ - batch_ : until_look_;
        calm = calm < until_look_ ? calm : until_look_;
        return calm < end_ - number_ ? calm : end_ - number_;
    }

    // The next step, as often as calm_steps has said. `step` is empty, or one that this has filled before: where all else
    // is alike, its rows and number alone change.
    void take(Step& step) {
        if (batch_ == batches_) begin_epoch();
        const Index first = batch_ * run_.batch_size, left = run_.visited - first;
        const Index count = left < run_.batch_size ? left : run_.batch_size;
        step.rows = rows_ + first;
        step.number = number_;
        if (!alike_ || step.count != count) fill(step, count);
        ++batch_;
        ++number_;
        --until_look_;
    }

    // Enters a step that is done: Σ wᵢEᵢ of its rows, and R before its update.
    void enter(const Step& step, double loss, double penalty) {
        run_.sums.loss += loss;
        run_.sums.weight += step.weight;
        if (penalty != 0) run_.sums.penalty += penalty * double(step.count);
        run_.sums.rows += double(step.count);
        ++run_.step;
        if (--to_enter_ == 0) finish_epoch();
    }

    // The run ends where it stands, for this reason.
    void end(Ended why) {
        run_.batch = batches_ - to_enter_;
        run_.ended = why;
    }
    // Because all steps are done, or because it was told to stop.
    void end() { end(run_.step == end_ ? at_end_ : Ended::stopped); }

  private:
    void begin_epoch() {
        batch_ = 0;
        ++epoch_;
    }

    void fill(Step& step, Index count) {
        step.count = count;
        step.weight = double(count);
        if (run_.samples.weights) {
            step.weight = 0;
            for (Index r = 0; r < count; ++r) step.weight += double(run_.samples.weights[step.rows[r]]);
        }
        step.divisor = run_.network.mean && step.weight > 0 ? step.weight : 1;
        const Optimizer& optimizer = run_.optimizer;
        step.rate = optimizer.rates[optimizer.rate_count == 1 ? 0 : step.number - first_step_];
        step.fade = optimizer.fades[optimizer.fade_count == 1 ? 0 : step.number - first_step_];
    }

    void finish_epoch() {
        const Sums& sums = run_.sums;
        double loss = sums.loss;
        if (run_.network.mean && sums.weight > 0) loss /= sums.weight;
        if (sums.penalty != 0) loss += sums.penalty / sums.rows;
        run_.losses[run_.losses_written++] = loss;
        run_.sums = {};
        ++run_.epoch;
        to_enter_ = batches_;
    }

    // Looks at the clock, ever more seldom where steps are short, and asks about ten times a second.
    bool go_on() {
        const double now = seconds();
        if (now - last_look_ < 0.01 && look_every_ < 4096) look_every_ *= 2;
        if (now - last_look_ > 0.05 && look_every_ > 1) look_every_ /= 2;
        until_look_ = look_every_;
        last_look_ = now;
        if (now - last_tick_ < 0.1) return true;
        last_tick_ = now;
        return run_.tick.go_on(run_.tick.context, epoch_, batch_, number_);
    }

    static constexpr Index NEVER = Index(1) << 62;

    Training<T>& run_;
    EpochOrder order_;
    const Index first_step_, batches_;
    Index to_enter_;                // batches of the epoch whose steps are being done
    Index epoch_, batch_, number_;  // of what is prepared next
    Index end_;                     // the number of the step that comes no more
    Ended at_end_ = Ended::done;    // why
    // Whether steps of as many rows differ in their rows and numbers alone.
    const bool alike_ = !run_.samples.weights && run_.optimizer.rate_count == 1 && run_.optimizer.fade_count == 1;
    const bool reorders_ = run_.order == Order::shuffled || run_.order == Order::replacement;  // from epoch to epoch
    const Index* rows_;             // in the order of the epoch
    double last_tick_, last_look_ = 0;
    Index look_every_ = 1, until_look_ = run_.tick.go_on ? 0 : NEVER;  // steps
};

}  // namespace clearprop::CLEARPROP_ISA
