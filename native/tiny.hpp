// Networks of a few units, trained without panels, threads or tiles: one with a scalar V, or as many side by side as V
// has lanes. Each number comes from the same operations in the same order as in the panels, and so has the same bits.
#pragma once

#include <new>

#include "course.hpp"
#include "lose.hpp"
#include "optimize.hpp"
#include "penalty.hpp"
#include "philox.hpp"
#include "workspace.hpp"

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
    return run.precision == Precision::full && weights <= most && sums_in_order<T>(network);
}

// Panels hold several rows of a batch at once, so for more of them they are faster.
template <class T>
bool is_tiny_alone(const Training<T>& run) {
    return batch_rows(run) <= TINY_ROWS && is_tiny(run, TINY_WEIGHTS);
}

// A row of numbers of each network, as the functions of rows want it.
template <class V>
struct Cells {
    V* base;

    V operator()(Index i) const { return base[i]; }
    void put(Index i, V x) const { base[i] = x; }
};

// Derivatives by the last layer, scaled by the row's share of the batch's loss.
template <class V>
struct ScaledCells {
    V* base;
    V scale;

    void keep(Index i, V x) const { base[i] = x; }
    V kept(Index i) const { return base[i]; }
    void put(Index i, V x) const { base[i] = x * scale; }
};

// A few units, whose sums stay in registers.
template <int UNITS>
struct Few {};

// Calls f(Few<UNITS>{}, first) for groups of the units, in their order.
template <class F>
void each_few(Index units, F f) {
    Index first = 0;
    for (; units - first >= 4; first += 4) f(Few<4>{}, first);
    switch (units - first) {
        case 3: return f(Few<3>{}, first);
        case 2: return f(Few<2>{}, first);
        case 1: return f(Few<1>{}, first);
    }
}

template <class V>
class TinyTrainer {
    using T = Scalar<V>;
    static constexpr int N = COUNT<V>;

  public:
    // `count` runs of one network shape and one rule, of the same epochs, batches and rows visited.
    TinyTrainer(Training<T>* runs, int count) : runs_(runs), count_(count), network_(runs[0].network) {
        Index bytes = place(nullptr);
        block_ = static_cast<char*>(allocate(bytes));
        place(block_);
    }
    ~TinyTrainer() {
        for (int l = 0; l < begun_; ++l) courses_[l].~Course();
        release(block_);
    }
    TinyTrainer(const TinyTrainer&) = delete;
    TinyTrainer& operator=(const TinyTrainer&) = delete;

