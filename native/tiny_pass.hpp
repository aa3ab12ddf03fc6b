// Networks of a few units, one with a scalar V or as many side by side as V has lanes: their memory, and a row's way
// through them and back.
#pragma once

#include "course.hpp"
#include "lose.hpp"
#include "optimize.hpp"
#include "philox.hpp"
#include "tiny_level.hpp"
#include "workspace.hpp"

namespace clearprop::CLEARPROP_ISA {

// Derivatives by the last layer, scaled by the row's share of the batch's loss.
template <class V>
struct ScaledCells {
    V* base;
    V scale;

    void keep(Index i, V x) const { base[i] = x; }
    V kept(Index i) const { return base[i]; }
    void put(Index i, V x) const { base[i] = x * scale; }
};

// Eᵢ and wᵢ of a row of each network.
template <class V>
struct RowLoss {
    V loss, weight;
};

template <class V>
class TinyPass {
    using T = Scalar<V>;
    static constexpr int N = COUNT<V>;

  public:
    // Of `count` runs of one network shape, whose samples have classes, or weights, all or none.
    TinyPass(const Training<T>* runs, int count)
        : network(runs[0].network), runs_(runs), count_(count), block_(place(nullptr)) {
        place(static_cast<char*>(block_.start));
    }

    // The lanes that are in use.
    int lanes() const { return N == 1 ? 1 : count_; }

    // `row` counts within the batch of each network.
    void forward(const Step* steps, Index row) {
        const Index inputs = network.layers[0].inputs;
        const T* x[N] = {};
        for (int l = 0; l < lanes(); ++l) x[l] = runs_[l].samples.X + steps[l].rows[row] * inputs;
        if constexpr (N == 1) levels[0].inputs = x[0];
        else
            for (Index i = 0; i < inputs; ++i) inputs_[i] = each_lane([&](Index l) { return x[l][i]; });
        for (Index n = 0; n < network.depth; ++n) {
            levels[n].forward();
            if (levels[n].layer.dropout > 0) drop_out(n, steps, row);
        }
    }

    [[gnu::flatten]] RowLoss<V> lose(const Step* steps, Index row, V divisor) {
        const TinyLevel<V>& last = levels[network.depth - 1];
        const Index outputs = last.layer.units;
        const auto samples = [&](Index l) -> const Samples<T>& { return runs_[l].samples; };
        const auto table_row = [&](Index l) { return steps[l].rows[row]; };
        TargetColumn<V> targets{{}, {}, samples(0).classes != nullptr};
        if (samples(0).classes) targets.index = each_lane([&](Index l) { return samples(l).classes[table_row(l)]; });
        else
            for (int l = 0; l < N; ++l) {
                const int used = l < lanes() ? l : 0;
                targets.numbers[l] = samples(used).Y + table_row(used) * outputs;
            }
        const V weight = samples(0).weights ? each_lane([&](Index l) { return samples(l).weights[table_row(l)]; })
                                            : splat<V>(1);
        const V loss = CLEARPROP_ISA::lose<V>(network.loss, network, outputs, Cells<V>{last.values}, targets,
                                              ScaledCells<V>{last.deltas, weight / divisor});
        return {loss, weight};
    }

    [[gnu::flatten]] void backward(bool first_row) {
        for (Index n = network.depth - 1; n >= 0; --n) {
            levels[n].backward(first_row);
            if (n > 0) levels[n].hand_down(levels[n - 1].deltas);
        }
    }

    // A number of each network; the lanes that are not in use do what the first does.
    template <class F>
    V each_lane(F f) const {
        return gathered<V>(lanes(), [&](Index l) { return T(f(l)); });
    }

    // Calls f(cell, p) for each place in the groups of parameters, counted in Vs, with the number of the flat parameter
    // that stands there.
    template <class F>
    void each_parameter(F f) const {
        Index cell = 0, p = 0;
        for (Index n = 0; n < network.depth; ++n) {
            const TinyLevel<V>& level = levels[n];
            for (Index row = 0; row <= level.layer.inputs; ++row) {
                const Index count = row < level.layer.inputs ? level.layer.units : bias_size(level.layer);
                const Index cells = level.width * ABREAST<V>;
                for (Index o = 0; o < cells && count > 0; ++o)
                    f(cell + o, p + (o < count ? o : o / ABREAST<V> * ABREAST<V> % count));
                cell += cells;
                p += count;
            }
        }
    }

