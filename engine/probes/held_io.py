"""Reads and writes a few bytes of kernel files without letting go of Python's lock.

``os.pread`` lets go of the lock, as it should for files that can be slow. The files in
``/proc`` take a microsecond, and whoever takes the lock in that moment (ComfyUI's
server, sending messages) may keep it for 5 ms: once per node that is far dearer than
the reading itself. So the C library is called directly, with the lock held. Where that
cannot be done, ``os`` does it.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable

Read = Callable[[int, int], bytes]
"""``(file descriptor, most bytes) -> bytes`` from the file's begin. Raises ``OSError``."""
Write = Callable[[int, bytes], None]
"""``(file descriptor, bytes)`` to the file's begin. Raises ``OSError``."""


def find_calls() -> tuple[Read, Write]:
    """The two calls, those that hold the lock where they exist."""
    try:
        library = ctypes.PyDLL(None, use_errno=True)
        pread, pwrite = library.pread, library.pwrite
    except (OSError, TypeError, AttributeError):
        return _os_read, _os_write
    for call in (pread, pwrite):
        call.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_long)
        call.restype = ctypes.c_ssize_t

    def read(descriptor: int, size: int) -> bytes:
        buffer = ctypes.create_string_buffer(size)
        count = _checked(pread(descriptor, buffer, size, 0))
        return buffer.raw[:count]

    def write(descriptor: int, content: bytes) -> None:
        _checked(pwrite(descriptor, content, len(content), 0))

    return read, write


def _checked(count: int) -> int:
    if count < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return count


def _os_read(descriptor: int, size: int) -> bytes:
    return os.pread(descriptor, size, 0)


def _os_write(descriptor: int, content: bytes) -> None:
    os.pwrite(descriptor, content, 0)
