"""What a run ran on: versions, hardware, launch flags, node packs. A flat mapping of text.

Collected once in the life of the process, at the first profiled run, because none of
it changes while ComfyUI is up. Whatever cannot be found out is left out. Holds no
secrets, no names of users, no paths.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import logging
import os
import platform
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ...analysis.what_changed import flags_that_count
from ...probes.nvml import driver_version
from ...probes.system import total_ram_bytes
from ...probes.torch_backend import find_backend
from ...workflow.secrets import is_secret_name
from .packs import git_commit, installed_packs

log = logging.getLogger("holaf.profiler")

_lock = threading.Lock()
_collected: Mapping[str, str] | None = None


def collect() -> Mapping[str, str]:
    """Dotted names -> text. Any thread; takes some 10 ms the first time."""
    global _collected
    with _lock:
        if _collected is None:
            _collected = MappingProxyType(_collect())
        return _collected


def _collect() -> dict[str, str]:
    found: dict[str, str] = {}
    for part in (_host, _python, _torch, _gpus, _machine, _packs):
        found.update(_guarded(part))
    return dict(sorted(found.items()))


def _guarded(part: Callable[[], dict[str, str]]) -> dict[str, str]:
    """A host, a torch or a driver may be of any version: what cannot be asked is left out."""
    try:
        return {name: text for name, text in part().items() if text}
    except Exception:
        log.debug("Profiler: part of the environment is unknown.", exc_info=True)
        return {}


def _host() -> dict[str, str]:
    found = {"host.flags": flags_text(sys.argv[1:])}
    version: Any = importlib.import_module("comfyui_version")
    found["comfyui.version"] = str(version.__version__)
    found["comfyui.commit"] = git_commit(Path(str(version.__file__)).parent) or ""
    found["frontend.version"] = _installed("comfyui-frontend-package")
    attention = _attribute("comfy.ldm.modules.attention", "optimized_attention")
    found["attention.backend"] = getattr(attention, "__name__", "").removeprefix("attention_")
    state = _attribute("comfy.model_management", "vram_state")
    found["host.vram_mode"] = getattr(state, "name", "").lower()
    dynamic = _attribute("comfy.memory_management", "aimdo_enabled")
    if dynamic is not None:
        found["host.dynamic_vram"] = "on" if dynamic else "off"
    return found


def _python() -> dict[str, str]:
    return {"python.version": platform.python_version(), "os": platform.platform()}


def _torch() -> dict[str, str]:
    torch = sys.modules.get("torch")
    if torch is None:
        return {}
    versions: Any = getattr(torch, "version", None)
    return {
        "torch.version": str(getattr(torch, "__version__", "")),
        "torch.cuda": str(getattr(versions, "cuda", None) or ""),
        "torch.hip": str(getattr(versions, "hip", None) or ""),
        "torch.threads": str(torch.get_num_threads()),
    }


def _gpus() -> dict[str, str]:
    backend = find_backend()
    if backend is None:
        return {}
    found = {"allocator.backend": backend.allocator_backend()}
    for index in range(backend.device_count()):
        device = backend.device(index)
        found[f"gpu.{index}.name"] = device.name
        if device.memory_total_bytes is not None:
            found[f"gpu.{index}.memory_bytes"] = str(device.memory_total_bytes)
    if backend.label == "CUDA":
        found["driver.version"] = driver_version() or ""
    return found


def _machine() -> dict[str, str]:
    total = total_ram_bytes()
    return {
        "cpu": _cpu_name(),
        "cpu.count": str(os.cpu_count() or ""),
        "ram.total_bytes": str(total) if total else "",
    }


def _cpu_name() -> str:
    if sys.platform.startswith("linux"):
        try:
            with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    if line.lower().startswith("model name"):
                        return line.partition(":")[2].strip()
        except OSError:
            pass  # platform has its own way below
    return platform.processor() or platform.machine()


def _packs() -> dict[str, str]:
    find: Callable[[str], list[str]] | None = _attribute("folder_paths", "get_folder_paths")
    if find is None:
        return {}
    return {f"pack.{name}": version for name, version in installed_packs(find("custom_nodes")).items()}


def flags_text(arguments: Sequence[str]) -> str:
    """Launch flags that count as text, with secrets and paths replaced by what they are.

    ``["--lowvram", "--port", "80", "--input-directory", "/me"]`` -> ``--lowvram --input-directory <path>``.
    """
    shown: list[str] = []
    hide_next = False
    for argument in flags_that_count(arguments):
        flag, equals, value = argument.partition("=")
        if argument.startswith("-"):
            hide_next = is_secret_name(flag.lstrip("-").replace("-", "_"))
            shown.append(f"{flag}={_hidden(value, hide_next)}" if equals else flag)
        else:
            shown.append(_hidden(argument, hide_next))
    return " ".join(shown)


def _hidden(value: str, is_secret_value: bool) -> str:
    if is_secret_value:
        return "<hidden>"
    looks_like_path = any(mark in value for mark in ("/", "\\", "~")) or os.path.isabs(value)
    return "<path>" if looks_like_path else value


def _installed(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _attribute(module: str, name: str) -> Any:
    """An attribute of a module that the host has loaded, or ``None``."""
    return getattr(sys.modules.get(module), name, None)
