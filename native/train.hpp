// Whole epochs in one call: order, gather, forward, loss, backward, update.
#pragma once

#include <time.h>

#include "order.hpp"
#include "team.hpp"
#include "update.hpp"

namespace clearprop::CLEARPROP_ISA {

inline double seconds() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

// The rule of how many threads work on a batch: each gets two million operations or more, and a tile of rows.
inline int useful_threads(const Network& network, Index batch, int threads) {
    double operations = 0;
    for (Index l = 0; l < network.depth; ++l)
        operations += 6.0 * double(batch) * double(network.layers[l].inputs) * double(network.layers[l].units);
    const Index tiles = (batch + TILE_ROWS - 1) / TILE_ROWS;
    int useful = 1;
    while (useful < threads && useful < tiles && operations / (useful + 1) >= 2e6) ++useful;
    return useful;
}

inline int slots_of(Rule rule) {
    return rule == Rule::sgd ? 0 : rule == Rule::adam || rule == Rule::adamw ? 2 : 1;
}

template <class T>
class Trainer {
  public:
    explicit Trainer(Training<T>& run)
        : run_(run), batch_rows_(run.batch_size < run.visited ? run.batch_size : run.visited),
          threads_(useful_threads(run.network, batch_rows_, run.threads)),
          space_(run.network, Purpose::train, slots_of(run.optimizer.rule), batch_rows_), barrier_(threads_),
          order_(run.order, run.given, run.seed, run.visited), first_step_(run.step),
          batches_(run.drop_last ? run.visited / run.batch_size
                                 : (run.visited + run.batch_size - 1) / run.batch_size),
          number_(run.step), last_tick_(seconds()),
          signs_(static_cast<Signs*>(allocate(threads_ * Index(sizeof(Signs))))),
          batch_order_(static_cast<Index*>(allocate(2 * batch_rows_ * Index(sizeof(Index))))) {
        for (int i = 0; i < 2; ++i) steps_[i].rows = batch_order_ + i * batch_rows_;
    }
    ~Trainer() {
        release(batch_order_);
        release(signs_);
    }

    void go() {
        space_.load(run_.parameters, run_.slots);
        while (run_.batch >= batches_ && run_.epoch < run_.epochs) finish_epoch();
        epoch_ = run_.epoch;
        batch_ = run_.batch;
        prepare(steps_[0]);
        run_team(threads_, [](void* self, int thread) { static_cast<Trainer*>(self)->work(thread); }, this);
        space_.store(run_.parameters, run_.slots);
    }

  private:
    // What a thread has met: a loss that is not finite, read by all after the rows are done, and a parameter that is
    // not, read by all after the update. Each on its own cache line.
    struct alignas(64) Signs {
        bool lost, overflowed;
    };

    // A batch that all threads work on. While they do, thread 0 prepares the other one.
    struct Step {
        Index* rows;
        Index count, number;
        double weight, divisor, rate;
        bool none;  // the run is over
        Ended why;
    };

    // Two meetings a step: when all deltas are there, and when all parameters are new.
    void work(int thread) {
        for (int turn = 0;; turn = 1 - turn) {
            const Step step = steps_[turn];
            if (step.none) {
                if (thread == 0) run_.ended = step.why;
                return;
            }
            const Rates<T> rates(run_.optimizer, step.rate, step.number);
            for (Index first = 0; first < step.count; first += space_.chunk) {
                const Index left = step.count - first, count = left < space_.chunk ? left : space_.chunk;
                const Chunk chunk{step.rows, first, count, step.divisor, run_.seed, step.number};
                if (run_chunk(chunk, left == count, rates, turn, thread)) continue;
                if (thread == 0) run_.ended = Ended::diverged;
                return;
            }
            if (thread == 0) keep_account(step);
        }
    }

