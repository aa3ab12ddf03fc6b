// Column layers: what becomes of the inputs before the first dense layer, and the way back to their parameters. Lanes
// are rows, and each input is worked on by itself.
#pragma once

#include "activate.hpp"
#include "dots.hpp"
#include "math.hpp"
#include "trained.hpp"

namespace clearprop::CLEARPROP_ISA {

// An input that becomes other numbers, at work. Its parameters stand together: those that are trained, then those that
// are not, each followed by zeros up to a whole vector.
struct Embedded {
    const ColumnLayer* layer;
    Index number;          // within its layer
    Index input;           // of the table's columns
    Index first;           // of its outputs among the features
    Index outputs;         // of its outputs among those of all embedded inputs
    Index flat;            // where the parameters of its layer begin in the flat vector
    Index start;           // where its own begin here
    Index trained, fixed;  // how many

    template <class T>
    Index fixed_start() const { return start + whole_vectors<T>(trained); }
    template <class T>
    Index end() const { return fixed_start<T>() + whole_vectors<T>(fixed); }
};

inline Embedded embedded(const ColumnLayer& layer) {
    const Index K = layer.functions, M = layer.outputs;
    Embedded one{&layer, 0, 0, 0, 0, 0, 0, 0, 0};
    switch (layer.kind) {
        case ColumnKind::plain: break;
        case ColumnKind::periodic: one.trained = 2 * K + K * M + M; break;
        case ColumnKind::piecewise_linear: one.trained = K * M; one.fixed = 3 * K; break;
        case ColumnKind::embedding: one.trained = K * M; break;
    }
    return one;
}

// The parameters of one input, by name; b, m and c where there are any.
template <class T>
struct Basis {
    T *W, *b, *m, *U, *c;

    Basis(const Embedded& one, T* all) : W{}, b{}, m{}, U{}, c{} {
        const Index K = one.layer->functions, M = one.layer->outputs;
        T* const own = all + one.start;
        if (one.layer->kind == ColumnKind::periodic) {
            W = own;
            b = W + K;
            U = b + K;
            c = U + K * M;
        } else {
            U = own;
            W = all + one.fixed_start<T>();
            b = W + K;
            m = b + K;
        }
    }
};

// A basis function of a row or several, and its slope.
template <ColumnKind KIND, class V>
inline Point<V> basis_at(Scalar<V> W, Scalar<V> b, Scalar<V> m, V x) {
    using T = Scalar<V>;
    if constexpr (KIND == ColumnKind::periodic) {
        const SineCosine<V> both = sine_cosine_of(fused_with(T(6.283185307179586477) * x, W, b));
        return {both.cosine, -both.sine};
    } else {
        const V z = fused_with(x, W, b);
        const V within = select(z > 0, select(z < 1, z, splat<V>(1)), V{});
        return {within - m, select(z > 0, select(z < 1, splat<V>(1), V{}), V{})};
    }
}

// All inputs of a network on their way, and the parameters of its column layers.
template <class T>
struct ColumnStage {
    using V = Vector<T>;
    static constexpr Index OUTPUTS_AT_ONCE = 8;

    Network network;
    Embedded* embedded;   // the inputs that become other numbers
    Index embedded_count, output_count, parameter_count, rows;
    Trained<T> parameters;  // of all embedded inputs
    Trained<T> scale;       // of the features, in whole panels; null: there is none
    T* inputs;              // (embedded_count, rows): input by input
    T* deltas;              // (output_count, rows): ∂E/∂v
    Matrix<T> features;     // (rows, width)
    Matrix<T> scaled;       // (rows, width): what the first layer takes in; the features themselves where nothing scales
    Matrix<T> gradients;    // (rows, width): ∂E/∂h

    Index width() const { return network.layers[0].inputs; }

    // Rows of the table, by their numbers, become rows of features.
    template <class RowNumber>
    void take_in(const T* X, RowNumber row_number, Index first, Index count) const {
        Index input = 0, feature = 0;
        for (Index l = 0; l < network.column_count; ++l) {
            const ColumnLayer& layer = network.columns[l];
            if (layer.kind != ColumnKind::embedding) {  // numbers stand among the features themselves
                for (Index r = first; r < first + count; ++r) {
                    const T* row = X + row_number(r) * network.inputs + input;
                    for (Index i = 0; i < layer.count; ++i) features.at(r, feature + i) = row[i];
                }
            }
            input += layer.count;
            feature += width_of(layer);
        }
        for (Index i = 0; i < embedded_count; ++i) {
            T* x = inputs + i * rows;
            for (Index r = first; r < first + count; ++r) x[r] = X[row_number(r) * network.inputs + embedded[i].input];
            embed(embedded[i], x, first, count);
        }
        if (!scale.value) return;
        for (Index column = 0; column < width(); column += PANEL<T>)
            for (Index r = first; r < first + count; ++r)
                for (Index v = 0; v < PANEL<T>; v += LANES<T>)
                    store(scaled.from(r, column) + v, load<V>(features.from(r, column) + v) * load<V>(scale.value + column + v));
    }

