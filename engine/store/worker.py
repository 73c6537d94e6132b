"""Which process this is, so that a run of a dead process can be told from a live one."""

from __future__ import annotations

import os
import socket
from functools import lru_cache

import psutil


@lru_cache(maxsize=1)
def _host() -> str:
    return socket.gethostname()


@lru_cache(maxsize=4)
def _started(pid: int) -> float:
    return float(psutil.Process(pid).create_time())


def worker() -> dict[str, str | int | float]:
    """``worker_host``, ``worker_pid`` and ``worker_started`` (seconds since 1970) of this process."""
    pid = os.getpid()
    return {"worker_host": _host(), "worker_pid": pid, "worker_started": _started(pid)}


def alive(pid: int | None, started: float | None) -> bool:
    """Whether that process of this machine still runs; a reused pid does not count.

    Start times are rounded to clock ticks, and move a little when the clock is set.
    """
    if pid is None:
        return False
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return started is None or abs(process.create_time() - started) < 2.0
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
