// Many networks at once: each is trained whole by one thread, and a thread takes the next when it is done with one.
#pragma once

#include "roster.hpp"
#include "train.hpp"

namespace clearprop::CLEARPROP_ISA {

template <class T>
class ManyTrainer {
  public:
    explicit ManyTrainer(Trainings<T>& many)
        : many_(many), groups_block_((many.count + 1) * Index(sizeof(Index))),
          groups_(static_cast<Index*>(groups_block_.start)), group_count_(divide()), team_(team_size()),
          threads_each_(team_ == 1 ? many.threads : 1), roster_(group_count_, team_, many.tick) {}

    void go() {
        run_team(team_, [](void* self, int thread) { static_cast<ManyTrainer*>(self)->work(thread); }, this);
        roster_.raise();
    }

  private:
    // Cuts the runs into groups: tiny networks go side by side in the lanes of vectors, as many of one shape that make the
    // same steps as follow each other, where they fill half of the lanes or more, or are all there is; any other run is a
    // group by itself.
    Index divide() {
        Index groups = 0;
        for (Index first = 0; first < many_.count; ++groups) {
            groups_[groups] = first;
            const Index together = keeping_step(first);
            first += 2 * together >= LANES<T> || together == many_.count ? together : 1;
        }
        groups_[groups] = many_.count;
        return groups;
    }

    // How many runs from the first on, as many as there are lanes at most, can go side by side.
    Index keeping_step(Index first) const {
        if (!is_tiny(many_.runs[first], TINY_WEIGHTS_SIDE_BY_SIDE)) return 1;
        const Steps wanted = steps_of(many_.runs[first]);
        Index count = 1;
        while (count < LANES<T> && first + count < many_.count && steps_of(many_.runs[first + count]) == wanted) ++count;
        return count;
    }

    // The rule of how networks share the threads: side by side, each on one, unless there are fewer groups than threads
    // and a step is so large that more threads than there are groups would help with it; then one after another, each
    // on all.
    int team_size() const {
        if (group_count_ >= many_.threads) return many_.threads;
        int useful = 1;
        for (Index i = 0; i < many_.count; ++i) {
            const int own = useful_threads(many_.runs[i].network, batch_rows(many_.runs[i]), many_.threads);
            useful = own > useful ? own : useful;
        }
        return useful > group_count_ ? 1 : int(group_count_);
    }

    void work(int thread) {
        Workspace<T>* space = nullptr;
        try {
            for (Index group = roster_.next(thread); group >= 0; group = roster_.next(thread))
                train_group(many_.runs + groups_[group], groups_[group + 1] - groups_[group], thread, space);
        } catch (...) {
            roster_.fail();
        }
        discard(space);
        roster_.finish(thread);
    }

    void train_group(Training<T>* runs, Index count, int thread, Workspace<T>*& space) {
        for (Index i = 0; i < count; ++i) {
            runs[i].threads = threads_each_;
            runs[i].tick = roster_.tick_of(thread);
        }
        if (count > 1) return TinyTrainer<Vector<T>>(runs, int(count)).go();
        Training<T>& run = runs[0];
        if (is_tiny_alone(run)) return TinyTrainer<T>(&run, 1).go();
        const int slots = slots_of(run.optimizer.rule);
        if (space && !space->serves(run.network, slots, run.precision)) discard(space);
        if (!space) space = new Workspace<T>(run.network, Purpose::train, slots, most_rows(run), run.precision);
        space->penalise_as(run.network);
        Trainer<T>(run, *space).go();
        // What is not finite may have come to stand where the next run counts on zeros.
        if (run.ended == Ended::diverged) discard(space);
    }

    // Of the largest batch of all runs that a workspace made for one of them may come to serve.
    Index most_rows(const Training<T>& one) const {
        Index most = 1;
        for (Index i = 0; i < many_.count; ++i) {
            const Training<T>& run = many_.runs[i];
            const bool alike = run.network.layers == one.network.layers && run.precision == one.precision &&
                               slots_of(run.optimizer.rule) == slots_of(one.optimizer.rule);
            if (alike && batch_rows(run) > most) most = batch_rows(run);
        }
        return most;
    }

    // What runs have in common that make the same steps, each with rows, rates and penalties of its own.
    struct Steps {
        const Layer* layers;
        Index numbers[10];

        bool operator==(const Steps& other) const {
            return layers == other.layers && __builtin_memcmp(numbers, other.numbers, sizeof(numbers)) == 0;
        }
    };

    static Steps steps_of(const Training<T>& run) {
        const Index last = run.drop_last ? 1 : 0, limit = run.steps < 0 ? -1 : run.steps - run.step;
        const Index samples = (run.samples.classes ? 1 : 0) + (run.samples.weights ? 2 : 0);
        return {run.network.layers,
                {Index(run.optimizer.rule), Index(run.precision), run.visited, run.batch_size, last,
                 run.epochs - run.epoch, limit, run.batch, samples, is_penalised(run.network) ? 1 : 0}};
    }

    static void discard(Workspace<T>*& space) {
        delete space;
        space = nullptr;
    }

    Trainings<T>& many_;
    const Block groups_block_;
    Index* const groups_;  // the number of the first run of each, and how many runs there are
    const Index group_count_;
    const int team_, threads_each_;
    Roster roster_;
};

}  // namespace clearprop::CLEARPROP_ISA
