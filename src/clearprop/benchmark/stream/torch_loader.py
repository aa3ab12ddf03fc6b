"""The same network learns the same files with PyTorch and its DataLoader."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from clearprop.benchmark.stream.data import FEATURES, ROW_GROUP, TARGET
from clearprop.benchmark.stream.side import BATCH, HIDDEN, Asked, Told, peak_memory


class Rows(IterableDataset[Any]):
    """The rows of the files in random order of files, those of a row group shuffled among themselves.

    Args:
        by_rows: one row at a time, which the loader collates to batches, as its documentation has it; else whole
            batches, sliced from the row group.
    """

    def __init__(self, folder: Path, rows: int, by_rows: bool) -> None:
        self.paths, self.rows, self.by_rows = sorted(folder.glob("*.parquet")), rows, by_rows

    def __iter__(self) -> Iterator[Any]:
        worker = get_worker_info()
        number, workers = (worker.id, worker.num_workers) if worker else (0, 1)
        random = np.random.default_rng(number)
        left = self.rows // workers
        for path in self.paths[number::workers]:
            for first in range(0, 1 << 40, ROW_GROUP):
                group = pl.scan_parquet(path).slice(first, ROW_GROUP).collect()
                if not group.height or left <= 0:
                    break
                X, y = group.drop(TARGET).to_numpy(), group[TARGET].to_numpy().astype(np.int64)
                order = random.permutation(len(X))[:left]
                left -= len(order)
                if self.by_rows:
                    yield from zip(torch.from_numpy(X[order]), torch.from_numpy(y[order]), strict=True)
                else:
                    for start in range(0, len(order), BATCH):
                        some = order[start : start + BATCH]
                        yield torch.from_numpy(X[some]), torch.from_numpy(y[some])


def learnt(asked: Asked, by_rows: bool) -> Told:
    """An epoch, of the number of workers that is the fastest of 0, 1 and 2: the first, or with workers the second, when
    they have started.
    """
    torch.set_num_threads(asked.threads)
    rows = min(asked.rows, asked.rows_of_torch)
    tried = [_epoch(asked, rows, by_rows, workers) for workers in (0, 1, 2)]
    return min(tried, key=lambda told: told.epochs[0])


def _epoch(asked: Asked, rows: int, by_rows: bool, workers: int) -> Told:
    torch.manual_seed(asked.seed)
    network = nn.Sequential(
        nn.Linear(FEATURES, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 2)
    )
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    data = Rows(Path(asked.folder), rows, by_rows)
    # polars is not made for processes that are forked.
    started = {"multiprocessing_context": "spawn", "persistent_workers": True} if workers else {}
    loader = DataLoader(data, batch_size=BATCH if by_rows else None, num_workers=workers, **started)
    for _ in range(2 if workers else 1):
        start, total, seen = time.perf_counter(), 0.0, 0
        for X, y in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(network(X), y)
            loss.backward()
            optimizer.step()
            total, seen = total + float(loss.detach()) * len(y), seen + len(y)
        seconds = time.perf_counter() - start
    weights = b"".join(part.detach().numpy().tobytes() for part in network.parameters())
    return Told(
        {"workers": float(workers)}, [seconds], seen, peak_memory(), hashlib.sha256(weights).hexdigest(), [total / seen]
    )
