"""Which device a name means, what it can do, and how arrays get there."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import numpy as np
import torch
from torch import Tensor

from clearprop.engines.base import Array
from clearprop.errors import InputError

DTYPES = {np.dtype(np.float32): torch.float32, np.dtype(np.float64): torch.float64, np.dtype(np.int64): torch.int64}
NAMES = '"torch", "torch:cpu", "torch:cuda", "torch:cuda:1" and so on'


def device_of(name: str) -> torch.device:
    """The device of "torch" (a CUDA device where there is one, else the processor) or "torch:DEVICE"."""
    _, _, asked = name.partition(":")
    if name == "torch":
        return torch.device("cuda", torch.cuda.current_device()) if torch.cuda.is_available() else torch.device("cpu")
    try:
        device = torch.device(asked)
    except RuntimeError:
        raise InputError(f'engine: expected {NAMES}, got "{name}"; PyTorch has no device "{asked}"') from None
    try:
        torch.zeros(1, device=device).cpu()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f'engine: "{name}" asks for a device that is not there ({reason}); give "torch" for the best that is'
        ) from None
    return device


def check_dtype(device: torch.device, dtype: np.dtype[np.generic]) -> None:
    """Raises an `InputError` where the device does not compute in a float type."""
    try:
        torch.zeros(1, dtype=DTYPES[dtype], device=device)
    except (RuntimeError, TypeError):
        raise InputError(f'engine: the device "{device}" has no {dtype}; make the model with dtype="float32"') from None


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether products of bfloat16 matrices, summed in float32, are instructions of the device and this PyTorch."""
    if device.type != "cuda" or not torch.cuda.is_bf16_supported(including_emulation=False):
        return False
    one = torch.ones(8, 8, dtype=torch.bfloat16, device=device)
    try:
        torch.mm(one, one, out_dtype=torch.float32)
    except (RuntimeError, TypeError):
        return False
    return True


def shared(array: Array) -> Tensor:
    """The array as a tensor of the same memory, which is not written to."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        return torch.from_numpy(np.ascontiguousarray(array))


def sent(array: Array, device: torch.device) -> Tensor:
    """The array as a tensor on the device; on the processor of the same memory."""
    return shared(array).to(device)


@contextmanager
def computing(device: torch.device, threads: int) -> Iterator[None]:
    """Without autograd, on the device, or on so many threads of the processor; afterwards all is as before."""
    before = torch.get_num_threads()
    try:
        if device.type == "cpu" and threads != before:
            torch.set_num_threads(threads)
        with torch.inference_mode(), torch.cuda.device(device) if device.type == "cuda" else nullcontext():
            yield
    finally:
        if torch.get_num_threads() != before:
            torch.set_num_threads(before)
