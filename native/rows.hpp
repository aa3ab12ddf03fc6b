// Lanes that are rows: a column of a few rows at once, gathered from wherever the numbers of the rows lie.
#pragma once

#include "math.hpp"

namespace clearprop::CLEARPROP_ISA {

// Where number o of row r stands: here the rows lie one after the other.
template <class T>
struct Rows {
    T* base;
    Index stride;

    T& at(Index r, Index o) const { return base[r * stride + o]; }
};

// Calls f(r, count, V{}) for blocks of rows r … r + count - 1: a vector's lanes, the last of them perhaps not all used;
// a row alone goes as a scalar. A row has the same bits in either.
template <class T, class F>
void each_block(Index first, Index count, F f) {
    for (Index end = first + count; first < end; first += LANES<T>) {
        const Index left = end - first;
        if (left == 1) f(first, left, T{});
        else f(first, left < LANES<T> ? left : LANES<T>, Vector<T>{});
    }
}

// A lane for each f(l); lanes that are not used repeat the first, so that nothing strange happens in them.
template <class V, class F>
inline V gathered(Index count, F f) {
    Scalar<V> numbers[COUNT<V>];
    for (Index l = 0; l < COUNT<V>; ++l) numbers[l] = f(l < count ? l : 0);
    return load<V>(numbers);
}

// The columns of `count` rows from `first` on.
template <class V, class Place>
struct Column {
    Place place;
    Index first, count;

    V operator()(Index o) const {
        return gathered<V>(count, [&](Index l) { return place.at(first + l, o); });
    }
    void put(Index o, V x) const {
        Scalar<V> numbers[COUNT<V>];
        store(numbers, x);
        for (Index l = 0; l < count; ++l) place.at(first + l, o) = numbers[l];
    }
};

}  // namespace clearprop::CLEARPROP_ISA
