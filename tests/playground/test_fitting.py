"""Networks follow their data, and losses their last layers, or the other way round."""

from __future__ import annotations

import pytest

from clearprop.errors import InputError
from clearprop.network.activations import ACTIVATIONS
from clearprop.network.losses import LOSSES
from clearprop.playground.data import named, numbers
from clearprop.playground.datasets import DATASETS
from clearprop.playground.play import MOST_PARAMETERS, first
from clearprop.playground.training import Trainer


def last(play):
    return play.network.layers[-1].activation, play.network.loss, play.network.outputs


@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize("loss", LOSSES)
def test_any_loss_goes_with_any_data_or_is_refused_by_its_range(name, loss):
    play = first().of_data(named(name, {})).changed({"network": {"loss": loss}})
    assert play.network.loss.startswith(loss)
    try:
        trainer = Trainer(play)
    except InputError as error:
        assert "takes targets from" in str(error)
        assert play.data.classes is None
    else:
        assert trainer.advance(play, 3).state.step == 3


@pytest.mark.parametrize("name", ["xor", "blobs", "sine"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_any_last_activation_goes_with_any_data(name, activation):
    layers = [{"units": 3}, {"units": 1, "activation": activation}]
    play = first().of_data(named(name, {})).changed({"network": {"layers": layers}})
    assert play.network.layers[-1].activation.startswith(activation)
    assert Trainer(play).advance(play, 2).state.step == 2


def test_from_classes_to_numbers_and_back():
    play = first()
    assert last(play) == ("sigmoid", "binary_cross_entropy", 1)
    play = play.of_data(named("blobs", {}))
    assert last(play) == ("softmax", "cross_entropy", 3)
    play = play.of_data(named("sine", {}))
    assert last(play) == ("identity", "half_squared_error", 1)
    play = play.of_data(named("moons", {}))
    assert last(play) == ("sigmoid", "binary_cross_entropy", 1)
    play = play.of_data(numbers([[0.0]], [[0.2, 0.8]]))
    assert last(play) == ("sigmoid", "binary_cross_entropy", 2)


def test_what_was_changed_last_stays():
    play = first().changed({"network": {"loss": "cross_entropy"}})
    assert last(play) == ("softmax", "cross_entropy", 2)
    layers = [{"units": 4, "activation": "tanh"}, {"units": 2, "activation": "tanh"}]
    assert last(play.changed({"network": {"layers": layers}})) == ("tanh", "half_squared_error", 1)


def test_parameters_stay_where_the_network_is_the_same():
    play = Trainer(first()).advance(first(), 10)
    layers = [{"units": 4, "activation": "relu"}, {"units": 1, "activation": "sigmoid"}]
    other = play.changed({"network": {"layers": layers, "l2": "0.01"}})
    assert (other.model.parameters.flat == play.model.parameters.flat).all()
    assert other.state.step == 10
    fewer = play.changed({"network": {"layers": [{"units": 3}, {"units": 1, "activation": "sigmoid"}]}})
    assert fewer.state.step == 0


def test_a_network_that_is_too_large():
    wide = named("moons", {})
    x = [[float(at)] * 1_000 for at in range(2)]
    play = first().of_data(wide)
    layers = [{"units": 64}] * 7 + [{"units": 1}]
    assert play.changed({"network": {"layers": layers}}).network.parameter_count < MOST_PARAMETERS
    assert play.of_data(numbers(x, [[0.0], [1.0]])).network.inputs == 1_000
