// One look without an update: the loss, its gradients, the outputs.
#pragma once

#include "few.hpp"
#include "train.hpp"

namespace clearprop::CLEARPROP_ISA {

template <class T>
double penalty_of(const Workspace<T>& space) {
    double absolute = 0, square = 0;
    for (Index l = 0; l < space.network.depth; ++l) {
        const Stage<T>& stage = space.stages[l];
        for (Index i = 0; i < stage.layer.inputs; ++i)
            for (Index o = 0; o < stage.layer.units; ++o) {
                const double w = double(*stage.weight(stage.weights.value, i, o));
                absolute += __builtin_fabs(w);
                square += w * w;
            }
    }
    return space.network.l1 * absolute + 0.5 * space.network.l2 * square;
}

template <class T>
class Evaluator {
  public:
    explicit Evaluator(Evaluation<T>& run)
        : run_(run), threads_(useful_threads(run.network, run.samples.rows, run.threads)),
          space_(run.network, purpose(run), 0, run.samples.rows, run.precision),
          barrier_(threads_), rows_(threads_), items_(threads_) {}

    void go() {
        const Samples<T>& samples = run_.samples;
        double weight = double(samples.rows);
        if (samples.weights) {
            weight = 0;
            for (Index row = 0; row < samples.rows; ++row) weight += double(samples.weights[row]);
        }
        divisor_ = run_.network.mean && weight > 0 ? weight : 1;
        space_.load(run_.parameters, nullptr);
        space_.round();
        for (int thread = 0; thread < threads_; ++thread)
            rows_.give(thread, space_.rows_of(run_.samples.rows, thread, threads_));
        run_team(threads_, [](void* self, int thread) { static_cast<Evaluator*>(self)->work(thread); }, this);
        run_.loss = loss_ / divisor_ + (is_penalised(run_.network) ? penalty_of(space_) : 0);
        if (run_.gradients) space_.store_gradients(run_.gradients);
    }

  private:
    static Purpose purpose(const Evaluation<T>& run) { return run.gradients ? Purpose::gradients : Purpose::loss; }

    void work(int thread) {
        const Index rows = run_.samples.rows;
        for (Index first = 0; first < rows; first += space_.chunk) {
            const Index left = rows - first, count = space_.chunk_of(left);
            const Chunk chunk{nullptr, first, count, divisor_, run_.seed, run_.step, run_.fade, run_.before};
            Updater<T> updater(space_, count, first == 0, left == count);
            const Share own = run_.gradients ? space_.items_of(thread, threads_) : Share{0, 0};
            items_.give(thread, own);
            rows_.take(thread, space_.least_rows(), [&](Share share, int) {
                gather(space_, run_.samples.X, chunk, share.first, share.count);
                forward(space_, chunk, share.first, share.count);
                lose_rows(space_, run_.samples, chunk, share.first, share.count);
                if (run_.gradients) backward(space_, chunk, share.first, share.count);
            });
            barrier_.wait();
            rows_.give(thread, space_.rows_of(left - count, thread, threads_));
            if (thread == 0)
                for (Index r = 0; r < count; ++r) loss_ += space_.losses[r];
            if (run_.gradients)
                updater.run(thread, own, Rule::sgd, nullptr, items_, [](Index, Index) {});
            barrier_.wait();
        }
    }

    Evaluation<T>& run_;
    int threads_;
    Workspace<T> space_;
    Barrier barrier_;
    Shares rows_, items_;
    double divisor_ = 1, loss_ = 0;
};

template <class T>
class PanelPredictor {
    static constexpr Index ROWS_TO_TAKE = 240;

  public:
    explicit PanelPredictor(const Prediction<T>& run)
        : run_(run), threads_(useful_threads(run.network, run.rows, run.threads)),
          space_(run.network, Purpose::predict, 0,
                 run.rows < threads_ * ROWS_TO_TAKE ? run.rows : threads_ * ROWS_TO_TAKE) {}

    void go() {
        space_.load(run_.parameters, nullptr);
        run_team(threads_, [](void* self, int thread) { static_cast<PanelPredictor*>(self)->work(thread); }, this);
    }

  private:
    // A thread has a place in the buffers of its own and takes rows as long as there are any: one that comes late to a
    // short call does not hold it up.
    void work(int thread) {
        const Index place = space_.chunk * thread / threads_, room = space_.chunk / threads_;
        const Index at_once = room < ROWS_TO_TAKE ? room : ROWS_TO_TAKE;
        const Stage<T>& last = space_.last();
        const Index outputs = last.layer.units;
        for (;;) {
            const Index row = __atomic_fetch_add(&taken_, at_once, __ATOMIC_RELAXED), left = run_.rows - row;
            if (left <= 0) return;
            const Index count = left < at_once ? left : at_once;
            const Chunk chunk{nullptr, row - place, count, 1, 0, 0, 0};
            gather(space_, run_.X, chunk, place, count);
            forward(space_, chunk, place, count);
            for (Index r = 0; r < count; ++r)
                for (Index o = 0; o < outputs; ++o) run_.outputs[(row + r) * outputs + o] = last.values.at(place + r, o);
        }
    }

    const Prediction<T>& run_;
    const int threads_;
    Workspace<T> space_;
    Index taken_ = 0;
};

template <class T>
void predict(const Prediction<T>& run) {
    if (run.rows <= FEW_ROWS && run.network.column_count == 0) FewPredictor<T>(run).go();
    else PanelPredictor<T>(run).go();
}

}  // namespace clearprop::CLEARPROP_ISA
