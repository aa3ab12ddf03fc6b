"""Train one network in several processes that Ray starts, on this machine or on all of a cluster.

pip install "clearprop[ray]", then: python examples/train_on_ray.py [WORKERS]

Each process holds all rows, computes its share of every batch, and ends with the same model.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import Any

import numpy as np

import clearprop as cp


def problem() -> tuple[cp.Model, Any, Any]:
    """A network, and rows to learn from: the same in every process."""
    random = np.random.default_rng(0)
    X = random.normal(size=(2_000, 10))
    Y = (X[:, 0] * X[:, 1] > 0).astype(int)
    network = cp.Network.parse("10-32-2", hidden="relu", output="softmax", loss="cross_entropy")
    return cp.Model.initialized(network, "he", seed=0), X, Y


def train(distributed: cp.Distributed | None = None) -> Any:
    """The training itself; it does not know who has started the processes."""
    model, X, Y = problem()
    return cp.train(model, X, Y, optimizer=cp.Adam(0.01), batch_size=100, epochs=5, distributed=distributed)


class Worker:
    """One process."""

    def address(self) -> tuple[str, int]:
        """Where the others can meet this one: its machine, and a port that is free."""
        import ray

        with socket.socket() as free:
            free.bind(("", 0))
            return ray.util.get_node_ip_address(), free.getsockname()[1]

    def train(self, rank: int, count: int, address: str, port: int) -> Any:
        """What torchrun would say in the environment, and then the training."""
        told = {"RANK": rank, "WORLD_SIZE": count, "MASTER_ADDR": address, "MASTER_PORT": port}
        os.environ.update({name: str(value) for name, value in told.items()})
        return train(cp.Distributed()).model


def main(count: int = 2) -> cp.Model:
    """Starts the workers, and gives back the model of the first."""
    import ray

    ray.init(num_cpus=count, include_dashboard=False)
    try:
        kind = ray.remote(num_cpus=1)(Worker)
        workers = [kind.remote() for _ in range(count)]
        address, port = ray.get(workers[0].address.remote())
        training = [one.train.remote(rank, count, address, port) for rank, one in enumerate(workers)]
        models: list[cp.Model] = ray.get(training)
    finally:
        ray.shutdown()
    assert all(model == models[0] for model in models)
    return models[0]


if __name__ == "__main__":
    model = main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
    _, X, Y = problem()
    print(f"{model}: right for {(model.predict(X).argmax(axis=1) == Y).mean():.1%} of the rows")
