// Whole epochs in one call: order, gather, forward, loss, backward, update.
#pragma once

#include "course.hpp"
#include "team.hpp"
#include "tiny.hpp"
#include "update.hpp"

namespace clearprop::CLEARPROP_ISA {

// The rule of how many threads work on a batch: each gets two million operations or more, and a tile of rows.
inline int useful_threads(const Network& network, Index batch, int threads) {
    double operations = 0;
    for (Index l = 0; l < network.column_count; ++l) {
        const ColumnLayer& layer = network.columns[l];
        const double each = layer.kind == ColumnKind::periodic ? 100 : layer.kind == ColumnKind::piecewise_linear ? 16 : 0;
        operations += double(batch) * double(layer.count) * double(layer.functions) * (each + 6.0 * double(layer.outputs));
    }
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
    // `space` has room for a batch of the run, and may have served another of the same shape before.
    Trainer(Training<T>& run, Workspace<T>& space)
        : run_(run), threads_(useful_threads(run.network, batch_rows(run), run.threads)), space_(space),
          barrier_(threads_), course_(run), rows_(threads_), items_(threads_),
          signs_block_(threads_ * Index(sizeof(Signs))), numbers_block_(2 * batch_rows(run) * Index(sizeof(Index))),
          signs_(static_cast<Signs*>(signs_block_.start)) {}
    Trainer(const Trainer&) = delete;
    Trainer& operator=(const Trainer&) = delete;

    void go() {
        prepare(0);
        for (int thread = 0; thread < threads_; ++thread)
            rows_.give(thread, space_.rows_of(steps_[0].count, thread, threads_));
        run_team(threads_, [](void* self, int thread) { static_cast<Trainer*>(self)->work(thread); }, this);
    }

  private:
    // What a thread has met: a loss that is not finite, read by all after the rows are done, and a parameter that is
    // not, read by all after the update. Each on its own cache line.
    struct alignas(64) Signs {
        bool lost, overflowed;
    };

    void work(int thread) {
        space_.load(run_.parameters, run_.slots, thread, threads_);
        barrier_.wait();
        if (thread == 0) space_.round();
        barrier_.wait();
        run_steps(thread);
        barrier_.wait();
        space_.store(run_.parameters, run_.slots, thread, threads_);
    }

    // The step after all that have been prepared, with rows of its own: the one at work goes on reading its rows.
    void prepare(int turn) {
        Step& step = steps_[turn];
        over_[turn] = !course_.prepare(step);
        if (over_[turn]) return;
        Index* const rows = static_cast<Index*>(numbers_block_.start) + turn * batch_rows(run_);
        for (Index r = 0; r < step.count; ++r) rows[r] = step.rows[r];
        step.rows = rows;
    }

    // Two meetings a step: when all deltas are there, and when all parameters are new. While the rows of one step are
    // at work, thread 0 prepares the next.
    void run_steps(int thread) {
        for (int turn = 0;; turn = 1 - turn) {
            if (over_[turn]) {
                if (thread == 0) course_.end();
                return;
            }
            if (run_step(turn, thread)) continue;
            if (thread == 0) course_.end(Ended::diverged);
            return;
        }
    }

    // False, for all threads alike, where a number is not finite.
    bool run_step(int turn, int thread) {
        const Step step = steps_[turn];  // its own, as thread 0 may prepare another there before all have left this one
        const Rates<T> rates = rates_of<T>(run_.optimizer, step.rate, step.fade, step.number);
        double loss = 0;
        for (Index first = 0; first < step.count; first += space_.chunk) {
            const Index left = step.count - first, count = space_.chunk_of(left);
            const Chunk chunk{step.rows, first, count, step.divisor, run_.seed, step.number, step.fade};
            const bool last = left == count;
            Updater<T> updater(space_, chunk.count, chunk.first == 0, last);
            const Share own = space_.items_of(thread, threads_);
            items_.give(thread, own);
            run_rows(chunk, thread);
            if (thread == 0 && last) prepare(1 - turn);
            barrier_.wait();
            rows_.give(thread, space_.rows_of(last ? steps_[1 - turn].count : left - count, thread, threads_));
            for (int other = 0; other < threads_; ++other)
                if (signs_[other].lost) return false;
            if (thread == 0)
                for (Index r = 0; r < chunk.count; ++r) loss += space_.losses[r];
            const Step& next = steps_[1 - turn];
            const Share wanted = last && !over_[1 - turn] ? rows_to_fetch(next, thread) : Share{0, 0};
            Index fetched = 0;
            signs_[thread].overflowed = !updater.run(
                thread, own, run_.optimizer.rule, &rates, items_,
                // A few at a time: a processor forgets what it is asked for all at once.
                [&](Index i, Index items) {
                    const Index end = i < items ? (wanted.count * (i + 1) + items - 1) / items : wanted.count;
                    fetch(next.rows + wanted.first + fetched, end - fetched);
                    fetched = end;
                });
            barrier_.wait();
            for (int other = 0; other < threads_; ++other)
                if (signs_[other].overflowed) return false;
        }
        if (thread == 0) course_.enter(step, loss, penalty());
        return true;
    }

    void run_rows(const Chunk& chunk, int thread) {
        bool finite = true;
        rows_.take(thread, space_.least_rows(), [&](Share share, int) {
            gather(space_, run_.samples.X, chunk, share.first, share.count);
            forward(space_, chunk, share.first, share.count);
            finite = lose_rows(space_, run_.samples, chunk, share.first, share.count) && finite;
            backward(space_, chunk, share.first, share.count);
        });
        signs_[thread].lost = !finite;
    }

    // The rows that this thread will gather next; none where they are too many to wait in the cache.
    Share rows_to_fetch(const Step& next, int thread) const {
        const Index inputs = run_.network.inputs;
        const Share share = space_.rows_of(next.count, thread, threads_);
        return {share.first, share.count * inputs * Index(sizeof(T)) <= FETCHED_BYTES ? share.count : 0};
    }

    // Asks for some rows of the table.
    void fetch(const Index* rows, Index count) const {
        const Index inputs = run_.network.inputs;
        for (Index r = 0; r < count; ++r) {
            const T* row = run_.samples.X + rows[r] * inputs;
            for (Index i = 0; i < inputs; i += Index(64 / sizeof(T))) ask_for(row + i);
            ask_for(row + inputs - 1);
            if (run_.samples.classes) ask_for(run_.samples.classes + rows[r]);
        }
    }

    double penalty() const {
        double sum = 0;
        if (is_penalised(run_.network))
            for (Index i = 0; i < space_.item_count; ++i) sum += space_.penalties[i];
        return sum;
    }

    static constexpr Index FETCHED_BYTES = 256 << 10;  // that fit in the second cache beside what a step works on

    Training<T>& run_;
    const int threads_;
    Workspace<T>& space_;
    Barrier barrier_;
    Course<T> course_;
    Shares rows_, items_;
    Block signs_block_, numbers_block_;
    Signs* const signs_;  // of each thread
    Step steps_[2] = {};
    bool over_[2] = {};  // where there is no such step
};

template <class T>
void train(Training<T>& run) {
    if (is_tiny_alone(run)) return TinyTrainer<T>(&run, 1).go();
    Workspace<T> space(run.network, Purpose::train, slots_of(run.optimizer.rule), batch_rows(run), run.precision);
    Trainer<T>(run, space).go();
}

}  // namespace clearprop::CLEARPROP_ISA