    // False, for all threads alike, where a number is not finite.
    bool run_chunk(const Chunk& chunk, bool last, const Rates<T>& rates, int turn, int thread) {
        const Share share = share_of(chunk.count, thread, threads_);
        if (share.count > 0) {
            gather(space_, run_.samples.X, chunk, share.first, share.count);
            forward(space_, chunk, share.first, share.count);
            signs_[thread].lost = !lose_rows(space_, run_.samples, chunk, share.first, share.count);
            backward(space_, chunk, share.first, share.count);
        }
        if (thread == 0 && last) prepare(steps_[1 - turn]);
        barrier_.wait();
        for (int other = 0; other < threads_; ++other)
            if (signs_[other].lost) return false;
        if (thread == 0)
            for (Index r = 0; r < chunk.count; ++r) loss_ += space_.losses[r];
        if (last && !steps_[1 - turn].none) fetch(steps_[1 - turn], thread);
        const Updater<T> updater(space_, chunk.count, chunk.first == 0, last);
        signs_[thread].overflowed = !updater.run(thread, threads_, run_.optimizer.rule, &rates);
        barrier_.wait();
        for (int other = 0; other < threads_; ++other)
            if (signs_[other].overflowed) return false;
        return true;
    }

    // Asks for the rows that this thread will gather next, so that they are near by then.
    void fetch(const Step& next, int thread) const {
        const Index inputs = run_.network.layers[0].inputs;
        const Share share = share_of(next.count < space_.chunk ? next.count : space_.chunk, thread, threads_);
        const Index count = share.count * inputs * Index(sizeof(T)) < FETCHED_BYTES ? share.count : 0;
        for (Index r = share.first; r < share.first + count; ++r) {
            const T* row = run_.samples.X + next.rows[r] * inputs;
            for (Index i = 0; i < inputs; i += Index(64 / sizeof(T))) __builtin_prefetch(row + i);
            __builtin_prefetch(row + inputs - 1);
        }
    }

    // Sums of the step that is done.
    void keep_account(const Step& step) {
        double penalty = 0;
        if (run_.network.l1 > 0 || run_.network.l2 > 0)
            for (Index i = 0; i < space_.item_count; ++i) penalty += space_.penalties[i];
        run_.sums.loss += loss_;
        run_.sums.weight += step.weight;
        run_.sums.penalty += penalty * double(step.count);
        run_.sums.rows += double(step.count);
        loss_ = 0;
        ++run_.step;
        if (++run_.batch >= batches_) finish_epoch();
    }

    void finish_epoch() {
        const Sums& sums = run_.sums;
        double loss = sums.loss;
        if (run_.network.mean && sums.weight > 0) loss /= sums.weight;
        run_.losses[run_.losses_written++] = loss + (sums.rows > 0 ? sums.penalty / sums.rows : 0);
        run_.sums = {};
        run_.batch = 0;
        ++run_.epoch;
    }

    // What comes after all that has been prepared before: another batch, or the end.
    void prepare(Step& step) {
        if (batch_ >= batches_) {
            batch_ = 0;
            ++epoch_;
        }
        step.none = true;
        step.why = epoch_ >= run_.epochs || batches_ == 0 ? Ended::done : Ended::stopped;
        if (step.why == Ended::done || number_ == run_.steps || !go_on()) return;
        step.none = false;
        if (ordered_ != epoch_) {
            rows_ = order_.rows(epoch_);
            ordered_ = epoch_;
        }
        const Index first = batch_ * run_.batch_size, left = run_.visited - first;
        step.number = number_;
        step.count = left < run_.batch_size ? left : run_.batch_size;
        __builtin_memcpy(step.rows, rows_ + first, std::size_t(step.count) * sizeof(Index));
        step.weight = double(step.count);
        if (run_.samples.weights) {
            step.weight = 0;
            for (Index r = 0; r < step.count; ++r) step.weight += double(run_.samples.weights[step.rows[r]]);
        }
        step.divisor = run_.network.mean && step.weight > 0 ? step.weight : 1;
        step.rate = run_.optimizer.rates[run_.optimizer.rate_count == 1 ? 0 : number_ - first_step_];
        ++batch_;
        ++number_;
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

    static constexpr Index FETCHED_BYTES = 256 << 10;  // that fit in the second cache beside what a step works on

    Training<T>& run_;
    Index batch_rows_;
    int threads_;
    Workspace<T> space_;
    Barrier barrier_;
    EpochOrder order_;
    Index first_step_, batches_;
    Index epoch_ = 0, batch_ = 0, number_;  // of what is prepared next; run_ tells what is done
    const Index* rows_ = nullptr;
    Index ordered_ = -1;  // the epoch whose order is at hand
    Step steps_[2] = {};
    double loss_ = 0;
    double last_tick_, last_look_ = 0;
    Index look_every_ = 1, until_look_ = 1;
    Signs* signs_;        // of each thread
    Index* batch_order_;  // the rows of both steps
};

}  // namespace clearprop::CLEARPROP_ISA
