"""The container: what is written is read again, and nothing else is read at all."""

from __future__ import annotations

import errno
import json
import os
import stat
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearprop import container
from clearprop.errors import InputError

TENSORS = {
    "W1": np.arange(6.0).reshape(2, 3),
    "b1": np.array([0.5], dtype=np.float32),
    "empty": np.zeros((0, 4)),
}
METADATA = {
    "title": "A 2-2-2 network, café\n\x01",
    "layers": [2, 2],
    "nested": {"rate": 0.5, "none": None, "yes": True},
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    container.write(path, TENSORS, METADATA)
    return path


def forged(path: Path, header: dict[str, Any] | str, body: bytes = b"") -> Path:
    text = (header if isinstance(header, str) else json.dumps(header)).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)
    return path


def head(**changes: str) -> dict[str, Any]:
    entry = {"format": "clearprop/1", "sha256": "0" * 64, "metadata": "{}"} | changes
    return {"clearprop": json.dumps(entry)}


def test_round_trip(path: Path) -> None:
    contents = container.read(path)
    assert contents.metadata == METADATA
    assert set(contents.tensors) == set(TENSORS)
    for name, tensor in TENSORS.items():
        assert contents.tensors[name].dtype == tensor.dtype
        np.testing.assert_array_equal(contents.tensors[name], tensor)


