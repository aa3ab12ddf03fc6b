"""How good the parameters are between two epochs: on the validation rows, on some training rows, on all of them."""

from __future__ import annotations

import numpy as np

from clearprop.engines.base import Array, Samples
from clearprop.engines.source import Source
from clearprop.network.parameters import Parameters
from clearprop.training.metrics import decisions
from clearprop.training.prepare import Job


def measures(job: Job, parameters: Parameters) -> dict[str, float]:
    """What the history keeps of an epoch beside its loss, by column."""
    found: dict[str, float] = {}
    with np.errstate(over="ignore", invalid="ignore"):  # a run that is about to diverge may have huge outputs
        if job.validation:
            found["validation_loss"] = job.engine.loss(parameters, job.validation, job.plan.threads)
        if job.metric:
            found["metric"] = job.metric.measure(_outputs(job, parameters, job.measured), job.measured)
        if job.metric and job.validation:
            outputs = _outputs(job, parameters, job.validation)
            found["validation_metric"] = job.metric.measure(outputs, job.validation)
    return found


def all_right(job: Job, parameters: Parameters) -> bool:
    """Whether the class of every training row that weighs more than 0 is right."""
    if isinstance(job.samples, Source):
        return all(_are_right(job, parameters, Samples(X, Y)) for _, X, Y in job.samples.parts())
    return _are_right(job, parameters, job.samples)


def _are_right(job: Job, parameters: Parameters, samples: Samples) -> bool:
    with np.errstate(over="ignore", invalid="ignore"):
        outputs = _outputs(job, parameters, samples)
    # Outputs that know of each other are one decision, others are one each.
    if job.network.layers[-1].function.across_units:
        right = decisions(outputs) == decisions(samples.Y)
    else:
        right = ((outputs >= 0.5) == (samples.Y >= 0.5)).all(axis=1)
    return bool((right if samples.weights is None else right | (samples.weights == 0)).all())


def _outputs(job: Job, parameters: Parameters, samples: Samples) -> Array:
    return job.engine.predict(parameters, samples.X, job.plan.threads)
