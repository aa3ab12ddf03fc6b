"""One file for models and checkpoints: safetensors, checksummed, written whole or not at all.

The file is a safetensors file. Its `__metadata__` has one key, `clearprop`, whose value is a JSON text with three keys:

- `format`: name and version, `clearprop/1`;
- `sha256`: the checksum, in hexadecimal;
- `metadata`: the caller's metadata as a JSON text of its own.

The checksum is the SHA-256 of the format and a newline; the metadata text and a newline; then for each tensor, in
sorted order of names, the JSON text `[name, dtype, shape]`, a newline, and the tensor's bytes (little-endian, rows
first).

Nothing in a file is ever executed, and nothing is unpickled: reading knows numbers and JSON, no more.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import InputError, did_you_mean

FORMAT = "clearprop"
VERSION = 1
LARGEST_HEADER = 1_000_000  # bytes

# What safetensors calls the types that NumPy has too.
DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


@dataclass(frozen=True)
class Contents:
    """What a container holds."""

    tensors: dict[str, NDArray[Any]]
    metadata: dict[str, Any]


def write(path: str | os.PathLike[str], tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, Any]) -> None:
    """Write tensors and metadata to one checksummed file that replaces `path` whole, or leaves it as it was.

    `tensors` are NumPy arrays of any shape, of floats, integers or booleans; `metadata` is what JSON can say. Raises
    InputError for what cannot be stored and for a place that cannot be written to.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "model.safetensors"
    >>> write(path, {"W1": np.eye(2)}, {"epoch": 3})
    >>> read(path).metadata
    {'epoch': 3}
    """
    data = packed(path, tensors, metadata)
    with replacing(path) as file:
        file.write(data)


def packed(path: str | os.PathLike[str], tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, Any]) -> bytes:
    """The bytes that `write` would write, for who wants to know beforehand whether all of it can be stored."""
    from safetensors.numpy import save

    try:
        text = _canonical(dict(metadata))
        _parse(text.encode().decode())
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: the metadata cannot be written as JSON: {error}") from None
    arrays = {name: _storable(path, name, tensors[name]) for name in sorted(tensors)}
    head = {
        "format": f"{FORMAT}/{VERSION}",
        "sha256": _checksum(f"{FORMAT}/{VERSION}", text, arrays),
        "metadata": text,
    }
    data: bytes = save(arrays, metadata={FORMAT: _canonical(head)})
    (header_size,) = struct.unpack("<Q", data[:8])
    if header_size > LARGEST_HEADER:
        raise InputError(f"{path}: names and metadata take {header_size:,} bytes; at most {LARGEST_HEADER:,} fit")
    return data


def read(path: str | os.PathLike[str]) -> Contents:
    """The contents of a file that `write` made; anything else, whatever was done to it, is an InputError.

    >>> read("missing.safetensors")
    Traceback (most recent call last):
    clearprop.errors.InputError: missing.safetensors: there is no such file
    """
    from safetensors import SafetensorError, deserialize

    data = file_bytes(Path(path))
    try:
        format_name, checksum, text = _head(data)
        arrays = {name: _array(name, part) for name, part in deserialize(data)}  # type: ignore[no-untyped-call]
    except (SafetensorError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a whole clearprop file: {error}") from None
    if _checksum(format_name, text, {name: arrays[name] for name in sorted(arrays)}) != checksum:
        raise InputError(f"{path}: the checksum does not fit the contents: the file was damaged or changed")
    try:
        metadata = _parse(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: the metadata is not JSON: {error}") from None
    return Contents(arrays, metadata)


def file_bytes(path: Path) -> bytes:
    """All bytes of a file; one that cannot be read is an InputError that names the nearest there is."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise missing_file(path) from None
    except IsADirectoryError:
        raise InputError(f"{path}: this is a directory; name one file in it") from None
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: Exception) -> InputError:
    """An error for a file that the system does not let us read."""
    return InputError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}")


