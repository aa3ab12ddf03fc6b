// Networks of a few units, trained without panels, threads or tiles: one with a scalar V, or as many side by side as V
// has lanes.
#pragma once

#include <new>

#include "penalty.hpp"
#include "tiny_pass.hpp"

namespace clearprop::CLEARPROP_ISA {

inline constexpr Index TINY_WEIGHTS = 64, TINY_ROWS = 16;  // up to so many a network alone is faster without panels
inline constexpr Index TINY_WEIGHTS_ABREAST = 1024;  // and with others side by side

// Whether the panels would sum all in the order of units and inputs, as it is done here.
template <class T>
bool sums_in_order(const Network& network) {
    const Index tile = PANEL<T> < TILE_ROWS ? PANEL<T> : TILE_ROWS;
    for (Index l = 0; l < network.depth; ++l) {
        const Layer& layer = network.layers[l];
        if (stands_by_units<T>(layer)) return false;
        if (is_penalised(network) && (layer.inputs > tile || layer.units > PANEL<T>)) return false;
    }
    return true;
}

template <class T>
bool is_tiny(const Training<T>& run, Index most) {
    const Network& network = run.network;
    Index weights = 0;
    for (Index l = 0; l < network.depth; ++l) weights += network.layers[l].inputs * network.layers[l].units;
    return run.precision == Precision::full && network.column_count == 0 && weights <= most && sums_in_order<T>(network);
}

// Panels hold several rows of a batch at once, so for more of them they are faster.
template <class T>
bool is_tiny_alone(const Training<T>& run) {
    return batch_rows(run) <= TINY_ROWS && is_tiny(run, TINY_WEIGHTS);
}

template <class V>
class TinyTrainer {
    using T = Scalar<V>;
    using U = Group<V>;
    static constexpr int N = COUNT<V>;

  public:
    // `count` runs of one network shape and one rule, all penalised or none, of as many epochs to go, of the same batches
    // and rows visited.
    TinyTrainer(Training<T>* runs, int count)
        : runs_(runs), pass_(runs, count), courses_block_(N * Index(sizeof(Course<T>))),
          courses_(static_cast<Course<T>*>(courses_block_.start)) {}
    ~TinyTrainer() {
        for (int l = 0; l < begun_; ++l) courses_[l].~Course();
    }
    TinyTrainer(const TinyTrainer&) = delete;
    TinyTrainer& operator=(const TinyTrainer&) = delete;

    void go() {
        for (int l = 0; l < pass_.lanes(); ++l) constant_rates_ = constant_rates_ && is_constant(runs_[l].optimizer);
        for (; begun_ < pass_.lanes(); ++begun_) new (static_cast<void*>(courses_ + begun_)) Course<T>(runs_[begun_]);
        take_parameters();
        switch (runs_[0].optimizer.rule) {
            case Rule::sgd: steps<Rule::sgd>(); break;
            case Rule::momentum: steps<Rule::momentum>(); break;
            case Rule::nesterov: steps<Rule::nesterov>(); break;
            case Rule::adam: steps<Rule::adam>(); break;
            case Rule::adamw: steps<Rule::adamw>(); break;
            case Rule::rmsprop: steps<Rule::rmsprop>(); break;
        }
        give_parameters();
    }

  private:
    template <Rule RULE>
    void steps() {
        while (prepare()) {
            begin();
            const Index count = next_[first_at_work()].count;
            for (Index row = 0; row < count; ++row) {
                if (abreast_) {
                    enter(pass_.learn_abreast(next_, row, divisor_));
                    continue;
                }
                pass_.forward(next_, row);
                enter(pass_.lose(next_, row, divisor_));
                pass_.backward(row == 0);
            }
            if (!keep_or_end(lost_)) return;
            update_all<RULE>();
        }
    }

    // A network that has not ended: its batch is as long as those of all others at work. One that has ended keeps its
    // last.
    int first_at_work() const {
        int lane = 0;
        while (lane + 1 < pass_.lanes() && ended_[lane]) ++lane;
        return lane;
    }

    // The next batch of each network; false where the runs are over.
    bool prepare() {
        bool none = false;
        for (int l = 0; l < pass_.lanes(); ++l) {
            if (ended_[l]) continue;
            courses_[l].prepare(next_[l]);
            none = none || next_[l].none;
        }
        for (int l = 0; l < pass_.lanes() && none; ++l)
            if (!ended_[l]) courses_[l].end(next_[l].none ? next_[l].why : Ended::stopped);
        return !none;
    }

    void begin() {
        for (int l = 0; l < pass_.lanes(); ++l) {
            losses_[l] = 0;
            lost_[l] = false;
        }
        divisor_ = pass_.each_lane([&](Index l) { return next_[l].divisor; });
    }

    // A row's share of the batch's loss.
    void enter(const RowLoss<V>& row) {
        T losses[N], weights[N];
        store(losses, row.loss);
        store(weights, row.weight);
        for (int l = 0; l < pass_.lanes(); ++l) {
            const double share = double(weights[l]) * double(losses[l]);
            losses_[l] += share;
            lost_[l] = lost_[l] || !__builtin_isfinite(share);
        }
    }

