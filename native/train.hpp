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

template <class T>
class Trainer {
  public:
    explicit Trainer(Training<T>& run)
        : run_(run), batch_rows_(run.batch_size < run.visited ? run.batch_size : run.visited),
          threads_(useful_threads(run.network, batch_rows_, run.threads)),
          space_(run.network, Purpose::train, slots_of(run.optimizer.rule),
                 Workspace<T>::rows_at_once(run.network, Purpose::train, batch_rows_)),
          barrier_(threads_), order_(run.order, run.given, run.seed, run.visited), first_step_(run.step),
          batches_(run.drop_last ? run.visited / run.batch_size
                                 : (run.visited + run.batch_size - 1) / run.batch_size),
          last_tick_(seconds()), signs_(static_cast<Signs*>(allocate(threads_ * Index(sizeof(Signs))))) {}
    ~Trainer() { release(signs_); }

    void go() {
        space_.load(run_.parameters, run_.slots);
        prepare();
        run_team(threads_, [](void* self, int thread) { static_cast<Trainer*>(self)->work(thread); }, this);
        space_.store(run_.parameters, run_.slots);
    }

  private:
    // What a thread has met: a loss that is not finite, read by all after the rows are done, and a parameter that is
    // not, read by thread 0 after the update. Each on its own cache line.
    struct alignas(64) Signs {
        bool lost, overflowed;
    };

    // The batch that all threads work on next; written by thread 0 while the others wait.
    struct Step {
        const Index* rows;
        Index count, number;
        double weight, divisor, rate;
    };

    void work(int thread) {
        for (;;) {
            barrier_.wait();
            if (finished_) return;
            // A copy: thread 0 goes on to the next step while the others still look whether this one is done.
            const Step step = step_;
            const Rates<T> rates(run_.optimizer, step.rate, step.number);
            for (Index first = 0; first < step.count; first += space_.chunk) {
                const Index left = step.count - first, count = left < space_.chunk ? left : space_.chunk;
                const Chunk chunk{step.rows, first, count, step.divisor, run_.seed, step.number};
                if (!run_chunk(chunk, left == count, rates, thread)) break;
            }
            if (thread == 0) {
                keep_account();
                prepare();
            }
        }
    }

    // False, for all threads alike, where a loss is not finite.
    bool run_chunk(const Chunk& chunk, bool last, const Rates<T>& rates, int thread) {
        const Share share = share_of(chunk.count, thread, threads_);
        if (share.count > 0) {
            gather(space_, run_.samples.X, chunk, share.first, share.count);
            forward(space_, chunk, share.first, share.count);
            signs_[thread].lost = !lose_rows(space_, run_.samples, chunk, share.first, share.count);
            backward(space_, chunk, share.first, share.count);
        }
        barrier_.wait();
        for (int other = 0; other < threads_; ++other)
            if (signs_[other].lost) return false;
        if (thread == 0)
            for (Index r = 0; r < chunk.count; ++r) loss_ += space_.losses[r];
        const Updater<T> updater(space_, chunk.count, chunk.first == 0, last);
        signs_[thread].overflowed = !updater.run(thread, threads_, run_.optimizer.rule, &rates);
        barrier_.wait();
        return true;
    }

    // Sums of the step that is done, or that it failed.
    void keep_account() {
        if (run_.network.l1 > 0 || run_.network.l2 > 0)
            for (Index i = 0; i < space_.item_count; ++i) penalty_ += space_.penalties[i];
        bool finite = std::isfinite(loss_ + penalty_);
        for (int thread = 0; thread < threads_; ++thread)
            finite = finite && !signs_[thread].lost && !signs_[thread].overflowed;
        if (!finite) return end(Ended::diverged);
        run_.sums.loss += loss_;
        run_.sums.weight += step_.weight;
        run_.sums.penalty += penalty_ * double(step_.count);
        run_.sums.rows += double(step_.count);
        ++run_.batch;
        ++run_.step;
    }

    // What comes next: another batch, or the end.
    void prepare() {
        loss_ = penalty_ = 0;
        while (!finished_ && run_.batch >= batches_) finish_epoch();
        if (finished_) return;
        if (run_.epoch >= run_.epochs) return end(Ended::done);
        if (run_.step == run_.steps || !go_on()) return end(Ended::stopped);
        if (ordered_ != run_.epoch) {
            rows_ = order_.rows(run_.epoch);
            ordered_ = run_.epoch;
        }
        const Index first = run_.batch * run_.batch_size, left = run_.visited - first;
        step_.number = run_.step;
        step_.rows = rows_ + first;
        step_.count = left < run_.batch_size ? left : run_.batch_size;
        step_.weight = double(step_.count);
        if (run_.samples.weights) {
            step_.weight = 0;
            for (Index r = 0; r < step_.count; ++r) step_.weight += double(run_.samples.weights[step_.rows[r]]);
        }
        step_.divisor = run_.network.mean && step_.weight > 0 ? step_.weight : 1;
        step_.rate = run_.optimizer.rates[run_.optimizer.rate_count == 1 ? 0 : run_.step - first_step_];
    }

    void finish_epoch() {
        const Sums& sums = run_.sums;
        double loss = sums.loss;
        if (run_.network.mean && sums.weight > 0) loss /= sums.weight;
        run_.losses[run_.losses_written++] = loss + (sums.rows > 0 ? sums.penalty / sums.rows : 0);
        run_.sums = {};
        run_.batch = 0;
        if (++run_.epoch >= run_.epochs) end(Ended::done);
    }

    void end(Ended why) {
        run_.ended = why;
        finished_ = true;
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
        return run_.tick.go_on(run_.tick.context, run_.epoch, run_.batch, run_.step);
    }

    Training<T>& run_;
    Index batch_rows_;
    int threads_;
    Workspace<T> space_;
    Barrier barrier_;
    EpochOrder order_;
    Index first_step_, batches_;
    const Index* rows_ = nullptr;
    Index ordered_ = -1;  // the epoch whose order is at hand
    Step step_{};
    bool finished_ = false;
    double loss_ = 0, penalty_ = 0;
    double last_tick_, last_look_ = 0;
    Index look_every_ = 1, until_look_ = 1;
    Signs* signs_;  // of each thread
};

}  // namespace clearprop::CLEARPROP_ISA