    void go() {
        first_number_ = runs_[0].step;
        for (int l = 0; l < lanes(); ++l) constant_rates_ = constant_rates_ && is_constant(runs_[l].optimizer);
        for (; begun_ < lanes(); ++begun_) new (static_cast<void*>(courses_ + begun_)) Course<T>(runs_[begun_]);
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
    // The lanes that are in use.
    int lanes() const { return N == 1 ? 1 : count_; }

    struct Level {
        Layer layer;
        V *weights, *bias;  // as in the flat parameters
        V *inputs, *values, *slopes, *deltas, *mask;
        Index first;      // of the weights among the parameters
        Index bias_size;
        bool joint, rectifies;
    };

    // Cuts the arrays from a block, or with null tells how large it must be.
    Index place(char* block) {
        Index used = 0;
        const auto take = [&]<class U>(U*& array, Index count) {
            array = block ? reinterpret_cast<U*>(block + used) : nullptr;
            used += (count * Index(sizeof(U)) + 63) / 64 * 64;
        };
        const Index rows = batch_rows(runs_[0]);
        take(levels_, network_.depth);
        take(courses_, N);
        V* inputs;
        take(inputs, network_.layers[0].inputs);
        parameters_ = 0;
        for (Index l = 0; l < network_.depth; ++l) {
            const Layer& layer = network_.layers[l];
            const bool top = l == network_.depth - 1;
            Level level{};
            level.layer = layer;
            level.first = parameters_;
            level.bias_size = bias_size(layer);
            level.joint = top && network_.joint;
            level.rectifies = !top && layer.activation == Activation::relu && layer.dropout == 0;
            level.inputs = inputs;
            take(level.values, layer.units);
            take(level.slopes, layer.units);
            take(level.deltas, layer.units);
            take(level.mask, layer.units);
            inputs = level.values;
            parameters_ += layer.inputs * layer.units + level.bias_size;
            if (levels_) levels_[l] = level;
        }
        take(values_, parameters_);
        take(gradients_, parameters_);
        for (int s = 0; s < slots_of(runs_[0].optimizer.rule); ++s) take(slots_[s], parameters_);
        for (int l = 0; l < N; ++l) take(next_[l].rows, rows);
        for (Index l = 0; l < network_.depth && levels_; ++l) {
            levels_[l].weights = values_ + levels_[l].first;
            levels_[l].bias = levels_[l].weights + levels_[l].layer.inputs * levels_[l].layer.units;
        }
        return used;
    }

    template <Rule RULE>
    void steps() {
        while (prepare()) {
            begin();
            for (Index row = 0; row < next_[first_at_work()].count; ++row) {
                forward(row);
                lose_row(row);
                backward(row == 0);
            }
            if (!keep_or_end(lost_)) return;
            update_all<RULE>();
        }
    }

    // A network that has not ended: its batch is as long as those of all others at work. One that has ended keeps its last.
    int first_at_work() const {
        int lane = 0;
        while (lane + 1 < lanes() && ended_[lane]) ++lane;
        return lane;
    }

    // The next batch of each network; false where the runs are over.
    bool prepare() {
        bool none = false;
        for (int l = 0; l < lanes(); ++l) {
            if (ended_[l]) continue;
            courses_[l].prepare(next_[l]);
            none = none || next_[l].none;
        }
        for (int l = 0; l < lanes() && none; ++l)
            if (!ended_[l]) courses_[l].end(next_[l].none ? next_[l].why : Ended::stopped);
        return !none;
    }

    // The lanes that are in use have a network; the others do what the first does.
    template <class F>
    static V each_lane(int count, F f) {
        return gathered<V>(count, [&](Index l) { return T(f(l)); });
    }

    void begin() {
        for (int l = 0; l < lanes(); ++l) {
            losses_[l] = 0;
            lost_[l] = false;
        }
        divisor_ = each_lane(lanes(), [&](Index l) { return next_[l].divisor; });
    }

    void forward(Index row) {
        const Index inputs = network_.layers[0].inputs;
        const T* X = runs_[0].samples.X;
        for (Index i = 0; i < inputs; ++i)
            levels_[0].inputs[i] = each_lane(lanes(), [&](Index l) { return X[next_[l].rows[row] * inputs + i]; });
        for (Index n = 0; n < network_.depth; ++n) {
            const Level& level = levels_[n];
            each_few(level.layer.units, [&level]<int UNITS>(Few<UNITS>, Index first) { net_inputs<UNITS>(level, first); });
            if (level.joint || level.rectifies) continue;
            activate_level(level);
            if (level.layer.dropout > 0) drop_out(level, n, row);
        }
    }

    template <int UNITS>
    static void net_inputs(const Level& level, Index first) {
        V sum[UNITS];
        for (int o = 0; o < UNITS; ++o)
            sum[o] = level.bias_size > 0 ? level.bias[level.bias_size > 1 ? first + o : 0] : V{};
        const V* weight = level.weights + first;
        for (Index i = 0; i < level.layer.inputs; ++i, weight += level.layer.units)
            for (int o = 0; o < UNITS; ++o) sum[o] = fused(level.inputs[i], weight[o], sum[o]);
        for (int o = 0; o < UNITS; ++o)
            level.values[first + o] = level.rectifies ? select(sum[o] > 0, sum[o], V{}) : sum[o];
    }

    static void activate_level(const Level& level) {
        const Index units = level.layer.units;
        if (level.layer.activation == Activation::softmax) {
            softmax<V>(units, Cells<V>{level.values});
            for (Index o = 0; o < units; ++o) level.slopes[o] = level.values[o];
            return;
        }
        with_activation<V>(level.layer.activation, T(level.layer.activation_number), [&](auto f) {
            for (Index o = 0; o < units; ++o) {
                const Point<V> point = f(level.values[o]);
                level.values[o] = point.value;
                level.slopes[o] = point.slope;
            }
        });
    }

    void drop_out(const Level& level, Index n, Index row) {
        const Index units = level.layer.units;
        const std::uint64_t limit = std::uint64_t(level.layer.dropout * 4294967296.0);
        const T kept = T(1 / (1 - level.layer.dropout));
        for (Index o = 0; o < units; ++o) {
            const Index index = row * units + o;
            level.mask[o] = each_lane(lanes(), [&](Index l) {
                const Words drawn = philox(runs_[l].seed, DROPOUT, std::uint32_t(n), std::uint64_t(next_[l].number),
                                           std::uint64_t(index) / 4);
                return drawn.word[index % 4] >= limit ? kept : 0;
            });
            level.values[o] *= level.mask[o];
            if (level.layer.activation != Activation::softmax) level.slopes[o] *= level.mask[o];
        }
    }

    void lose_row(Index row) {
        const Level& last = levels_[network_.depth - 1];
        const Index outputs = last.layer.units;
        const Samples<T>& samples = runs_[0].samples;
        const auto table_row = [&](Index l) { return next_[l].rows[row]; };
        TargetColumn<V> targets{{}, {}, samples.classes != nullptr};
        if (samples.classes) targets.index = each_lane(lanes(), [&](Index l) { return samples.classes[table_row(l)]; });
        else
            for (int l = 0; l < N; ++l) targets.numbers[l] = samples.Y + table_row(l < lanes() ? l : 0) * outputs;
        const V weight = samples.weights ? each_lane(lanes(), [&](Index l) { return samples.weights[table_row(l)]; })
                                         : splat<V>(1);
        const V loss = lose<V>(network_, outputs, Cells<V>{last.values}, targets,
                               ScaledCells<V>{last.deltas, weight / divisor_});
        T shares[N], weights[N];
        store(shares, loss);
        store(weights, weight);
        for (int l = 0; l < lanes(); ++l) {
            const double share = double(weights[l]) * double(shares[l]);
            losses_[l] += share;
            lost_[l] = lost_[l] || !__builtin_isfinite(share);
        }
        if (!last.joint) through_activation(last);
    }

    // ∂E/∂A of a row becomes ∂E/∂Z in place.
    static void through_activation(const Level& level) {
        const Index units = level.layer.units;
        if (level.layer.activation == Activation::softmax) {
            for (Index o = 0; o < units && level.layer.dropout > 0; ++o) level.deltas[o] *= level.mask[o];
            return softmax_back<V>(units, Cells<V>{level.deltas}, Cells<V>{level.slopes});
        }
        for (Index o = 0; o < units; ++o)
            level.deltas[o] = level.rectifies ? select(level.values[o] > 0, level.deltas[o], V{})
                                              : level.deltas[o] * level.slopes[o];
    }

    // The gradients of the first row of a batch are set, those of others added.
    void backward(bool first_row) {
        for (Index n = network_.depth - 1; n >= 0; --n) {
            const Level& level = levels_[n];
            each_few(level.layer.units, [&]<int UNITS>(Few<UNITS>, Index first) { add_gradients<UNITS>(level, first, first_row); });
            if (n == 0) return;
            const Level& below = levels_[n - 1];
            each_few(level.layer.units,
                     [&]<int UNITS>(Few<UNITS>, Index first) { hand_down<UNITS>(level, first, below.deltas); });
            through_activation(below);
        }
    }

    template <int UNITS>
    void add_gradients(const Level& level, Index first, bool first_row) {
        const Index inputs = level.layer.inputs, units = level.layer.units;
        const auto sum = [first_row](V gradient) { return first_row ? V{} : gradient; };
        V delta[UNITS];
        for (int o = 0; o < UNITS; ++o) delta[o] = level.deltas[first + o];
        V* gradient = gradients_ + level.first + first;
        for (Index i = 0; i < inputs; ++i, gradient += units)
            for (int o = 0; o < UNITS; ++o) gradient[o] = fused(level.inputs[i], delta[o], sum(gradient[o]));
        V* bias = gradients_ + level.first + inputs * units;
        if (level.bias_size > 1 || level.layer.units == 1) {
            for (int o = 0; o < UNITS && level.bias_size > 0; ++o) bias[first + o] = sum(bias[first + o]) + delta[o];
        } else if (level.bias_size == 1) {
            V all = first > 0 ? bias[0] : sum(bias[0]);
            for (int o = 0; o < UNITS; ++o) all += delta[o];
            bias[0] = all;
        }
    }

    template <int UNITS>
    static void hand_down(const Level& level, Index first, V* sums) {
        V delta[UNITS];
        for (int o = 0; o < UNITS; ++o) delta[o] = level.deltas[first + o];
        const V* weight = level.weights + first;
        for (Index i = 0; i < level.layer.inputs; ++i, weight += level.layer.units) {
            V sum = first > 0 ? sums[i] : V{};
            for (int o = 0; o < UNITS; ++o) sum = fused(delta[o], weight[o], sum);
            sums[i] = sum;
        }
    }

    template <Rule RULE>
    void update_all() {
        if (!constant_rates_ || next_[first_at_work()].number == first_number_) rates_ = rates_of_lanes();
        const Rates<V> rates = rates_;
        double penalties[N] = {};
        V finite{};
        for (Index n = 0; n < network_.depth; ++n) {
            const Level& level = levels_[n];
            if (is_penalised(network_)) penalise(level, penalties);
            const Index weights = level.layer.inputs * level.layer.units;
            update_some<RULE>(rates, true, level.first, weights, finite);
            if (level.layer.train_bias) update_some<RULE>(rates, false, level.first + weights, level.bias_size, finite);
        }
        T sums[N];
        store(sums, finite);
        bool overflowed[N];
        for (int l = 0; l < lanes(); ++l) overflowed[l] = !(sums[l] == 0);
        keep_or_end(overflowed);
        for (int l = 0; l < lanes(); ++l)
            if (!ended_[l]) courses_[l].enter(next_[l], losses_[l], penalties[l]);
    }

    template <Rule RULE>
    void update_some(const Rates<V>& rates, bool decay, Index first, Index count, V& finite) {
        constexpr int SLOTS = slots_of(RULE);
        V none{};
        for (Index p = first; p < first + count; ++p) {
            V w = values_[p];
            update<RULE>(rates, decay, w, gradients_[p], SLOTS > 0 ? slots_[0][p] : none,
                         SLOTS > 1 ? slots_[1][p] : none);
            finite = fused(w, V{}, finite);
            values_[p] = w;
        }
    }

    Rates<V> rates_of_lanes() const {
        constexpr Index COUNT_OF_RATES = Index(sizeof(Rates<T>) / sizeof(T));
        T columns[COUNT_OF_RATES][N];
        for (int l = 0; l < N; ++l) {
            const int used = l < lanes() ? l : 0;
            const Rates<T> rates = rates_of<T>(runs_[used].optimizer, next_[used].rate, next_[used].number);
            T numbers[COUNT_OF_RATES];
            __builtin_memcpy(numbers, &rates, sizeof(rates));
            for (Index i = 0; i < COUNT_OF_RATES; ++i) columns[i][l] = numbers[i];
        }
        return __builtin_bit_cast(Rates<V>, columns);
    }

    void penalise(const Level& level, double* penalties) {
        const Index units = level.layer.units;
        PenaltySums sums[N] = {};
        for (Index o = 0; o < units; ++o) {
            PenaltyShares<V> shares{};
            for (Index i = 0; i < level.layer.inputs; ++i) {
                const Index p = level.first + i * units + o;
                gradients_[p] += shares.add(network_, values_[p]);
            }
            T absolutes[N], squares[N];
            store(absolutes, shares.absolute);
            store(squares, shares.square);
            for (int l = 0; l < N; ++l) sums[l].add(absolutes[l], squares[l]);
        }
        for (int l = 0; l < N; ++l) penalties[l] += sums[l].penalty(network_);
    }

    // Ends the networks that have met a number that is not finite; false where none is left.
    bool keep_or_end(const bool* failed) {
        bool any = false;
        for (int l = 0; l < lanes(); ++l) {
            if (!ended_[l] && failed[l]) {
                ended_[l] = true;
                courses_[l].end(Ended::diverged);
            }
            any = any || !ended_[l];
        }
        return any;
    }

    void take_parameters() {
        const auto from = [&](auto array_of, V* to) {
            for (Index p = 0; p < parameters_; ++p) to[p] = each_lane(lanes(), [&](Index l) { return array_of(l)[p]; });
        };
        from([&](Index l) { return runs_[l].parameters; }, values_);
        for (int s = 0; s < 2; ++s)
            if (slots_[s]) from([&, s](Index l) { return runs_[l].slots[s]; }, slots_[s]);
    }

    void give_parameters() {
        const auto to = [&](const V* from, auto array_of) {
            for (Index p = 0; p < parameters_; ++p) {
                T numbers[N];
                store(numbers, from[p]);
                for (int l = 0; l < lanes(); ++l) array_of(l)[p] = numbers[l];
            }
        };
        to(values_, [&](int l) { return runs_[l].parameters; });
        for (int s = 0; s < 2; ++s)
            if (slots_[s]) to(slots_[s], [&, s](int l) { return runs_[l].slots[s]; });
    }

    Training<T>* const runs_;
    const int count_;
    const Network network_;
    char* block_ = nullptr;
    Level* levels_ = nullptr;
    Course<T>* courses_ = nullptr;
    int begun_ = 0;
    Index parameters_ = 0;
    V *values_ = nullptr, *gradients_ = nullptr, *slots_[2] = {};
    V divisor_{};
    Rates<V> rates_{};
    Index first_number_ = 0;
    bool constant_rates_ = true;  // from step to step
    Step next_[N] = {};
    double losses_[N] = {};
    bool lost_[N] = {}, ended_[N] = {};
};

}  // namespace clearprop::CLEARPROP_ISA
