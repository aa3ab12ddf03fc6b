"""Members by fold: what each leaves out, which weights it keeps, how all answer together, what may come between."""

from __future__ import annotations

import signal
import warnings
from dataclasses import replace
from itertools import count

import numpy as np
import pytest

import clearprop as cp
from clearprop.ensemble import tempered
from clearprop.tabular import Recipe, learn, recipe
from clearprop.tabular.folds import folds
from clearprop.training import interrupts

RNG = np.random.default_rng(0)
X = RNG.normal(size=(160, 4)).astype(np.float32)
LABELS = ((X[:, 0] + 0.5 * RNG.normal(size=160) > 0) + (X[:, 1] > 0.8)).astype(np.int64)
NUMBERS = (X[:, :2] * [1.0, -2.0] + 0.1).astype(np.float32)


def small(task="classes", networks=("4-8", "4-6-6"), **changes):
    """A recipe of four members of two networks, with all that a recipe may have."""
    last = {"classes": "3", "numbers": "2"}[task]
    output, loss = {"classes": ("softmax", "cross_entropy"), "numbers": ("identity", "half_squared_error")}[task]
    made = [
        cp.Network.parse(f"{text}-{last}", hidden="relu", output=output, loss=loss, dropout=0.1) for text in networks
    ]
    settings = {
        "optimizer": cp.AdamW(cp.schedules.OneCycle(0.02, steps=1)),
        "batch_size": 16,
        "epochs": 6,
        "first_epoch": 2,
        "folds": 4,
        "drop_last": True,
    }
    return Recipe(tuple(made[place // 2] for place in range(4)), **{**settings, **changes})


def same(first, second):
    return first.ensemble == second.ensemble and first.left_out.tobytes() == second.left_out.tobytes()


@pytest.fixture(scope="module")
def learnt():
    return learn(X, LABELS, recipe=small(), seed=3)


def test_each_row_is_answered_by_the_member_that_left_it_out(learnt):
    fold_of = folds(LABELS, 4, 3)
    assert len(learnt.ensemble.members) == 4 and learnt.left_out.shape == (160, 3)
    for number, member in enumerate(learnt.ensemble.members):
        rows = fold_of == number
        np.testing.assert_array_equal(learnt.left_out[rows], member.predict(X[rows]))


def test_the_rows_of_a_fold_do_not_touch_the_member_that_leaves_them_out():
    """Other numbers in fold 0: member 1 goes the same course, as its losses say, and the others do not."""
    changed = NUMBERS.copy()
    changed[folds(NUMBERS, 4, 3) == 0] += 1.0
    first, second = (learn(X, Y, recipe=small("numbers"), seed=3) for Y in (NUMBERS, changed))
    assert first.histories[0].loss == second.histories[0].loss
    assert all(first.histories[number].loss != second.histories[number].loss for number in (1, 2, 3))


def test_the_best_epoch_that_may_be_chosen_is_kept(learnt):
    fold_of = folds(LABELS, 4, 3)
    for number, (history, kept) in enumerate(zip(learnt.histories, learnt.best_epochs, strict=True)):
        losses = history.validation_loss
        assert kept >= 2 and losses[kept - 1] == min(losses[1:]) and len(losses) == 6
        rows = fold_of == number
        shares = learnt.left_out[rows][np.arange(rows.sum()), LABELS[rows]]
        assert -np.log(shares).mean() == pytest.approx(losses[kept - 1], rel=1e-6)
        accuracy = (learnt.left_out[rows].argmax(axis=1) == LABELS[rows]).mean()
        assert history.validation_metric[kept - 1] == pytest.approx(accuracy)


def test_a_member_is_what_train_would_make_of_it_alone():
    """The course of a member is that of `train` on its rows, with its seed, from its start."""
    from clearprop.engines import get_engine
    from clearprop.tabular.folds import member_seeds
    from clearprop.tabular.start import start

    made = replace(small(), epochs=3, first_epoch=3)
    together = learn(X, LABELS, recipe=made, seed=1, threads=2)
    fold_of, seeds = folds(LABELS, 4, 1), member_seeds(1, 4)
    for number in (0, 3):
        rows = fold_of != number
        begun = start(made.networks[number], X[rows], "data", seed=seeds[number], engine=get_engine("auto"), threads=1)
        alone = cp.train(
            cp.Model.of(begun),
            X[rows],
            LABELS[rows],
            optimizer=made.optimizer_for(3 * (120 // 16)),
            batch_size=16,
            epochs=3,
            drop_last=True,
            seed=seeds[number],
        )
        assert alone.model == together.ensemble.members[number]
        assert alone.history.loss == together.histories[number].loss


def test_the_temperature_has_the_smallest_left_out_log_loss(learnt):
    def log_loss(temperature):
        shares = tempered(learnt.left_out, temperature, "softmax")
        return -np.log(shares[np.arange(160), LABELS]).mean()

    best = log_loss(learnt.ensemble.temperature)
    assert all(best <= log_loss(temperature) + 1e-9 for temperature in np.geomspace(0.2, 5, 200))
    assert 0.2 <= learnt.ensemble.temperature <= 5


@pytest.mark.parametrize("task", ["classes", "numbers"])
def test_threads_change_no_bit(task):
    Y = LABELS if task == "classes" else NUMBERS
    first, *others = (learn(X, Y, recipe=small(task), threads=count) for count in (1, 2, 3))
    assert all(same(first, one) for one in others)
    assert not same(first, learn(X, Y, recipe=small(task), seed=1))


@pytest.mark.parametrize("task", ["classes", "numbers"])
def test_engines_agree(task):
    Y = LABELS if task == "classes" else NUMBERS
    native, reference = (learn(X, Y, recipe=small(task, epochs=2), engine=one) for one in ("native", "reference"))
    np.testing.assert_allclose(native.left_out, reference.left_out, atol=2e-3)


def test_numbers_have_no_temperature():
    learnt = learn(X, NUMBERS, recipe=small("numbers", epochs=30))
    assert learnt.ensemble.temperature == 1.0
    assert np.mean((learnt.left_out - NUMBERS) ** 2) < 0.2 * NUMBERS.var()
    assert learnt.histories[0].metric_name == "r2"


def test_given_rows_watch_in_place_of_folds():
    watched = X[:40], LABELS[:40]
    learnt = learn(X[40:], LABELS[40:], recipe=small(), validation=watched)
    mean = np.mean([member.predict(watched[0]) for member in learnt.ensemble.members], axis=0)
    np.testing.assert_allclose(learnt.left_out, mean, rtol=1e-6)
    assert len({member.parameters.flat[:4].tobytes() for member in learnt.ensemble.members}) == 4
    for history, kept in zip(learnt.histories, learnt.best_epochs, strict=True):
        assert history.validation_loss[kept - 1] == min(history.validation_loss[1:])


def test_rows_that_weigh_nothing_are_as_if_they_were_not_there():
    """Their targets may be anything, as far as folds do not go by them."""
    weights = np.ones(160)
    weights[::5] = 0
    other = NUMBERS.copy()
    other[::5] = 50
    one, two = (learn(X, Y, recipe=small("numbers"), sample_weight=weights) for Y in (NUMBERS, other))
    assert one.ensemble == two.ensemble


def test_weights_count_in_the_temperature_and_in_the_best_epoch():
    weights = np.where(LABELS == 1, 10.0, 0.1)
    learnt = learn(X, LABELS, recipe=small(), sample_weight=weights)
    shares = learnt.left_out[np.arange(160), LABELS]
    kept = [one.validation_loss[best - 1] for one, best in zip(learnt.histories, learnt.best_epochs, strict=True)]
    fold_of = folds(LABELS, 4, 0)
    for number in range(4):
        rows = fold_of == number
        assert kept[number] == pytest.approx(np.average(-np.log(shares[rows]), weights=weights[rows]), rel=1e-6)


def test_without_folds_all_rows_are_learnt_from_and_the_last_weights_kept():
    learnt = learn(X, LABELS, recipe=small(folds=1))
    assert learnt.best_epochs == (6,) * 4 and learnt.left_out.shape == (0, 3)
    assert learnt.ensemble.temperature == 1.0 and not learnt.histories[0].validation_loss


def test_fewer_members_than_folds_leave_rows_unanswered():
    made = small()
    learnt = learn(X, LABELS, recipe=replace(made, networks=made.networks[:2]), seed=3)
    answered = np.isfinite(learnt.left_out).all(axis=1)
    np.testing.assert_array_equal(answered, folds(LABELS, 4, 3) < 2)


@pytest.mark.parametrize("rows", [2, 3, 5])
def test_as_many_folds_as_there_are_rows_at_most(rows):
    learnt = learn(X[:rows], [0, 1, 1, 0, 2][:rows], recipe=small())
    assert np.isfinite(learnt.left_out).all()


def test_several_labels_at_once():
    Y = np.stack([X[:, 0] > 0, X[:, 1] > 0, X[:, 0] > X[:, 1]], axis=1).astype(np.float32)
    learnt = learn(X, Y, recipe=recipe("quick", X, 3, "labels", epochs=60))
    assert ((learnt.left_out > 0.5) == (Y > 0.5)).mean() > 0.9
    assert learnt.ensemble.temperature != 1.0 and not learnt.histories[0].validation_metric


@pytest.mark.parametrize("loss", ["absolute", "huber", "quantile(0.9)", "poisson"])
def test_other_losses_choose_by_themselves(loss):
    output = "exp" if loss == "poisson" else "identity"
    network = cp.Network.parse("4-8-1", hidden="relu", output=output, loss=loss)
    learnt = learn(X, np.abs(NUMBERS[:, :1]), recipe=replace(small(), networks=(network,) * 4))
    for member, history, kept in zip(learnt.ensemble.members, learnt.histories, learnt.best_epochs, strict=True):
        assert member.network == network and np.isfinite(history.validation_loss[kept - 1])
    rows = folds(np.abs(NUMBERS[:, :1]), 4) == 0
    first = learnt.ensemble.members[0].loss(X[rows], np.abs(NUMBERS[rows, :1]))
    assert first == pytest.approx(learnt.histories[0].validation_loss[learnt.best_epochs[0] - 1], rel=1e-5)


# What goes wrong


def wild(*places):
    """A recipe some of whose members leave the finite numbers."""
    made = small(optimizer=cp.SGD(0.5), first_epoch=1)
    explosive = cp.Network.parse("4-50-50-3", hidden="exp", output="softmax", loss="cross_entropy")
    networks = [explosive if place in places else network for place, network in enumerate(made.networks)]
    return replace(made, networks=tuple(networks), initializer="he")


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_the_ensemble_goes_on_without_a_member_that_diverges(engine):
    with pytest.warns(RuntimeWarning, match=r"of 4 members 1 diverged \(member 2\) and is left out.*rate was 0.5"):
        learnt = learn(10 * X, LABELS, recipe=wild(1), seed=3, engine=engine)
    assert len(learnt.ensemble.members) == len(learnt.histories) == len(learnt.best_epochs) == 3
    np.testing.assert_array_equal(np.isnan(learnt.left_out).all(axis=1), folds(LABELS, 4, 3) == 1)
    assert 0.2 <= learnt.ensemble.temperature <= 5


def test_that_all_members_diverge_is_an_error():
    with pytest.raises(cp.DivergenceError, match=r"all 4 members have diverged, the first in epoch 1"):
        learn(10 * X, LABELS, recipe=wild(0, 1, 2, 3))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"recipe": "strong"}, "expected a Recipe"),
        ({"X": X[:, :3]}, "4 inputs"),
        ({"Y": LABELS + 5}, "class index"),
        ({"X": X[:1], "Y": LABELS[:1]}, "at least two rows"),
        ({"sample_weight": np.zeros(160)}, "sample_weight"),
        ({"sample_weight": np.eye(160)[0]}, "rows that member . learns from"),
        ({"seed": -1}, "seed"),
        ({"engine": "natve"}, "native"),
        ({"validation": 0.2}, "validation: expected"),
        ({"validation": (X, None)}, "validation: expected"),
        ({"validation": (X[:, :3], LABELS)}, "validation: X"),
        ({"callbacks": [3]}, "callbacks"),
        ({"callbacks": [cp.EarlyStopping()], "recipe": small(folds=1)}, "EarlyStopping watches"),
    ],
)
def test_what_does_not_fit_is_said(settings, words):
    with pytest.raises(cp.InputError, match=words):
        learn(settings.pop("X", X), settings.pop("Y", LABELS), **{"recipe": small(), **settings})


def test_networks_that_do_not_fit_each_other_are_refused():
    made = small()
    other = cp.Network.parse("4-3-2", output="softmax", loss="cross_entropy")
    with pytest.raises(cp.InputError, match="network 2: all must have the same outputs"):
        learn(X, LABELS, recipe=replace(made, networks=(made.networks[0], other)))


def test_nothing_given_is_written_to():
    given = [X.copy(), LABELS.copy(), np.ones(160)]
    for one in given:
        one.flags.writeable = False
    learn(given[0], given[1], sample_weight=given[2], recipe=small(epochs=1))


# What looks on, and what comes between


class Watcher(cp.Callback):
    def __init__(self, stop_after=None):
        self.seen, self.stop_after = [], stop_after

    def on_start(self, moment):
        self.seen.append(("start", moment.epoch))

    def on_epoch_end(self, moment):
        self.seen.append(("epoch", moment.epoch, len(moment.history), moment.history.last("validation_loss")))
        return None if self.stop_after is None else moment.epoch < self.stop_after

    def on_end(self, moment):
        self.seen.append(("end", moment.ended))
        with pytest.raises(cp.ClearpropError, match="several"):
            _ = moment.model

    def close(self):
        self.seen.append(("close",))


def test_callbacks_see_every_epoch_of_the_mean():
    watcher = Watcher()
    learnt = learn(X, LABELS, recipe=small(), callbacks=[watcher, cp.Progress()])
    epochs = [one for one in watcher.seen if one[0] == "epoch"]
    assert [one[1:3] for one in epochs] == [(epoch, epoch) for epoch in range(1, 7)]
    mean = np.mean([history.validation_loss for history in learnt.histories], axis=0)
    np.testing.assert_allclose([one[3] for one in epochs], mean, rtol=1e-12)
    assert watcher.seen[0] == ("start", 0) and watcher.seen[-2:] == [("end", "epochs done"), ("close",)]


def test_a_callback_may_end_it():
    learnt = learn(X, LABELS, recipe=small(), callbacks=[Watcher(stop_after=3)])
    assert learnt.ended == "stopped" and len(learnt.histories[0]) == 3


def test_early_stopping_watches_the_mean():
    made = small(epochs=400, optimizer=cp.Adam(0.05))
    learnt = learn(X, LABELS, recipe=made, callbacks=[cp.EarlyStopping(patience=5)])
    assert learnt.ended == "early stopping" and len(learnt.histories[0]) < 100


def test_an_error_of_a_callback_comes_out(monkeypatch):
    class Bad(cp.Callback):
        def on_tick(self, moment):
            raise ZeroDivisionError

    monkeypatch.setattr("clearprop.tabular.side_by_side.TICK_SECONDS", 0.0)
    for engine in ("native", "reference"):
        with pytest.raises(ZeroDivisionError):
            learn(X, LABELS, recipe=small(), callbacks=[Bad()], engine=engine)


class StopAt(cp.Callback):
    """Sends a signal at the n-th tick."""

    def __init__(self, tick):
        self.tick = tick

    def on_tick(self, moment):
        self.tick -= 1
        if self.tick == 0:
            signal.raise_signal(signal.SIGINT)


@pytest.fixture
def every_tick(monkeypatch):
    monkeypatch.setattr("clearprop.tabular.side_by_side.TICK_SECONDS", 0.0)


def test_progress_counts_each_batch_once(every_tick):
    """Three members of one network and one of another, seven batches each; it is asked before each but the first."""

    class Batches(cp.Callback):
        def __init__(self):
            self.seen = []

        def on_tick(self, moment):
            assert moment.batches == 28
            self.seen.append((moment.epoch, moment.batch))

    made, batches = small(epochs=2), Batches()
    one, *_, other = made.networks
    learn(X, LABELS, recipe=replace(made, networks=(one, one, one, other)), engine="reference", callbacks=[batches])
    first = [batch for epoch, batch in batches.seen if epoch == 0]
    assert len(first) == 24 and first == sorted(set(first)) and first[18:] == [22, 23, 24, 25, 26, 27]


@pytest.mark.parametrize("tick", [1, 2, 7, 8, 20, 29, 30, 31, 57, 100, 115])
def test_a_stopped_run_goes_on_as_if_it_had_never_stopped(tmp_path, every_tick, tick):
    made = small(epochs=5)
    whole = learn(X, LABELS, recipe=made, engine="reference")
    path = tmp_path / "c"
    with interrupts():
        checkpoint = cp.Checkpoint(path, every_seconds=None)
        stopped = learn(X, LABELS, recipe=made, engine="reference", callbacks=[StopAt(tick), checkpoint])
    assert stopped.ended == "interrupted"
    again = learn(X, LABELS, recipe=made, engine="reference", callbacks=[cp.Checkpoint(path, resume=True)])
    assert same(again, whole) and again.histories == whole.histories and again.best_epochs == whole.best_epochs


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_checkpoints_on_the_way_change_nothing(tmp_path, every_tick, engine):
    made = small(epochs=3)
    path = tmp_path / "c"
    often = cp.Checkpoint(path, every_seconds=0.0, every_epochs=2)
    assert same(
        learn(X, LABELS, recipe=made, engine=engine, callbacks=[often]), learn(X, LABELS, recipe=made, engine=engine)
    )
    resumed = learn(X, LABELS, recipe=made, engine=engine, callbacks=[cp.Checkpoint(path, resume=True)])
    assert resumed.ended == "epochs done"


def test_the_seconds_of_an_epoch_are_those_of_all_its_parts(every_tick, monkeypatch):
    """A clock that goes on by one whenever it is asked: pauses cut each epoch into many calls of the engine."""

    class Pausing(cp.Callback):
        def on_tick(self, moment):
            return True

    clock = count()
    monkeypatch.setattr("clearprop.tabular.side_by_side.time.perf_counter", lambda: float(next(clock)))
    learnt = learn(X, LABELS, recipe=small(epochs=2), engine="reference", callbacks=[Pausing()])
    told = sum(sum(history.seconds) for history in learnt.histories)
    assert told > 0.3 * next(clock)


@pytest.mark.parametrize("tick", [5, 33, 80])
def test_a_killed_run_goes_on_from_its_last_checkpoint(tmp_path, every_tick, tick):
    """An error stands for the kill: nothing is written after it. How often is asked depends on the pauses, so the last
    kill comes well before half of the batches."""

    class Killed(StopAt):
        def on_tick(self, moment):
            self.tick -= 1
            if self.tick == 0:
                raise MemoryError

    made, path = small(epochs=9), tmp_path / "c"
    with pytest.raises(MemoryError):
        callbacks = [Killed(tick), cp.Checkpoint(path, every_seconds=0.002)]
        learn(X, LABELS, recipe=made, engine="reference", callbacks=callbacks)
    again = learn(X, LABELS, recipe=made, engine="reference", callbacks=[cp.Checkpoint(path, resume=True)])
    assert same(again, learn(X, LABELS, recipe=made, engine="reference"))


def test_ctrl_c_is_a_keyboard_interrupt_after_the_checkpoint(tmp_path, every_tick):
    path = tmp_path / "c"
    with pytest.raises(KeyboardInterrupt):
        learn(X, LABELS, recipe=small(), engine="reference", callbacks=[StopAt(50), cp.Checkpoint(path)])
    assert same(
        learn(X, LABELS, recipe=small(), engine="reference", callbacks=[cp.Checkpoint(path, resume=True)]),
        learn(X, LABELS, recipe=small(), engine="reference"),
    )


def test_what_callbacks_know_is_kept(tmp_path, every_tick):
    made = small(epochs=60, optimizer=cp.Adam(0.05))

    def run(*callbacks):
        return learn(X, LABELS, recipe=made, engine="reference", callbacks=[cp.EarlyStopping(patience=4), *callbacks])

    whole = run()
    with interrupts():
        run(StopAt(150), cp.Checkpoint(tmp_path / "c"))
    again = run(cp.Checkpoint(tmp_path / "c", resume=True))
    assert same(whole, again) and whole.ended == again.ended == "early stopping"
    assert same(whole, run(cp.Checkpoint(tmp_path / "c", resume=True)))  # it had ended, and is not gone on with


def test_a_member_lost_stays_lost(tmp_path):
    path = tmp_path / "c"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        made = wild(1)
        callbacks = [Watcher(stop_after=2), cp.Checkpoint(path)]
        learn(10 * X, LABELS, recipe=made, engine="reference", callbacks=callbacks)
        again = learn(10 * X, LABELS, recipe=made, engine="reference", callbacks=[cp.Checkpoint(path, resume=True)])
        assert same(again, learn(10 * X, LABELS, recipe=made, engine="reference"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seed": 1}, "seed"),
        ({"Y": np.roll(LABELS, 1)}, "training data"),
        ({"recipe": small(epochs=7)}, "recipe"),
        ({"recipe": small(networks=("4-9", "4-6-6"))}, "recipe"),
        ({"engine": "native"}, "engine"),
        ({"validation": (X, LABELS)}, "validation data"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, changes, words):
    path = tmp_path / "c"
    settings = {"X": X, "Y": LABELS, "recipe": small(), "engine": "reference"}
    learn(**settings, callbacks=[Watcher(stop_after=1), cp.Checkpoint(path)])
    kept = path.read_bytes()
    with pytest.raises(cp.InputError, match=f"belongs to another run.*{words}"):
        learn(**{**settings, **changes}, callbacks=[cp.Checkpoint(path, resume=True)])
    assert path.read_bytes() == kept


@pytest.mark.parametrize(
    "damage",
    [
        lambda tensors, metadata: tensors.pop("2/parameters"),
        lambda tensors, metadata: tensors.pop("1/history/loss"),
        lambda tensors, metadata: tensors.update({"1/history/loss": np.zeros(3)}),
        lambda tensors, metadata: tensors.update({"3/parameters": np.zeros(3, np.float32)}),
        lambda tensors, metadata: tensors.update({"3/slots/m": np.zeros(3, np.float32)}),
        lambda tensors, metadata: metadata["members"].pop(),
        lambda tensors, metadata: metadata["members"][0].pop("state"),
        lambda tensors, metadata: metadata["members"][0]["state"].update(epoch=-3),
        lambda tensors, metadata: metadata["members"][0]["state"].update(seed=3),
        lambda tensors, metadata: metadata.update(epoch=4),
        lambda tensors, metadata: metadata.update(ended="tired"),
        lambda tensors, metadata: metadata.pop("members"),
    ],
)
def test_a_checkpoint_that_is_not_whole_is_refused(tmp_path, damage):
    from clearprop import container

    path = tmp_path / "c"
    learn(X, LABELS, recipe=small(), engine="reference", callbacks=[Watcher(stop_after=2), cp.Checkpoint(path)])
    contents = container.read(path)
    tensors, metadata = dict(contents.tensors), dict(contents.metadata)
    damage(tensors, metadata)
    container.write(path, tensors, metadata)
    with pytest.raises(cp.InputError, match="c: "):
        learn(X, LABELS, recipe=small(), engine="reference", callbacks=[cp.Checkpoint(path, resume=True)])


def test_no_row_is_in_a_checkpoint(tmp_path):
    path = tmp_path / "c"
    learn(X, LABELS, recipe=small(), callbacks=[cp.Checkpoint(path)])
    data = path.read_bytes()
    assert not any(row.tobytes() in data for row in X)
