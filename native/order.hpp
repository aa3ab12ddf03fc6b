// The order in which an epoch visits the rows: the same as clearprop/engines/order.py.
#pragma once

#include <vector>

#include "plan.hpp"

namespace clearprop {

class EpochOrder {
  public:
    // `subset`: the rows of the table that the order is one of, or null for all.
    EpochOrder(Order order, const Index* given, const Index* subset, std::uint64_t seed, Index visited);
    ~EpochOrder();  // defined apart: this header is compiled once for each instruction set
    EpochOrder(const EpochOrder&) = delete;
    EpochOrder& operator=(const EpochOrder&) = delete;

    // The rows in the order in which an epoch visits them; they hold until the next call, which allocates nothing.
    const Index* rows(Index epoch);

  private:
    void shuffle(Index epoch);
    void draw(Index epoch);
    Index row_of(Index position) const { return subset_ ? subset_[position] : position; }
    void sort_by_key(Index count);

    Order order_;
    const Index* subset_;
    std::uint64_t seed_;
    Index visited_;
    std::vector<Index> rows_, window_, blocks_;
    std::vector<std::uint64_t> keyed_, spare_;  // random word << 32 | position
};

}  // namespace clearprop
