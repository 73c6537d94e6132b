"""Which process this is, so that a run of a dead process can be told from a live one.

A process id means something only on one machine, since it last started, and in one PID
namespace: containers count their processes each from 1. Times of the clock mean
nothing here, since a clock may be set.
"""

from __future__ import annotations

import os
import socket
from functools import lru_cache
from pathlib import Path

import psutil


@lru_cache(maxsize=1)
def _host() -> str:
    return socket.gethostname()


@lru_cache(maxsize=1)
def _pid_space() -> str:
    """Within what this process's id is unique; processes that read the same here can look each other up."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{os.readlink('/proc/self/ns/pid')}"
    except OSError:  # not Linux: no PID namespaces, and the start of the machine is known by its time
        return f"boot/{round(psutil.boot_time() / 60.0)}"


def _started(pid: int) -> float:
    """When the process started: ticks since the machine did on Linux, else seconds since 1970."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return float(stat.rpartition(")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return float(psutil.Process(pid).create_time())


def worker() -> dict[str, str | int | float]:
    """The columns ``worker_host``, ``worker_pid_space``, ``worker_pid`` and ``worker_started``."""
    pid = os.getpid()
    return {
        "worker_host": _host(),
        "worker_pid_space": _pid_space(),
        "worker_pid": pid,
        "worker_started": _started(pid),
    }


def is_alive(host: str | None, pid_space: str | None, pid: int | None, started: float | None) -> bool | None:
    """Whether that process still runs; ``None`` where this process cannot know."""
    if host != _host() or pid_space != _pid_space() or pid is None:
        return None
    try:
        if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return False
        return started is None or abs(_started(pid) - started) < 2.0
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
