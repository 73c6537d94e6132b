"""The one way to NVIDIA's management library. The only file that imports ``pynvml``.

Every call goes through :meth:`Nvml.ask`, which turns the library's error codes into
:class:`NvmlError` with a sentence a user understands. Never asked for: process lists
(4.5 ms a call), fans and PCIe counters (they wait for the hardware).
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

log = logging.getLogger("holaf.profiler")

UNINITIALIZED = 1
NOT_SUPPORTED = 3
NO_PERMISSION = 4
NOT_FOUND = 6
DRIVER_NOT_LOADED = 9
LIBRARY_NOT_FOUND = 12
FUNCTION_NOT_FOUND = 13
GPU_IS_LOST = 15
RESET_REQUIRED = 16
LIB_RM_VERSION_MISMATCH = 18

GPU_UTILIZATION_SAMPLES = 1

REASONS = {
    UNINITIALIZED: "the NVIDIA driver's library was shut down by another program part",
    NOT_SUPPORTED: "this GPU or system does not report it",
    NO_PERMISSION: "the system does not let this user read it",
    DRIVER_NOT_LOADED: "no NVIDIA driver is running",
    LIBRARY_NOT_FOUND: "the NVIDIA driver's library (NVML) is not installed",
    FUNCTION_NOT_FOUND: "the installed NVIDIA driver is too old for it",
    GPU_IS_LOST: "the GPU stopped answering (it fell off the bus)",
    RESET_REQUIRED: "the GPU needs a reset",
    LIB_RM_VERSION_MISMATCH: "the NVIDIA driver was updated while it was running; restart the machine",
}
"""Codes that stay as they are, however often one asks."""
WHOLE_GPU = frozenset((GPU_IS_LOST, RESET_REQUIRED))
"""Codes that concern everything about one GPU."""
WHOLE_LIBRARY = frozenset((UNINITIALIZED, DRIVER_NOT_LOADED, LIBRARY_NOT_FOUND, LIB_RM_VERSION_MISMATCH))
"""Codes that concern every GPU."""


class NvmlError(Exception):
    """NVML has no answer. ``code`` is NVML's own, ``reason`` a sentence without a full stop."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        self.reason = REASONS.get(code) or f"the NVIDIA driver answered with error {code} ({text})"
        super().__init__(self.reason)

    @property
    def is_lasting(self) -> bool:
        """Whether asking again is useless."""
        return self.code in REASONS


class NvmlMissingError(NvmlError):
    """There is no Python binding, or it is something else that goes by its name."""

    def __init__(self, reason: str) -> None:
        super().__init__(LIBRARY_NOT_FOUND, "")
        self.reason = reason


@dataclass(slots=True)
class Handle:
    """One GPU to ask about: how to find it, and NVML's pointer, good for one opening of the library."""

    function: str
    argument: int | str
    pointer: Any = None
    opening: int = -1


class Nvml:
    """An initialised library. One for the process: opening costs some 10 ms, so it is never shut down.

    NVML counts its openings. Another part of the program that shuts it down once too often takes
    it from everybody; then it is opened again, and every :class:`Handle` is looked up anew.
    """

    def __init__(self, binding: ModuleType) -> None:
        self._binding = binding
        self._unknown: set[str] = set()
        self._lock = threading.Lock()
        self._opening = 0
        self._call("nvmlInit")

    def gpu(self, index: int) -> Handle:
        """The GPU with this number in PCI order. Raises :class:`NvmlError`."""
        return self._found(Handle("nvmlDeviceGetHandleByIndex", index))

    def gpu_named(self, uuid: str) -> Handle:
        """The GPU, or the part of one, with this UUID, prefix included. Raises :class:`NvmlError`."""
        return self._found(Handle("nvmlDeviceGetHandleByUUID", uuid))

    def _found(self, handle: Handle) -> Handle:
        opening = self._opening
        handle.pointer = self.ask(handle.function, handle.argument)
        handle.opening = opening
        return handle

    def ask(self, function: str, *arguments: Any) -> Any:
        """Call ``function``. Raises :class:`NvmlError`, and nothing else."""
        opening = self._opening
        try:
            return self._call(function, *self._pointers(arguments))
        except NvmlError as error:
            if error.code != UNINITIALIZED:
                raise
            self._open_again(opening)
        return self._call(function, *self._pointers(arguments))

    def _open_again(self, opening: int) -> None:
        with self._lock:
            if self._opening == opening:  # no other thread was faster
                self._call("nvmlInit")
                self._opening += 1
                log.info("Profiler: NVML was shut down by another part of ComfyUI and is opened again.")

    def _pointers(self, arguments: tuple[Any, ...]) -> list[Any]:
        return [self._pointer(each) if isinstance(each, Handle) else each for each in arguments]

    def _pointer(self, handle: Handle) -> Any:
        opening = self._opening
        if handle.opening != opening:
            handle.pointer = self._call(handle.function, handle.argument)
            handle.opening = opening
        return handle.pointer

    def _call(self, function: str, *arguments: Any) -> Any:
        call = getattr(self._binding, function, None)
        if call is None:
            self._say_unknown(function)
            raise NvmlError(FUNCTION_NOT_FOUND, function)
        try:
            return call(*arguments)
        except self._binding.NVMLError as error:
            code = int(getattr(error, "value", 999))
            if code == FUNCTION_NOT_FOUND:
                self._say_unknown(function)
            raise NvmlError(code, str(error)) from error
        except (OSError, AttributeError, TypeError, ValueError, UnicodeError) as error:
            # A binding that does not fit the library under it.
            raise NvmlError(999, f"{type(error).__name__}: {error}") from error

    def _say_unknown(self, function: str) -> None:
        if function not in self._unknown:
            self._unknown.add(function)
            log.info("Profiler: this NVIDIA driver or its Python binding does not know %s.", function)

    def memory(self, handle: Handle) -> tuple[int, int]:
        """(bytes in use by all programs, total bytes). The driver's own reserve is left out if known."""
        version = getattr(self._binding, "nvmlMemory_v2", None)
        try:
            if version is None:
                raise NvmlError(FUNCTION_NOT_FOUND, "nvmlMemory_v2")
            found = self.ask("nvmlDeviceGetMemoryInfo", handle, version)
        except NvmlError as error:
            if error.code in WHOLE_GPU or error.code in WHOLE_LIBRARY:
                raise
            found = self.ask("nvmlDeviceGetMemoryInfo", handle)
        # Whether `used` includes the reserve differs between driver versions; `free` is plain.
        in_use = int(found.total) - int(found.free) - int(getattr(found, "reserved", 0))
        return max(0, in_use), int(found.total)


_lock = threading.Lock()
_opened: Nvml | None = None


def open_nvml() -> Nvml:
    """The library, initialised at the first call. Raises :class:`NvmlError`."""
    global _opened
    with _lock:
        if _opened is None:
            try:
                binding = import_module("pynvml")
            except ImportError as error:
                raise NvmlMissingError("the Python package nvidia-ml-py is not installed") from error
            if not hasattr(binding, "NVMLError") or not hasattr(binding, "nvmlInit"):
                raise NvmlMissingError("the installed module 'pynvml' is not nvidia-ml-py")
            _opened = Nvml(binding)
        return _opened


def driver_version() -> str | None:
    """The NVIDIA driver's version, or ``None`` without one."""
    try:
        return str(open_nvml().ask("nvmlSystemGetDriverVersion"))
    except NvmlError:
        return None
