"""The main job in Python: a table in, a model and its scores out."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import clearprop as cp
from clearprop.table import from_frame
from clearprop.tabular import fit, prepare


def people(rows=400, seed=0):
    """A table in which the answer depends on two columns and on nothing else."""
    rng = np.random.default_rng(seed)
    age, job = rng.uniform(20, 60, rows), rng.choice(["smith", "baker", "clerk"], rows)
    income = 1000.0 + 50.0 * age + np.where(job == "smith", 800.0, 0.0) + rng.normal(0, 20, rows)
    rich = np.where(income > np.median(income), "yes", "no")
    return pl.DataFrame(
        {"id": np.arange(rows), "age": age, "job": job, "noise": rng.normal(size=rows), "income": income, "rich": rich}
    )


def quickly(frame, target, **settings):
    return fit(prepare(from_frame(frame), target, recipe_name="quick", **settings))


@pytest.fixture(scope="module")
def classes():
    return quickly(people().drop("income"), "rich", seed=1)


@pytest.fixture(scope="module")
def numbers():
    return quickly(people().drop("rich"), "income", seed=1)


def measure(scores, name):
    return next(one for one in scores.measures if one.name == name)


def test_classes_are_learnt(classes):
    accuracy = measure(classes.scores, "accuracy")
    assert accuracy.value > 0.93
    assert accuracy.baseline == pytest.approx(0.5, abs=0.02)
    assert measure(classes.scores, "roc_auc").value > 0.97


def test_numbers_are_learnt(numbers):
    assert measure(numbers.scores, "r2").value > 0.97
    assert measure(numbers.scores, "r2").baseline == pytest.approx(0.0, abs=0.05)
    assert measure(numbers.scores, "rmse").value < 0.2 * measure(numbers.scores, "rmse").baseline


def test_every_row_is_in_one_part_and_no_part_is_empty(classes):
    parts = [classes.parts.training, classes.parts.held_out]
    assert all(len(part) for part in parts)
    assert sorted(np.concatenate(parts).tolist()) == list(range(400))
    assert len(classes.parts.held_out) == pytest.approx(80, abs=1)


def test_held_out_rows_do_not_touch_the_model(classes):
    """Other values in the held-out rows: the same encoding, the same weights."""
    frame = people().drop("income")
    changed = frame.with_columns(
        pl.when(pl.int_range(pl.len()).is_in(classes.parts.held_out.tolist()))
        .then(pl.col("age") * 1000)
        .otherwise(pl.col("age"))
        .alias("age")
    )
    again = quickly(changed, "rich", seed=1)
    assert again.table_model.encoding.to_json() == classes.table_model.encoding.to_json()
    assert again.table_model.model == classes.table_model.model


def test_the_scores_are_those_of_the_held_out_rows(classes, numbers):
    frame = people()
    for fitted, target in ((classes, "rich"), (numbers, "income")):
        rows = frame[fitted.parts.held_out.tolist()]
        predicted = fitted.table_model.predict(rows)[target].to_numpy()
        if target == "rich":
            assert (predicted == rows["rich"].to_numpy()).mean() == measure(fitted.scores, "accuracy").value
        else:
            error = np.sqrt(np.mean((predicted - rows["income"].to_numpy()) ** 2))
            assert error == pytest.approx(measure(fitted.scores, "rmse").value, rel=1e-12)


def test_log_loss_is_that_of_scikit_learn(classes):
    from sklearn.metrics import log_loss

    rows = people()[classes.parts.held_out.tolist()]
    shares = classes.table_model.predict(rows).select("P(no)", "P(yes)").to_numpy().astype(np.float64)
    expected = log_loss((rows["rich"] == "yes").to_numpy().astype(int), shares / shares.sum(axis=1, keepdims=True))
    assert measure(classes.scores, "log_loss").value == pytest.approx(expected, rel=1e-6)


def test_the_same_seed_gives_the_same_model(classes):
    again = fit(prepare(from_frame(people().drop("income")), "rich", recipe_name="quick", seed=1), threads=1)
    assert again.table_model.model == classes.table_model.model


def test_the_left_out_score_is_that_of_members_that_had_not_learnt_the_row(classes, numbers):
    for fitted, target in ((classes, "rich"), (numbers, "income")):
        rows = people()[fitted.parts.training.tolist()]
        assert fitted.left_out.rows == len(rows) == 320
        first = fitted.left_out.measures[0]
        if target == "rich":
            answers = fitted.learnt.left_out.argmax(axis=1)
            assert first.value == (answers == (rows["rich"] == "yes").to_numpy()).mean() > 0.93
        else:
            assert first.name == "r2" and first.value > 0.97


def test_numbers_stay_within_those_of_training(numbers):
    far = people(50, seed=4).with_columns(age=pl.Series(np.linspace(-1e4, 1e4, 50)))
    seen = people()["income"][numbers.parts.training.tolist()]
    predicted = numbers.table_model.predict(far)["income"]
    assert seen.min() <= predicted.min() and predicted.max() <= seen.max()


def test_members_can_be_counted(classes):
    assert len(classes.table_model.members) == 4
    one = quickly(people().drop("income"), "rich", members=1, epochs=2)
    assert len(one.table_model.members) == 1 and one.left_out.rows == 80
    with pytest.raises(cp.InputError, match="no member 2; members go from 1 to 1"):
        one.table_model.member(2)


def test_a_table_model_survives_its_file(classes, tmp_path):
    cp.save(classes.table_model, tmp_path / "m.safetensors")
    again = cp.TableModel.load(tmp_path / "m.safetensors")
    frame = people(50, seed=9)
    assert again.predict(frame).equals(classes.table_model.predict(frame))
    assert cp.load(tmp_path / "m.safetensors") == classes.table_model.model
    assert again.evaluate(frame).to_json() == classes.table_model.evaluate(frame).to_json()


def test_no_training_row_is_in_the_file(classes, tmp_path):
    cp.save(classes.table_model, tmp_path / "m.safetensors")
    data = (tmp_path / "m.safetensors").read_bytes()
    for value in people()["noise"].to_numpy():
        assert value.tobytes() not in data and np.float32(value).tobytes() not in data
        assert repr(float(value)).encode() not in data


def test_predictions_keep_the_order_of_rows(classes):
    frame = people(60, seed=3)
    backwards = classes.table_model.predict(frame[::-1])
    assert backwards[::-1].equals(classes.table_model.predict(frame))


def test_unseen_categories_and_missing_values_are_predicted(classes):
    frame = people(4, seed=5).with_columns(
        pl.Series("job", ["smith", "astronaut", None, "baker"]), pl.Series("age", [30.0, None, 40.0, 50.0])
    )
    shares = classes.table_model.predict(frame).select("P(no)", "P(yes)").to_numpy()
    assert np.isfinite(shares).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-6)


@pytest.mark.parametrize("labels", [[1, 2, 3], ["a", "b", "c"], [True, False, True]])
def test_labels_come_back_in_their_own_type(labels):
    rng = np.random.default_rng(0)
    x = rng.normal(size=120)
    code = np.digitize(x, [-0.5, 0.5]) % len(set(labels))
    answers = [sorted(set(labels))[one] for one in code]
    fitted = quickly(pl.DataFrame({"x": x, "y": answers}), "y", epochs=5, task="classes")
    predicted = fitted.table_model.predict(pl.DataFrame({"x": [0.0, 1.0]}))["y"].to_list()
    assert all(type(one) is type(labels[0]) for one in predicted)


@pytest.mark.parametrize(
    ("frame", "target", "words"),
    [
        ({"x": [1.0, 2.0], "y": ["a", "b"]}, "y", "at least 5"),
        ({"x": [1.0] * 9, "y": ["a", "b", "a"] * 3}, "y", "no column is left"),
        ({"x": range(9), "y": ["a"] * 9}, "y", "always"),
        ({"x": range(9), "y": [None] * 9}, "y", "missing"),
        ({"x": [0.5 * i for i in range(9)], "y": ["a", "b", "a"] * 3}, "z", "unknown column"),
    ],
)
def test_what_cannot_be_learnt_is_said(frame, target, words):
    with pytest.raises(cp.InputError, match=words):
        prepare(from_frame(pl.DataFrame(frame, strict=False)), target)


@pytest.mark.parametrize("rows", [5, 6, 7, 10])
def test_very_small_tables_are_learnt(rows):
    frame = pl.DataFrame({"x": [0.5 * i for i in range(rows)], "y": ["a" if i % 2 else "b" for i in range(rows)]})
    assert fit(prepare(from_frame(frame), "y", epochs=3)).scores.rows >= 1


def test_a_loaded_model_evaluates_files_frames_and_tables_alike(classes, tmp_path):
    cp.save(classes.table_model, tmp_path / "model.safetensors")
    frame = people()
    frame.write_csv(tmp_path / "people.csv")
    model = cp.TableModel.load(tmp_path / "model.safetensors")
    scores = model.evaluate(frame)
    assert scores.rows == frame["rich"].drop_nulls().len()
    right = (model.predict(frame)["rich"] == frame["rich"]).drop_nulls().mean()
    assert measure(scores, "accuracy").value == pytest.approx(right)
    for given in (str(tmp_path / "people.csv"), from_frame(frame)):
        assert model.evaluate(given).to_json() == scores.to_json()
