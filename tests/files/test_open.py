"""What can be named as input: pipes are read up to a limit, and nothing hangs or fills the memory."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import threading

import pytest

from ncsolve._files import open_input
from ncsolve._files.open_input import read_bytes, read_text, shown_name
from ncsolve.errors import FileError


def test_files_are_read_whole(tmp_path):
    data = bytes(range(256)) * 5000
    (tmp_path / "x").write_bytes(data)
    assert read_bytes(tmp_path / "x") == read_bytes(str(tmp_path / "x"), most=len(data)) == data
    (tmp_path / "empty").touch()
    assert read_bytes(tmp_path / "empty") == b""
    assert read_bytes("/proc/self/status").startswith(b"Name:")  # its size is 0


def test_a_file_above_the_limit_is_refused_unread(tmp_path):
    with (tmp_path / "x").open("wb") as stream:
        stream.truncate(1 << 40)  # a hole: it takes no room
    with pytest.raises(FileError, match=r"x: a problem file may have at most 3 MiB, and it has more; name the right"):
        read_bytes(tmp_path / "x", most=3 << 20, what="a problem file")
    (tmp_path / "y").write_bytes(b"1234")
    with pytest.raises(FileError, match=r"y: a file may have at most 3 bytes"):
        read_bytes(tmp_path / "y", most=3)


def piped(data: bytes):
    """The name of a pipe's descriptor, as a shell's <(...) gives it, and the thread that writes to it."""
    out, into = os.pipe()

    def write() -> None:
        with contextlib.suppress(BrokenPipeError), os.fdopen(into, "wb") as stream:
            stream.write(data)

    thread = threading.Thread(target=write)
    thread.start()
    return out, thread


@pytest.mark.parametrize("folder", ["/dev/fd", "/proc/self/fd"])
def test_pipes_are_read_up_to_the_limit(folder):
    data = b"0123456789" * 30000  # more than a pipe holds
    out, thread = piped(data)
    assert read_bytes(f"{folder}/{out}") == data
    os.close(out)
    thread.join()
    out, thread = piped(data)
    with pytest.raises(FileError, match=rf"^{folder}/{out}: a file may have at most 1000 bytes"):
        read_bytes(f"{folder}/{out}", most=1000)
    os.close(out)
    thread.join()


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_standard_input(name):
    out, thread = piped(b"3\n4\n")
    kept = os.dup(0)
    try:
        os.dup2(out, 0)
        assert read_text(name) == "3\n4\n"
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        with pytest.raises(FileError, match=f"^{shown_name(name)}: is a device, not a file"):
            read_bytes(name)
    finally:
        os.dup2(kept, 0)
        for descriptor in (kept, out, null):
            os.close(descriptor)
        thread.join()


def test_standard_input_that_is_closed(monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(FileError, match="standard input: is closed; send it something"):
        read_bytes("-")


def test_a_named_pipe_with_a_writer_is_read_and_without_one_refused(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")

    def write() -> None:
        (tmp_path / "pipe").write_bytes(b"x" * 200000)

    thread = threading.Thread(target=write)
    thread.start()
    assert read_bytes(tmp_path / "pipe") == b"x" * 200000
    thread.join()
    monkeypatch.setattr(open_input, "_WRITER", 0.05)
    with pytest.raises(FileError, match="pipe: is a pipe that nobody writes to; start its writer first, or name a"):
        read_bytes(tmp_path / "pipe")


def test_a_writer_that_falls_silent(monkeypatch):
    monkeypatch.setattr(open_input, "_SILENCE", 0.05)
    out, into = os.pipe()
    with pytest.raises(FileError, match=r"nothing came for 0\.05 s; write it to a file"):
        read_bytes(f"/dev/fd/{out}")
    os.close(out)
    os.close(into)


@pytest.mark.parametrize(("name", "kind"), [("/dev/zero", "a device"), ("/dev/null", "a device"), ("/", "a folder"),
                                            ("/dev/fd", "a folder")])
def test_devices_and_folders_are_refused(name, kind):
    with pytest.raises(FileError, match=f"^{name}: is {kind}, not a file; name a file, or - for standard input$"):
        read_bytes(name)


def test_sockets_and_loops_are_refused(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        with pytest.raises(FileError, match="s: is a socket, not a file"):
            read_bytes(tmp_path / "s")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(FileError, match="loop: cannot be read: Too many levels of symbolic links"):
        read_bytes(tmp_path / "loop")


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b", "a\nb", "a\x1b[31mb", "x" * 5000, "/dev/fd/999999", "\udc80"])
def test_names_that_cannot_be_are_one_printable_line(name):
    with pytest.raises(FileError, match=re.escape(shown_name(name))) as raised:
        read_bytes(name)
    assert str(raised.value).isprintable()
    str(raised.value).encode("utf-8")


def test_text(tmp_path):
    (tmp_path / "x").write_bytes(b"\xef\xbb\xbfa\n")
    assert read_text(tmp_path / "x") == "a\n"
    (tmp_path / "x").write_bytes(b"\xff\xfe")
    with pytest.raises(FileError, match="x: is not a text file in UTF-8; convert it"):
        read_text(tmp_path / "x")


def test_descriptors_are_closed(tmp_path):
    before = len(os.listdir("/proc/self/fd"))
    for name in ("/", str(tmp_path), "/dev/zero", __file__, "/proc/self/fd/0", "-"):
        with contextlib.suppress(FileError):
            read_bytes(name)
    assert len(os.listdir("/proc/self/fd")) == before
