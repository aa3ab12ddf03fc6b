// Many networks at once: each is trained whole by one thread, and a thread takes the next when it is done with one.
#pragma once

#include "roster.hpp"
#include "train.hpp"

namespace clearprop::CLEARPROP_ISA {

template <class T>
class ManyTrainer {
  public:
    explicit ManyTrainer(Trainings<T>& many)
        : many_(many), rows_(most_rows(many)), abreast_(abreast(many)), groups_((many.count + abreast_ - 1) / abreast_),
          team_(team_size()), threads_each_(team_ == 1 ? many.threads : 1), roster_(groups_, team_, many.tick) {}

    void go() {
        run_team(team_, [](void* self, int thread) { static_cast<ManyTrainer*>(self)->work(thread); }, this);
        roster_.raise();
    }

  private:
    static Index most_rows(const Trainings<T>& many) {
        Index most = 1;
        for (Index i = 0; i < many.count; ++i) {
            const Index rows = batch_rows(many.runs[i]);
            most = rows > most ? rows : most;
        }
        return most;
    }

    // How many networks go side by side in the lanes of vectors: where they are tiny and make the same steps, as many
    // as there are lanes.
    static Index abreast(const Trainings<T>& many) {
        if (!is_tiny(many.runs[0], TINY_WEIGHTS_ABREAST)) return 1;
        for (Index first = 0; first < many.count; first += LANES<T>) {
            const Index left = many.count - first;
            if (!keep_step(many.runs + first, left < LANES<T> ? left : LANES<T>)) return 1;
        }
        return LANES<T>;
    }

    // The rule of how networks share the threads: side by side, each on one, unless there are fewer networks than
    // threads and a step is so large that more threads than there are networks would help with it; then one after
    // another, each on all.
    int team_size() const {
        const int useful = useful_threads(many_.runs[0].network, rows_, many_.threads);
        if (groups_ >= many_.threads) return many_.threads;
        return useful > groups_ ? 1 : int(groups_);
    }

    void work(int thread) {
        Workspace<T>* space = nullptr;
        try {
            for (Index group = roster_.next(thread); group >= 0; group = roster_.next(thread)) {
                const Index first = group * abreast_, left = many_.count - first;
                train_group(many_.runs + first, left < abreast_ ? left : abreast_, thread, space);
            }
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
        for (Index i = 0; i < count; ++i) {
            Training<T>& run = runs[i];
            if (is_tiny_alone(run)) {
                TinyTrainer<T>(&run, 1).go();
                continue;
            }
            const int slots = slots_of(run.optimizer.rule);
            if (space && (space->slot_count != slots || space->precision != run.precision)) discard(space);
            if (!space) space = make_space(run, slots);
            Trainer<T>(run, *space).go();
            // What is not finite may have come to stand where the next run counts on zeros.
            if (run.ended == Ended::diverged) discard(space);
        }
    }

    // Whether the runs make the same steps, each on rows of its own.
    static bool keep_step(const Training<T>* runs, Index count) {
        const auto course = [](const Training<T>& run) {
            const Index rule = Index(run.optimizer.rule), last = run.drop_last ? 1 : 0;
            return Steps{{rule, Index(run.precision), run.visited, run.batch_size, last, run.epochs, run.steps - run.step,
                          run.epoch, run.batch}};
        };
        const Steps wanted = course(runs[0]);
        for (Index i = 1; i < count; ++i) {
            const Steps found = course(runs[i]);
            if (__builtin_memcmp(&found, &wanted, sizeof(wanted)) != 0) return false;
        }
        return true;
    }

    Workspace<T>* make_space(const Training<T>& run, int slots) const {
        return new Workspace<T>(run.network, Purpose::train, slots, rows_, run.precision);
    }

    static void discard(Workspace<T>*& space) {
        delete space;
        space = nullptr;
    }

    struct Steps {
        Index numbers[9];
    };

    Trainings<T>& many_;
    const Index rows_;  // of the largest batch
    const Index abreast_, groups_;
    const int team_, threads_each_;
    Roster roster_;
};

}  // namespace clearprop::CLEARPROP_ISA
