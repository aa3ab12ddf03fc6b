// Networks of a few units, trained without panels, threads or tiles: one with a scalar V, or as many side by side as V
// has lanes.
#pragma once

#include <new>

#include "penalty.hpp"
#include "tiny_abreast.hpp"

namespace clearprop::CLEARPROP_ISA {

inline constexpr Index TINY_WEIGHTS = 64, TINY_ROWS = 16;  // up to so many a network alone is faster without panels
inline constexpr Index TINY_WEIGHTS_SIDE_BY_SIDE = 1024;  // and with others side by side

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
        if constexpr (N == 1) {
            if (!Abreast<V>::suits(pass_)) steps_by_levels();
            else if (batch_rows(runs_[0]) > 1 || penalised_) steps_abreast();
            else with_rule(runs_[0].optimizer.rule, [&]<Rule RULE>() { steps_of_one_row<RULE>(); });
        } else {
            steps_by_levels();
        }
        give_parameters();
    }

  private:
    // Calls learn(row) for each row of a batch of each network.
    template <class Learn>
    [[gnu::always_inline]] inline void steps(Learn learn) {
        while (prepare()) {
            begin();
            const Index count = next_[first_at_work()].count;
            for (Index row = 0; row < count; ++row) learn(row);
            if (!keep_or_end(lost_) || !update_all()) return;
        }
    }

    void steps_by_levels() {
        steps([&](Index row) {
            pass_.forward(next_, row);
            const RowLoss<V> one = pass_.lose(next_, row, divisor_);
            T losses[N], weights[N];
            store(losses, one.loss);
            store(weights, one.weight);
            for (int l = 0; l < pass_.lanes(); ++l) enter(l, double(weights[l]) * double(losses[l]));
            pass_.backward(row == 0);
        });
    }

    // Of a network whose layers fill a vector each at most.
    [[gnu::flatten]] void steps_abreast() {
        Abreast<V> abreast(pass_, runs_[0].samples);
        steps([&](Index row) {
            const Index table_row = next_[0].rows[row];
            double loss;
            const U delta = abreast.lose(table_row, abreast.forward(table_row), divisor_, loss);
            enter(0, loss);
            abreast.backward(delta, SumUp{pass_.gradients, row == 0});
        });
    }

    // The same with batches of one row, whose gradients are used at once.
    template <Rule RULE>
    [[gnu::flatten]] void steps_of_one_row() {
        Abreast<V> abreast(pass_, runs_[0].samples);
        Course<T>& course = courses_[0];
        Step& step = next_[0];
        while (const Index calm = course.calm_steps())
            for (Index i = 0; i < calm; ++i) {
                course.take(step);
                const Index table_row = step.rows[0];
                double loss;
                const U delta = abreast.lose(table_row, abreast.forward(table_row), V(step.divisor), loss);
                if (!__builtin_isfinite(loss)) return course.end(Ended::diverged);
                prepare_rates();
                U finite{};
                abreast.backward(delta, UpdateAtOnce<RULE>{*this, finite});
                if (!all_of(finite == U{})) return course.end(Ended::diverged);
                course.enter(step, loss, 0);
            }
        course.end();
    }

    // Adds a row's gradients to those of the batch.
    struct SumUp {
        U* gradients;
        bool first_row;

        template <class Add>
        void operator()(const Stretch& stretch, Add add) const {
            U* const sums = gradients + stretch.first;
            for (Index i = 0; i < stretch.count; ++i) sums[i] = add(i, first_row ? U{} : sums[i]);
        }
    };

    template <Rule RULE>
    struct UpdateAtOnce {
        TinyTrainer& trainer;
        U& finite;

        template <class Add>
        void operator()(const Stretch& stretch, Add add) const {
            trainer.template update_some<RULE>(stretch, [=](Index i) { return add(i, U{}); }, finite);
        }
    };

    // A network that has not ended: its batch is as long as those of all others at work. One that has ended keeps its
    // last.
    int first_at_work() const {
        int lane = 0;
        while (lane + 1 < pass_.lanes() && ended_[lane]) ++lane;
        return lane;
    }

    // The next batch of each network; false where the runs are over.
    bool prepare() {
        bool over = false;
        for (int l = 0; l < pass_.lanes(); ++l)
            if (!ended_[l]) over = !courses_[l].prepare(next_[l]) || over;
        for (int l = 0; l < pass_.lanes() && over; ++l)
            if (!ended_[l]) courses_[l].end();
        return !over;
    }

    void begin() {
        for (int l = 0; l < pass_.lanes(); ++l) {
            losses_[l] = 0;
            lost_[l] = false;
        }
        divisor_ = pass_.each_lane([&](Index l) { return next_[l].divisor; });
    }

    // A row's share of the batch's loss.
    void enter(int lane, double share) {
        losses_[lane] += share;
        lost_[lane] = lost_[lane] || !__builtin_isfinite(share);
    }

    // False where no network is left.
    bool update_all() {
        prepare_rates();
        double penalties[N] = {};
        for (Index n = 0; n < pass_.network.depth && penalised_; ++n) penalise(pass_.levels[n], penalties);
        return finish(with_rule(runs_[0].optimizer.rule, [&]<Rule RULE>() { return update_as<RULE>(); }), penalties);
    }

    // 0 in the lanes whose new parameters are all finite.
    template <Rule RULE>
    U update_as() {
        U finite{};
        const auto update_summed = [&](const Stretch& stretch) {
            const auto summed = [gradients = pass_.gradients + stretch.first](Index i) { return gradients[i]; };
            update_some<RULE>(stretch, summed, finite);
        };
        for (Index n = 0; n < pass_.network.depth; ++n) {
            update_summed(pass_.levels[n].of_weights);
            if (pass_.levels[n].trains_bias) update_summed(pass_.levels[n].of_bias);
        }
        return finite;
    }

    // With gradient(i) of the i-th; `finite` stays 0 in the lanes whose new parameters are.
    template <Rule RULE, class Gradient>
    void update_some(const Stretch& stretch, Gradient gradient, U& finite) {
        constexpr int SLOTS = slots_of(RULE);
        const V rate = rates_.rate * T(stretch.factor);
        U* const parameters = pass_.parameters + stretch.first;
        U* const slot0 = SLOTS > 0 ? pass_.slots[0] + stretch.first : nullptr;
        U* const slot1 = SLOTS > 1 ? pass_.slots[1] + stretch.first : nullptr;
        U none{}, sum = finite;
        for (Index i = 0; i < stretch.count; ++i) {
            U w = parameters[i];
            update<RULE>(rates_, rate, stretch.decays, w, gradient(i), SLOTS > 0 ? slot0[i] : none,
                         SLOTS > 1 ? slot1[i] : none);
            sum = fused(w, U{}, sum);
            parameters[i] = w;
        }
        finite = sum;
    }

    // Enters the steps of the networks whose parameters are finite, and ends others; false where none is left.
    bool finish(U finite, const double* penalties) {
        bool left = true;
        if (!all_of(finite == U{})) {
            T sums[COUNT<U>];
            store(sums, finite);
            bool overflowed[N] = {};
            for (int l = 0; l < COUNT<U>; ++l) overflowed[l % N] = overflowed[l % N] || !(sums[l] == 0);
            left = keep_or_end(overflowed);
        }
        for (int l = 0; l < pass_.lanes(); ++l)
            if (!ended_[l]) courses_[l].enter(next_[l], losses_[l], penalties[l]);
        return left;
    }

    void prepare_rates() {
        if (!constant_rates_ || !rated_) rates_ = rates_of_lanes();
        rated_ = true;
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
    bool constant_rates_ = true;  // from step to step
    bool rated_ = false;          // whether there are rates by now
    Step next_[N] = {};
    double losses_[N] = {};
    bool lost_[N] = {}, ended_[N] = {};
};

}  // namespace clearprop::CLEARPROP_ISA
