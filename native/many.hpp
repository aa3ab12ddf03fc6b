// Many networks at once: each is trained whole by one thread, and a thread takes the next when it is done with one.
#pragma once

#include "roster.hpp"
#include "train.hpp"

namespace clearprop::CLEARPROP_ISA {

template <class T>
class ManyTrainer {
  public:
    explicit ManyTrainer(Trainings<T>& many)
        : many_(many), rows_(most_rows(many)), team_(team_size(many)),
          threads_each_(team_ == 1 ? many.threads : 1), roster_(many.count, team_, many.tick) {}

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

    // The rule of how networks share the threads: side by side, each on one, unless there are fewer networks than
    // threads and a step is so large that more threads than there are networks would help with it; then one after
    // another, each on all.
    static int team_size(const Trainings<T>& many) {
        const int useful = useful_threads(many.runs[0].network, most_rows(many), many.threads);
        if (many.count >= many.threads) return many.threads;
        return useful > many.count ? 1 : int(many.count);
    }

    void work(int thread) {
        Workspace<T>* space = nullptr;
        try {
            for (Index i = roster_.next(thread); i >= 0; i = roster_.next(thread)) {
                Training<T>& run = many_.runs[i];
                const int slots = slots_of(run.optimizer.rule);
                if (space && (space->slot_count != slots || space->precision != run.precision)) discard(space);
                if (!space) space = make_space(run, slots);
                run.threads = threads_each_;
                run.tick = roster_.tick_of(thread);
                Trainer<T>(run, *space).go();
                // What is not finite may have come to stand where the next run counts on zeros.
                if (run.ended == Ended::diverged) discard(space);
            }
        } catch (...) {
            roster_.fail();
        }
        discard(space);
        roster_.finish(thread);
    }

    Workspace<T>* make_space(const Training<T>& run, int slots) const {
        return new Workspace<T>(run.network, Purpose::train, slots, rows_, run.precision);
    }

    static void discard(Workspace<T>*& space) {
        delete space;
        space = nullptr;
    }

    Trainings<T>& many_;
    const Index rows_;  // of the largest batch
    const int team_, threads_each_;
    Roster roster_;
};

}  // namespace clearprop::CLEARPROP_ISA