def missing_file(path: Path) -> InputError:
    """An error for a file that is not there, with the nearest that is."""
    near = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    return InputError(f"{path}: there is no such file{did_you_mean(path.name, near)}")


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A new file that takes the place of `path` when the block ends, and leaves no trace when the block fails.

    The bytes are on the disk before the name points to them, so that a crash leaves the old file or the new one.
    Whoever has the old file open or mapped keeps it. Raises InputError where the system does not let us write.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{FORMAT}-{secrets.token_hex(8)}.tmp")
    try:
        old = _mode(target)
        # Not tempfile: its files are private; a new file should have the permissions that the umask gives.
        with open(
            os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666), "wb"
        ) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if old is not None:
            temporary.chmod(old)
        os.replace(temporary, target)
        _sync_directory(target.parent)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _mode(target: Path) -> int | None:
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(mode):
        raise InputError(f"{target}: cannot be written: it is not a file")
    return stat.S_IMODE(mode)


def _sync_directory(directory: Path) -> None:
    if os.name == "posix":
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _storable(path: str | os.PathLike[str], name: str, array: NDArray[Any]) -> NDArray[Any]:
    if not name.isprintable() or name == "__metadata__":
        raise InputError(f"{path}: {name!r} cannot name a tensor")
    little = np.asarray(array, order="C", dtype=array.dtype.newbyteorder("<"))
    if little.dtype.str not in NAMES:
        raise InputError(f"{path}: tensor {name}: the type {array.dtype} cannot be stored")
    return little


def _array(name: str, part: Mapping[str, Any]) -> NDArray[Any]:
    if not name.isprintable():
        raise ValueError(f"{name!r} cannot name a tensor")
    if part["dtype"] not in DTYPES:
        raise ValueError(f"tensor {name}: unknown type {part['dtype']}")
    array: NDArray[Any] = np.frombuffer(part["data"], dtype=DTYPES[part["dtype"]]).reshape(part["shape"])
    if array.dtype == np.bool_ and array.size and array.view(np.uint8).max() > 1:
        raise ValueError(f"tensor {name}: neither true nor false")
    return array


def _head(data: bytes) -> tuple[str, str, str]:
    """Format, checksum and metadata text; raises ValueError for a file that is none of ours, or newer."""
    if len(data) < 8:
        raise ValueError("it is too short")
    (size,) = struct.unpack("<Q", data[:8])
    if size > LARGEST_HEADER:
        raise ValueError("it does not begin like one, or its header is longer than any that is read")
    if size > len(data) - 8:
        raise ValueError("it ends within its header")
    header = _parse(data[8 : 8 + size].decode())
    entry = header.get("__metadata__")
    if not isinstance(entry, dict) or set(entry) != {FORMAT} or not isinstance(entry[FORMAT], str):
        raise ValueError("clearprop did not write it")
    head = _parse(entry[FORMAT])
    name, _, version = str(head.get("format")).partition("/")
    if name != FORMAT or not (version.isascii() and version.isdecimal()):
        raise ValueError("clearprop did not write it")
    if int(version) > VERSION:
        raise ValueError(f"its format {name}/{version} is newer than {FORMAT}/{VERSION}: please update clearprop")
    if set(head) != {"format", "sha256", "metadata"} or not all(isinstance(value, str) for value in head.values()):
        raise ValueError("its metadata lacks a part or has one too many")
    return head["format"], head["sha256"], head["metadata"]


def _checksum(format_name: str, text: str, arrays: Mapping[str, NDArray[Any]]) -> str:
    """The checksum that the module's text defines; `arrays` come in sorted order."""
    digest = hashlib.sha256(f"{format_name}\n{text}\n".encode())
    for name, array in arrays.items():
        digest.update(f"{_canonical([name, NAMES[array.dtype.str], list(array.shape)])}\n".encode())
        digest.update(array.data if array.size else b"")
    return digest.hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _parse(text: str) -> dict[str, Any]:
    """A JSON object in which every key stands once and every number is finite."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = dict(pairs)
        if len(names) < len(pairs):
            raise ValueError("a key stands twice")
        return names

    def finite(name: str) -> float:
        raise ValueError(f"{name} is no number in JSON")

    value = json.loads(text, object_pairs_hook=once, parse_constant=finite)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value