    const Network network;
    TinyLevel<V>* levels = nullptr;
    Group<V> *parameters = nullptr, *gradients = nullptr, *slots[2] = {};

  private:
    // Cuts the arrays from a block, or with null tells how large it must be.
    Index place(char* block) {
        Index used = 0;
        const auto take = [&]<class U>(U*& array, Index count) {
            array = block ? reinterpret_cast<U*>(block + used) : nullptr;
            used += (count * Index(sizeof(U)) + 63) / 64 * 64;
        };
        take(levels, network.depth);
        take(inputs_, network.layers[0].inputs);
        const V* inputs = inputs_;
        Index count = 0;  // of groups of parameters
        for (Index l = 0; l < network.depth; ++l) {
            const Layer& layer = network.layers[l];
            const bool top = l == network.depth - 1;
            TinyLevel<V> level{};
            level.layer = layer;
            level.width = width_of<V>(layer.units);
            level.weight_groups = layer.inputs * level.width;
            level.trains_bias = layer.train_bias && layer.bias != Bias::none;
            level.joint = top && network.joint;
            level.rectifies = !top && layer.activation == Activation::relu && layer.dropout == 0;
            level.normalises = !level.joint && layer.activation == Activation::softmax;
            level.scales = !level.joint && !level.rectifies && !level.normalises;
            level.inputs = inputs;
            for (V** const cells : {&level.values, &level.slopes, &level.deltas, &level.mask})
                take(*cells, level.width * ABREAST<V>);
            inputs = level.values;
            count += level.weight_groups + level.width;
            if (levels) levels[l] = level;
        }
        take(parameters, count);
        take(gradients, count);
        for (int s = 0; s < slots_of(runs_[0].optimizer.rule); ++s) take(slots[s], count);
        Index first = 0;
        for (Index l = 0; l < network.depth && levels; ++l) {
            TinyLevel<V>& level = levels[l];
            level.weights = parameters + first;
            level.bias = level.weights + level.weight_groups;
            level.of_weights = {first, level.weight_groups, level.layer.weight_rate, true};
            level.of_bias = {first + level.weight_groups, level.width, level.layer.bias_rate, false};
            level.weight_gradients = gradients + first;
            level.bias_gradients = level.weight_gradients + level.weight_groups;
            first += level.weight_groups + level.width;
        }
        return used;
    }

    // Four units have their random words from one block of the generator, which may begin in the row before.
    void drop_out(Index n, const Step* steps, Index row) {
        const TinyLevel<V>& level = levels[n];
        std::uint64_t limit[N];
        T kept[N];
        for (int l = 0; l < lanes(); ++l) {
            const double dropped = level.layer.dropout * steps[l].fade;
            limit[l] = std::uint64_t(dropped * 4294967296.0);
            kept[l] = T(1 / (1 - dropped));
        }
        const Index start = row * level.layer.units, end = start + level.layer.units;
        for (Index block = start / 4; block * 4 < end; ++block) {
            Words drawn[N];
            for (int l = 0; l < lanes(); ++l)
                drawn[l] = philox(runs_[l].seed, DROPOUT, std::uint32_t(n), std::uint64_t(steps[l].number),
                                  std::uint64_t(block));
            for (Index index = block * 4; index < block * 4 + 4; ++index)
                if (index >= start && index < end)
                    level.mask[index - start] = each_lane([&](Index l) {
                        return drawn[l].word[index % 4] >= limit[l] ? kept[l] : 0;
                    });
        }
        level.drop();
    }

    const Training<T>* const runs_;
    const int count_;
    const Block block_;
    V* inputs_ = nullptr;
};

}  // namespace clearprop::CLEARPROP_ISA
