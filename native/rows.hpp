#pragma once
#include "lose.hpp"
#include "workspace.hpp"
namespace clearprop::CLEARPROP_ISA {
template <class T>
void softmax(Index units, Matrix<T> values, Matrix<T> slopes, Index first, Index count) {
    for (Index r = first; r < first + count; ++r) {
        T largest = *values.at(r,0), sum = 0;
        for (Index i = 1; i < units; ++i) largest = *values.at(r,i) > largest ? *values.at(r,i) : largest;
        for (Index i = 0; i < units; ++i) sum += *values.at(r,i) = std::exp(*values.at(r,i) - largest);
        for (Index i = 0; i < units; ++i) { *values.at(r,i) /= sum; if (slopes.base) *slopes.at(r,i) = *values.at(r,i); }
    }
}
template <class T>
void softmax_back(Index units, Matrix<T> gradient, Matrix<T> slopes, Index first, Index count) {
    for (Index r = first; r < first + count; ++r) {
        T mean = 0;
        for (Index i = 0; i < units; ++i) mean += *gradient.at(r,i) * *slopes.at(r,i);
        for (Index i = 0; i < units; ++i) *gradient.at(r,i) = *slopes.at(r,i) * (*gradient.at(r,i) - mean);
    }
}
template <class T>
void activate_back(const Stage<T>& last, Index first, Index count) {
    if (last.layer.activation == Activation::softmax) return softmax_back(last.layer.units, last.deltas, last.slopes, first, count);
    for (Index r = first; r < first + count; ++r)
        for (Index i = 0; i < last.layer.units; ++i) *last.deltas.at(r,i) *= *last.slopes.at(r,i);
}
template <class T, class C>
bool lose_all(Workspace<T>& space, const Samples<T>& samples, const C& chunk, Index first, Index count) {
    const Stage<T>& last = space.last();
    bool finite = true;
    T v[4096], d[4096];
    for (Index r = first; r < first + count; ++r) {
        const Index row = chunk.row(r), outputs = last.layer.units;
        const Target<T> target{samples.Y ? samples.Y + row * outputs : nullptr,
                               samples.classes ? samples.classes[row] : 0};
        const T weight = samples.weights ? samples.weights[row] : 1;
        for (Index i = 0; i < outputs; ++i) v[i] = *last.values.at(r, i);
        space.losses[r] = double(weight) * lose(space.network, v, target, outputs, d);
        finite = finite && std::isfinite(space.losses[r]);
        const T scale = weight / T(chunk.divisor);
        for (Index i = 0; i < outputs; ++i) *last.deltas.at(r,i) = d[i]*scale;
    }
    return finite;
}
}