    template <Rule RULE>
    void update_all() {
        if (!constant_rates_ || !rated_) rates_ = rates_of_lanes();
        rated_ = true;
        double penalties[N] = {};
        U finite{};
        for (Index n = 0; n < pass_.network.depth; ++n) {
            const TinyLevel<V>& level = pass_.levels[n];
            if (penalised_) penalise(level, penalties);
            update_some<RULE>(rates_at(level.layer.weight_rate), true, level.weights, level.weight_gradients,
                              level.weight_groups, finite);
            if (!level.trains_bias) continue;
            update_some<RULE>(rates_at(level.layer.bias_rate), false, level.bias, level.bias_gradients, level.width,
                              finite);
        }
        if (!all_of(finite == U{})) {
            T sums[COUNT<U>];
            store(sums, finite);
            bool overflowed[N] = {};
            for (int l = 0; l < COUNT<U>; ++l) overflowed[l % N] = overflowed[l % N] || !(sums[l] == 0);
            keep_or_end(overflowed);
        }
        for (int l = 0; l < pass_.lanes(); ++l)
            if (!ended_[l]) courses_[l].enter(next_[l], losses_[l], penalties[l]);
    }

    template <Rule RULE>
    void update_some(const Rates<V>& rates, bool decay, U* parameters, const U* gradients, Index count, U& finite) {
        constexpr int SLOTS = slots_of(RULE);
        U none{};
        const Index first = parameters - pass_.parameters;
        for (Index p = 0; p < count; ++p) {
            U w = parameters[p];
            update<RULE>(rates, decay, w, gradients[p], SLOTS > 0 ? pass_.slots[0][first + p] : none,
                         SLOTS > 1 ? pass_.slots[1][first + p] : none);
            finite = fused(w, U{}, finite);
            parameters[p] = w;
        }
    }

    Rates<V> rates_at(double factor) const {
        Rates<V> rates = rates_;
        if (factor != 1) rates.rate = rates.rate * T(factor);
        return rates;
    }

    Rates<V> rates_of_lanes() const {
        constexpr Index COUNT_OF_RATES = Index(sizeof(Rates<T>) / sizeof(T));
        T columns[COUNT_OF_RATES][N];
        for (int l = 0; l < N; ++l) {
            const int used = l < pass_.lanes() ? l : 0;
            const Rates<T> rates = rates_of<T>(runs_[used].optimizer, next_[used].rate, next_[used].fade, next_[used].number);
            T numbers[COUNT_OF_RATES];
            __builtin_memcpy(numbers, &rates, sizeof(rates));
            for (Index i = 0; i < COUNT_OF_RATES; ++i) columns[i][l] = numbers[i];
        }
        return __builtin_bit_cast(Rates<V>, columns);
    }

    void penalise(const TinyLevel<V>& level, double* penalties) {
        const U l1 = spread(pass_.each_lane([&](Index l) { return runs_[l].network.l1; }));
        const U l2 = spread(pass_.each_lane([&](Index l) { return runs_[l].network.l2; }));
        PenaltySums sums[N] = {};
        for (Index g = 0; g < level.width; ++g) {
            PenaltyShares<U> shares{};
            for (Index p = g; p < level.weight_groups; p += level.width)
                level.weight_gradients[p] += shares.add(l1, l2, level.weights[p]);
            T absolutes[COUNT<U>], squares[COUNT<U>];
            store(absolutes, shares.absolute);
            store(squares, shares.square);
            const Index left = level.layer.units - g * ABREAST<V>;
            for (Index l = 0; l < COUNT<U> && l / N < left; ++l) sums[l % N].add(absolutes[l], squares[l]);
        }
        for (int l = 0; l < pass_.lanes(); ++l) penalties[l] += sums[l].penalty(runs_[l].network);
    }

    // Ends the networks that have met a number that is not finite; false where none is left.
    bool keep_or_end(const bool* failed) {
        bool any = false;
        for (int l = 0; l < pass_.lanes(); ++l) {
            if (!ended_[l] && failed[l]) {
                ended_[l] = true;
                courses_[l].end(Ended::diverged);
            }
            any = any || !ended_[l];
        }
        return any;
    }

    void take_parameters() {
        const auto from = [&](auto array_of, U* to) {
            pass_.each_parameter([&](Index cell, Index p) {
                cells_of<V>(to)[cell] = pass_.each_lane([&](Index l) { return array_of(l)[p]; });
            });
        };
        from([&](Index l) { return runs_[l].parameters; }, pass_.parameters);
        for (int s = 0; s < 2; ++s)
            if (pass_.slots[s]) from([&, s](Index l) { return runs_[l].slots[s]; }, pass_.slots[s]);
    }

    void give_parameters() {
        const auto to = [&](U* from, auto array_of) {
            pass_.each_parameter([&](Index cell, Index p) {
                T numbers[N];
                store(numbers, cells_of<V>(from)[cell]);
                for (int l = 0; l < pass_.lanes(); ++l) array_of(l)[p] = numbers[l];
            });
        };
        to(pass_.parameters, [&](int l) { return runs_[l].parameters; });
        for (int s = 0; s < 2; ++s)
            if (pass_.slots[s]) to(pass_.slots[s], [&, s](int l) { return runs_[l].slots[s]; });
    }

    Training<T>* const runs_;
    TinyPass<V> pass_;
    const Block courses_block_;
    Course<T>* const courses_;
    int begun_ = 0;
    V divisor_{};
    Rates<V> rates_{};
    const bool penalised_ = is_penalised(pass_.network);
    const bool abreast_ = pass_.goes_abreast();
    bool constant_rates_ = true;  // from step to step
    bool rated_ = false;          // whether there are rates by now
    Step next_[N] = {};
    double losses_[N] = {};
    bool lost_[N] = {}, ended_[N] = {};
};

}  // namespace clearprop::CLEARPROP_ISA
