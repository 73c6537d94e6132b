"""A ComfyUI process of our own: its own folders, its own port, its log in a file, stopped for certain."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from .client import Client
from .pack import PACK_FOLDER, install_double, install_pack, install_test_nodes
from .problem import ProvisioningError
from .provision import Host

_FOLDERS = ("custom_nodes", "models", "input", "output", "temp", "user")


class Server:
    """One ComfyUI started from ``host`` with everything it writes below ``base``.

    ``pack``: with this checkout in its ``custom_nodes``. ``doubles``: with these test packs.
    ``models``: a folder with ``checkpoints`` and so on.
    ``flags``: more command-line flags. ``environment``: variables to add. ``cpu``: on the CPU, whatever
    the machine has. Use it as a context manager, or
    call :meth:`start` and :meth:`stop`.
    """

    def __init__(
        self,
        host: Host,
        base: Path,
        *,
        pack: bool = True,
        doubles: Sequence[str] = (),
        models: Path | None = None,
        port: int | None = None,
        flags: Sequence[str] = (),
        environment: dict[str, str] | None = None,
        cpu: bool = True,
    ) -> None:
        self.host = host
        self.base = base
        self.port = port or free_port()
        self.log = base / "comfyui.log"
        self.pack_files: set[Path] = set()
        """What was copied into ``custom_nodes`` as the pack, relative to its folder."""
        self._pack = pack
        self._doubles = tuple(doubles)
        self._models = models
        self._flags = list(flags)
        self._environment = environment or {}
        self._cpu = cpu
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def client(self) -> Client:
        """A fresh API user of it."""
        return Client(self.url)

    @property
    def output(self) -> Path:
        """Its output folder."""
        return self.base / "output"

    @property
    def user(self) -> Path:
        """The user folder of its one user."""
        return self.base / "user" / "default"

    @property
    def database(self) -> Path:
        """Where the pack keeps its history in it."""
        return self.user / "ComfyUI-Holaf-Utilities" / "profiler" / "holaf_profiler.db"

    @property
    def pid(self) -> int:
        """The process id."""
        if self._process is None:
            raise RuntimeError("The server is not running.")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self, timeout_s: float = 180.0) -> Server:
        """Start it and wait until it answers. Raises :class:`ProvisioningError` with the log's end."""
        for name in _FOLDERS:
            (self.base / name).mkdir(parents=True, exist_ok=True)
        if self._pack:
            folder = install_pack(self.base / "custom_nodes")
            self.pack_files = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
        install_test_nodes(self.base / "custom_nodes")
        for double in self._doubles:
            install_double(self.base / "custom_nodes", double)
        command = [str(self.host.python), "-u", str(self.host.tree / "main.py")]
        command += ["--cpu"] if self._cpu else []
        command += ["--port", str(self.port), "--base-directory", str(self.base)]
        command += ["--user-directory", str(self.base / "user"), "--output-directory", str(self.output)]
        command += ["--database-url", f"sqlite:///{self.base / 'comfyui.db'}"]
        command += ["--disable-auto-launch", "--disable-api-nodes", *self._flags]
        if self._models is not None:
            paths = self.base / "models.yaml"
            paths.write_text(
                f"tests:\n  base_path: {self._models}\n  checkpoints: checkpoints\n", encoding="utf-8"
            )
            command += ["--extra-model-paths-config", str(paths)]
        environment = {**os.environ, "PYTHONUTF8": "1", "HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"}
        environment |= self._environment
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                cwd=self.base,
                # Started from a shell's background, it would inherit that Ctrl+C is ignored.
                preexec_fn=_heed_interrupts if os.name == "posix" else None,
            )
        try:
            self._wait_until_ready(timeout_s)
        except BaseException:
            self.kill()
            raise
        return self

    def _wait_until_ready(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise ProvisioningError(
                    f"ComfyUI ended while starting. The end of its log:\n{self.log_tail()}"
                )
            try:
                with urllib.request.urlopen(f"{self.url}/system_stats", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise ProvisioningError(
            f"ComfyUI did not answer in {timeout_s:g} s. The end of its log:\n{self.log_tail()}"
        )

    def stop(self) -> None:
        """End it the way Ctrl+C does; after ten seconds by force."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End it at once, as a crash or the kernel's out-of-memory killer does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None

    def log_text(self) -> str:
        """Everything it has logged."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def pack_tracebacks(self, *, start_up_only: bool = False) -> list[str]:
        """Lines of tracebacks in its log that lie in the pack. ComfyUI has tracebacks of its own there."""
        inside = f"custom_nodes{os.sep}{PACK_FOLDER}{os.sep}"
        lines = self.log_text().splitlines()
        if start_up_only:
            lines = lines[: next((at for at, line in enumerate(lines) if "To see the GUI" in line), None)]
        return [line.strip() for line in lines if line.lstrip().startswith("File ") and inside in line]

    def log_tail(self, lines: int = 30) -> str:
        """The last lines of its log."""
        return "\n".join(self.log_text().splitlines()[-lines:])

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def free_port() -> int:
    """A TCP port on this machine that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(port: int) -> bool:
    """Whether a server could listen on ``port``."""
    with socket.socket() as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