@settings(deadline=None)
@given(
    tensors=st.dictionaries(
        st.text(max_size=8).filter(str.isprintable),
        arrays.arrays(
            st.sampled_from(["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?", ">f8"]),
            arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
        ),
        max_size=3,
    ),
    metadata=st.dictionaries(
        st.text(),
        st.recursive(
            st.none() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False), st.lists
        ),
    ),
)
def test_any_tensors_and_metadata_come_back(
    tmp_path_factory: pytest.TempPathFactory, tensors: dict[str, Any], metadata: dict[str, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.safetensors"
    container.write(path, tensors, metadata)
    contents = container.read(path)
    assert contents.metadata == metadata
    assert set(contents.tensors) == set(tensors)
    for name, tensor in tensors.items():
        assert contents.tensors[name].shape == tensor.shape
        assert contents.tensors[name].dtype == tensor.dtype.newbyteorder("<")
        np.testing.assert_array_equal(contents.tensors[name], tensor)


def test_the_same_contents_give_the_same_bytes_whatever_their_order(path: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.safetensors"
    container.write(again, dict(reversed(TENSORS.items())), dict(reversed(METADATA.items())))
    assert again.read_bytes() == path.read_bytes()


def test_a_strided_tensor_is_stored_by_value(tmp_path: Path) -> None:
    strided = np.arange(12.0).reshape(3, 4).T[::2]
    container.write(tmp_path / "t.safetensors", {"W": strided}, {})
    np.testing.assert_array_equal(container.read(tmp_path / "t.safetensors").tensors["W"], strided)


def test_safetensors_itself_reads_the_file(path: Path) -> None:
    from safetensors.numpy import load_file

    np.testing.assert_array_equal(load_file(path)["W1"], TENSORS["W1"])


def test_cut_at_every_byte(path: Path) -> None:
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"model\.safetensors"):
            container.read(path)


def test_every_bit_flipped(path: Path) -> None:
    whole = path.read_bytes()
    for place in range(len(whole)):
        for bit in range(8):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << bit
            path.write_bytes(damaged)
            with pytest.raises(InputError, match=r"model\.safetensors"):
                container.read(path)


F64 = {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}
ENTRY = '"__metadata__":' + json.dumps(head())
RULES: dict[str, tuple[dict[str, Any] | str, bytes]] = {
    "duplicate tensor": (f'{{{ENTRY},"W":{json.dumps(F64)},"W":{json.dumps(F64)}}}', bytes(8)),
    "duplicate metadata": (f"{{{ENTRY},{ENTRY}}}", b""),
    "duplicate key in the entry": (
        {"__metadata__": {"clearprop": '{"format":"clearprop/1","format":"clearprop/1"}'}},
        b"",
    ),
    "overlap": ({"__metadata__": head(), "W": F64, "b": F64}, bytes(8)),
    "hole": ({"__metadata__": head(), "W": F64 | {"data_offsets": [8, 16]}}, bytes(16)),
    "trailing bytes": ({"__metadata__": head(), "W": F64}, bytes(9)),
    "shape overflow": ({"__metadata__": head(), "W": F64 | {"shape": [2**32, 2**32]}}, bytes(8)),
    "shape too large": ({"__metadata__": head(), "W": F64 | {"shape": [2]}}, bytes(8)),
    "negative shape": ({"__metadata__": head(), "W": F64 | {"shape": [-1, -1]}}, bytes(8)),
    "backward offsets": ({"__metadata__": head(), "W": F64 | {"data_offsets": [8, 0]}}, bytes(8)),
    "offsets beyond the file": (
        {"__metadata__": head(), "W": F64 | {"shape": [2], "data_offsets": [0, 16]}},
        bytes(8),
    ),
    "wrong type": ({"__metadata__": head(), "W": F64 | {"dtype": "pickle"}}, bytes(8)),
    "type of other libraries": (
        {"__metadata__": head(), "W": F64 | {"dtype": "BF16", "shape": [4]}},
        bytes(8),
    ),
    "number that is not a boolean": (
        {"__metadata__": head(), "W": F64 | {"dtype": "BOOL", "shape": [8]}},
        b"\2" * 8,
    ),
    "tensor that is not an object": ({"__metadata__": head(), "W": 1}, b""),
    "name that cannot be printed": ({"__metadata__": head(), "W\x1f": F64}, bytes(8)),
    "header not an object": ("[]", b""),
    "header not JSON": ("{", b""),
    "header too deep": ("[" * 100_000, b""),
    "header over 1 MB": (" " * 1_000_001, b""),
    "no metadata": ({"W": F64}, bytes(8)),
    "someone else's metadata": ({"__metadata__": {"format": "pt"}, "W": F64}, bytes(8)),
    "metadata beside ours": ({"__metadata__": head() | {"more": "x"}}, b""),
    "entry not JSON": ({"__metadata__": {"clearprop": "no"}}, b""),
    "entry with a key too many": ({"__metadata__": head(extra="x")}, b""),
    "entry that lacks a key": ({"__metadata__": {"clearprop": '{"format":"clearprop/1"}'}}, b""),
    "number for a text": (
        {"__metadata__": {"clearprop": '{"format":"clearprop/1","metadata":1,"sha256":2}'}},
        b"",
    ),
    "another format": ({"__metadata__": head(format="other/1")}, b""),
    "no version": ({"__metadata__": head(format="clearprop")}, b""),
    "wrong checksum": ({"__metadata__": head(), "W": F64}, bytes(8)),
    "number that JSON has not": ({"__metadata__": {"clearprop": '{"format":NaN}'}}, b""),
}


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_of_the_format(tmp_path: Path, rule: str) -> None:
    with pytest.raises(InputError, match=r"forged\.safetensors"):
        container.read(forged(tmp_path / "forged.safetensors", *RULES[rule]))


def test_a_forged_header_with_a_right_checksum_is_read(tmp_path: Path) -> None:
    """Shows that the cases above fail for the reason they name, not for the way they are forged."""
    text = json.dumps({"clearprop": True})
    checksum = container._checksum("clearprop/1", text, {"W": np.zeros(1)})
    path = forged(
        tmp_path / "f.safetensors", {"__metadata__": head(sha256=checksum, metadata=text), "W": F64}, bytes(8)
    )
    assert container.read(path).metadata == {"clearprop": True}


def test_a_header_over_the_limit_is_refused_though_all_else_is_right(tmp_path: Path) -> None:
    checksum = container._checksum("clearprop/1", "{}", {})
    header = json.dumps({"__metadata__": head(sha256=checksum)})
    assert container.read(forged(tmp_path / "f.safetensors", header.ljust(1_000_000))).metadata == {}
    with pytest.raises(InputError, match="it does not begin like one, or its header is longer"):
        container.read(forged(tmp_path / "f.safetensors", header.ljust(1_000_008)))


def test_a_boolean_that_is_neither_is_refused_behind_a_right_checksum(tmp_path: Path) -> None:
    for byte, right in ((b"\1", True), (b"\2", False)):
        checksum = container._checksum("clearprop/1", "{}", {"W": np.frombuffer(byte * 8, np.bool_)})
        header = {"__metadata__": head(sha256=checksum), "W": F64 | {"dtype": "BOOL", "shape": [8]}}
        path = forged(tmp_path / "f.safetensors", header, byte * 8)
        if right:
            assert container.read(path).tensors["W"].all()
        else:
            with pytest.raises(InputError, match="tensor W: neither true nor false"):
                container.read(path)


@pytest.mark.parametrize("text", ["[]", "{", '{"a":1,"a":2}', '{"a":NaN}', "[" * 100_000], ids=str.__len__)
def test_metadata_that_is_no_object_is_refused_behind_a_right_checksum(tmp_path: Path, text: str) -> None:
    checksum = container._checksum("clearprop/1", text, {})
    path = forged(tmp_path / "f.safetensors", {"__metadata__": head(sha256=checksum, metadata=text)})
    with pytest.raises(InputError, match="the metadata is not JSON"):
        container.read(path)


def test_a_newer_format_is_refused_clearly(tmp_path: Path) -> None:
    path = forged(tmp_path / "new.safetensors", {"__metadata__": head(format="clearprop/2")})
    with pytest.raises(InputError, match=r"clearprop/2 is newer than clearprop/1: please update"):
        container.read(path)


def test_reading_opens_one_file_and_runs_nothing(path: Path) -> None:
    program = """
import sys
from clearprop import container
container.read(sys.argv[1])  # modules are loaded now
seen = []
sys.addaudithook(lambda event, args: seen.append((event, args)))
container.read(sys.argv[1])
opened = [args[0] for event, args in seen if event == "open"]
others = {event for event, args in seen} - {"open", "os.fspath"}
assert [str(name) for name in opened] == [sys.argv[1]], opened
harmful = ("import", "exec", "compile", "os", "subprocess", "socket", "ctypes")
assert not [event for event in others if event.split(".")[0] in harmful], others
"""
    subprocess.run([sys.executable, "-c", program, str(path)], check=True)


class TestWriting:
    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EACCES])
    @pytest.mark.parametrize("call", ["fsync", "replace", "open"])
    def test_a_system_that_fails_leaves_the_old_file(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
    ) -> None:
        before = path.read_bytes()

        def fail(*_: Any, **__: Any) -> None:
            raise OSError(number, os.strerror(number))

        with monkeypatch.context() as patch:
            patch.setattr(os, call, fail)
            with pytest.raises(InputError, match=f"cannot be written: {os.strerror(number)}"):
                container.write(path, TENSORS, {"new": True})
        assert path.read_bytes() == before
        assert [entry.name for entry in path.parent.iterdir()] == [path.name]

    def test_the_file_and_its_directory_are_on_the_disk_in_this_order(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[str] = []

        def noted(call: Any, name: str) -> Any:
            def act(*arguments: Any) -> Any:
                directory = name == "fsync" and stat.S_ISDIR(os.fstat(arguments[0]).st_mode)
                seen.append(f"{name} directory" if directory else name)
                return call(*arguments)

            return act

        monkeypatch.setattr(os, "fsync", noted(os.fsync, "fsync"))
        monkeypatch.setattr(os, "replace", noted(os.replace, "replace"))
        container.write(path, {}, {})
        assert seen == ["fsync", "replace", "fsync directory"]

    def test_an_interruption_leaves_the_old_file(self, path: Path) -> None:
        before = path.read_bytes()
        with pytest.raises(KeyboardInterrupt), container.replacing(path) as file:
            file.write(b"half")
            raise KeyboardInterrupt
        assert path.read_bytes() == before
        assert [entry.name for entry in path.parent.iterdir()] == [path.name]

    def test_a_killed_process_leaves_the_old_or_the_new_file(self, path: Path) -> None:
        program = """
import os, sys
from clearprop import container
with container.replacing(sys.argv[1]) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), 9)
"""
        before = path.read_bytes()
        assert subprocess.run([sys.executable, "-c", program, str(path)]).returncode == -9
        assert path.read_bytes() == before

    def test_a_mapped_file_can_be_saved_over(self, path: Path) -> None:
        mapped = np.memmap(path, dtype=np.uint8, mode="r")
        before = bytes(mapped)
        container.write(path, {"W1": np.zeros(10_000)}, {})
        assert bytes(mapped) == before
        assert container.read(path).tensors["W1"].size == 10_000

    def test_a_link_stays_a_link(self, path: Path) -> None:
        link = path.with_name("link.safetensors")
        link.symlink_to(path.name)
        container.write(link, {}, {"through": "the link"})
        assert link.is_symlink()
        assert container.read(path).metadata == {"through": "the link"}

    def test_permissions_are_kept_and_new_files_follow_the_umask(self, path: Path) -> None:
        path.chmod(0o640)
        container.write(path, {}, {})
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        new = path.with_name("new")
        before = os.umask(0o027)
        try:
            container.write(new, {}, {})
        finally:
            os.umask(before)
        assert stat.S_IMODE(new.stat().st_mode) == 0o640

    def test_a_directory_and_a_device_are_refused(self, tmp_path: Path) -> None:
        for place in (tmp_path, Path(os.devnull)):
            with pytest.raises(InputError, match="it is not a file"):
                container.write(place, {}, {})

    def test_a_missing_directory(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="No such file or directory"):
            container.write(tmp_path / "missing" / "model.safetensors", {}, {})

    @pytest.mark.parametrize(
        "metadata",
        [{"x": float("nan")}, {"x": {1, 2}}, {"x": "\ud800"}, {"x": b"bytes"}, {1: "a", "1": "b"}],
        ids=repr,
    )
    def test_metadata_that_json_cannot_say(self, path: Path, metadata: dict[Any, Any]) -> None:
        before = path.read_bytes()
        with pytest.raises(InputError, match="cannot be written as JSON"):
            container.write(path, {}, metadata)
        assert path.read_bytes() == before

    def test_metadata_over_the_limit(self, path: Path) -> None:
        with pytest.raises(InputError, match="at most 1,000,000 fit"):
            container.write(path, {}, {"x": "y" * 1_000_000})

    @pytest.mark.parametrize(
        "tensor", [np.array([1j]), np.array(["a"]), np.array([None])], ids=["complex", "text", "object"]
    )
    def test_tensors_that_cannot_be_stored(self, path: Path, tensor: np.ndarray[Any, Any]) -> None:
        with pytest.raises(InputError, match="tensor W: the type"):
            container.write(path, {"W": tensor}, {})

    @pytest.mark.parametrize("name", ["a\nb", "__metadata__"])
    def test_names_that_cannot_be_stored(self, path: Path, name: str) -> None:
        with pytest.raises(InputError, match="cannot name a tensor"):
            container.write(path, {name: np.zeros(1)}, {})