    // What the gradients of the parameters need, from ∂E/∂h of these rows.
    void hand_back(Index first, Index count) const {
        for (Index i = 0; i < embedded_count; ++i) {
            const Embedded& one = embedded[i];
            for (Index m = 0; m < one.layer->outputs; ++m) {
                const T factor = scale.value ? scale.value[one.first + m] : T(1);
                T* delta = deltas + (one.outputs + m) * rows;
                for (Index r = first; r < first + count; ++r) delta[r] = gradients.at(r, one.first + m) * factor;
            }
        }
    }

    // Adds the gradient of one input's parameters over the first `count` rows; also of those that are not trained where
    // `all` asks for them.
    void add_gradient(const Embedded& one, Index count, bool all) const {
        const T *x = inputs + (&one - embedded) * rows, *delta = deltas + one.outputs * rows;
        switch (one.layer->kind) {
            case ColumnKind::plain: return;
            case ColumnKind::periodic: return add_of_basis<ColumnKind::periodic>(one, x, delta, count, true);
            case ColumnKind::piecewise_linear: return add_of_basis<ColumnKind::piecewise_linear>(one, x, delta, count, all);
            case ColumnKind::embedding: return add_of_table(one, x, delta, count);
        }
    }

    // ∂E/∂s of a panel of the scale.
    void add_gradient_of_scale(Index column, Index count) const {
        V sums[TILE_VECTORS];
        __builtin_memcpy(sums, scale.gradient + column, sizeof(sums));
        for (Index r = 0; r < count; ++r)
            for (Index v = 0; v < TILE_VECTORS; ++v)
                sums[v] = fused(load<V>(gradients.from(r, column) + v * LANES<T>),
                                load<V>(features.from(r, column) + v * LANES<T>), sums[v]);
        __builtin_memcpy(scale.gradient + column, sums, sizeof(sums));
    }

    // Calls f(place here, place in the flat vector, count) for each run of parameters that lie side by side in both.
    template <class F>
    void each_run(F f) const {
        for (Index i = 0; i < embedded_count; ++i) {
            const Embedded& one = embedded[i];
            const Index K = one.layer->functions, M = one.layer->outputs;
            Index flat = one.flat;
            const auto run = [&](Index place, Index count) {
                f(place, flat + one.number * count, count);
                flat += one.layer->count * count;
            };
            const Index fixed = one.fixed_start<T>();
            switch (one.layer->kind) {
                case ColumnKind::plain: break;
                case ColumnKind::periodic:
                    run(one.start, K);
                    run(one.start + K, K);
                    run(one.start + 2 * K, K * M);
                    run(one.start + 2 * K + K * M, M);
                    break;
                case ColumnKind::piecewise_linear:
                    for (Index part = 0; part < 3; ++part) run(fixed + part * K, K);
                    run(one.start, K * M);
                    break;
                case ColumnKind::embedding: run(one.start, K * M); break;
            }
        }
    }

    // About how many rows of a tile of a dense gradient cost as much as the gradient of one input.
    static double cost_of(const Embedded& one) {
        const double K = double(one.layer->functions), M = double(one.layer->outputs);
        switch (one.layer->kind) {
            case ColumnKind::plain: return 0;
            case ColumnKind::periodic: return K * (45 + 2 * M) / 32;
            case ColumnKind::piecewise_linear: return K * (8 + 2 * M) / 32;
            case ColumnKind::embedding: return K * M / 256 + 2;
        }
        return 0;
    }

    static Index width_of(const ColumnLayer& layer) {
        return layer.count * ((layer.kind == ColumnKind::embedding ? 0 : 1) + layer.outputs);
    }

  private:
    void embed(const Embedded& one, const T* x, Index first, Index count) const {
        switch (one.layer->kind) {
            case ColumnKind::plain: return;
            case ColumnKind::periodic: return embed_number<ColumnKind::periodic>(one, x, first, count);
            case ColumnKind::piecewise_linear: return embed_number<ColumnKind::piecewise_linear>(one, x, first, count);
            case ColumnKind::embedding: return look_up(one, x, first, count);
        }
    }

    // Calls f.template operator()<N>(first) for the outputs of an input, so many at a time that sums stay in registers.
    template <class F>
    static void each_few_outputs(Index outputs, F f) {
        for (Index first = 0; first < outputs; first += OUTPUTS_AT_ONCE) few<OUTPUTS_AT_ONCE>(outputs - first, first, f);
    }

    template <Index MOST, class F>
    static void few(Index left, Index first, F f) {
        if (MOST == 1 || left >= MOST) f.template operator()<MOST>(first);
        else if constexpr (MOST > 1) few<MOST - 1>(left, first, f);
    }

    // v = φ(x)·U + c of some rows.
    template <ColumnKind KIND>
    void embed_number(const Embedded& one, const T* x, Index first, Index count) const {
        const Basis<T> basis(one, parameters.value);
        const Index K = one.layer->functions, M = one.layer->outputs;
        each_few_outputs(M, [&]<Index OUTPUTS>(Index from) {
            for (Index done = 0; done < count; done += LANES<T>) {
                const Index r = first + done, left = count - done, lanes = left < LANES<T> ? left : LANES<T>;
                const V input = load_some<V>(x + r, left);
                V sum[OUTPUTS];
                for (Index m = 0; m < OUTPUTS; ++m) sum[m] = basis.c ? splat<V>(basis.c[from + m]) : V{};
                for (Index k = 0; k < K; ++k) {
                    const V value = basis_at<KIND>(basis.W[k], basis.b[k], basis.m ? basis.m[k] : T(0), input).value;
                    const T* const U = basis.U + k * M + from;
#pragma GCC unroll 8
                    for (Index m = 0; m < OUTPUTS; ++m) sum[m] = fused_with(value, U[m], sum[m]);
                }
                for (Index m = 0; m < OUTPUTS; ++m) {
                    T numbers[LANES<T>];
                    store(numbers, sum[m]);
                    for (Index l = 0; l < lanes; ++l) features.at(r + l, one.first + from + m) = numbers[l];
                }
            }
        });
    }

    void look_up(const Embedded& one, const T* x, Index first, Index count) const {
        const Index M = one.layer->outputs;
        for (Index r = first; r < first + count; ++r) {
            const T* row = parameters.value + one.start + Index(x[r]) * M;
            for (Index m = 0; m < M; ++m) features.at(r, one.first + m) = row[m];
        }
    }

    // Function by function, all rows of one after those of another: the sums stay in registers.
    template <ColumnKind KIND>
    void add_of_basis(const Embedded& one, const T* x, const T* delta, Index count, bool inner) const {
        const Basis<T> basis(one, parameters.value), sums(one, parameters.gradient);
        const Index K = one.layer->functions, M = one.layer->outputs;
        const auto add = [](T& to, V sum) { to += sum_of_lanes<T, VECTOR_BYTES>(sum); };
        each_few_outputs(M, [&]<Index OUTPUTS>(Index from) {
            for (Index k = 0; k < K; ++k) {
                const T W = basis.W[k], b = basis.b[k], mean = basis.m ? basis.m[k] : T(0);
                T U[OUTPUTS];
                for (Index m = 0; m < OUTPUTS; ++m) U[m] = basis.U[k * M + from + m];
                V dU[OUTPUTS] = {}, dW{}, db{}, dm{};
                for (Index r = 0; r < count; r += LANES<T>) {
                    const Index left = count - r;
                    const V input = load_some<V>(x + r, left);
                    const Point<V> point = basis_at<KIND>(W, b, mean, input);
                    V back{};
#pragma GCC unroll 8
                    for (Index m = 0; m < OUTPUTS; ++m) {
                        const V d = load_some<V>(delta + (from + m) * rows + r, left);
                        dU[m] = fused(point.value, d, dU[m]);
                        back = fused_with(d, U[m], back);
                    }
                    if (!inner) continue;
                    const V through = back * point.slope;
                    dW = fused(through, KIND == ColumnKind::periodic ? T(6.283185307179586477) * input : input, dW);
                    db += through;
                    dm -= back;
                }
                for (Index m = 0; m < OUTPUTS; ++m) add(sums.U[k * M + from + m], dU[m]);
                if (!inner) continue;
                add(sums.W[k], dW);
                add(sums.b[k], db);
                if (sums.m) add(sums.m[k], dm);
            }
        });
        for (Index m = 0; m < M && sums.c; ++m) {
            V dc{};
            for (Index r = 0; r < count; r += LANES<T>) dc += load_some<V>(delta + m * rows + r, count - r);
            add(sums.c[m], dc);
        }
    }

    void add_of_table(const Embedded& one, const T* x, const T* delta, Index count) const {
        const Index M = one.layer->outputs;
        for (Index r = 0; r < count; ++r) {
            T* row = parameters.gradient + one.start + Index(x[r]) * M;
            for (Index m = 0; m < M; ++m) row[m] += delta[m * rows + r];
        }
    }
};

}  // namespace clearprop::CLEARPROP_ISA
