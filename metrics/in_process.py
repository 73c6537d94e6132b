"""A real ComfyUI inside this process, without its web server running: for benchmarks that compare A with B.

Runs in the test environment. Everything ComfyUI writes goes below a temporary folder.
"""

from __future__ import annotations

import asyncio
import compileall
import logging
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.comfyui.pack import install_pack, install_test_nodes
from tests.comfyui.provision import Host, provision


class InProcessComfyUI:
    """ComfyUI's own executor, node registry and server object, on the CPU.

    ``base`` is its base directory, ``pack`` the folder of the pack, which :meth:`load_pack` loads.
    """

    def __init__(self) -> None:
        self.host: Host = provision()[0]
        self.base = Path(tempfile.mkdtemp(prefix="holaf-bench-"))
        custom_nodes = self.base / "custom_nodes"
        for name in ("custom_nodes", "output", "temp", "user", "input"):
            (self.base / name).mkdir()
        sys.path.insert(0, str(self.host.tree))
        sys.argv = sys.argv[:1]
        from comfy.cli_args import args

        args.cpu = True
        args.base_directory = str(self.base)
        # ComfyUI's own `nodes`, `server` ... must win over folders of this checkout
        for name in ("nodes", "execution", "server"):
            sys.modules.pop(name, None)
        import execution
        import folder_paths
        import server

        import nodes

        folder_paths.set_user_directory(str(self.base / "user"))
        logging.getLogger().setLevel(logging.WARNING)
        self.execution: Any = execution
        self.nodes: Any = nodes
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        self.server: Any = server.PromptServer(self.loop)
        self._load(install_test_nodes(custom_nodes))
        self.pack = install_pack(custom_nodes)
        # a user's second start finds byte code: so does this first one
        compileall.compile_dir(self.pack, quiet=2)
        self._absent = self._hooked_functions()

    def load_pack(self) -> None:
        """Load the pack the way ComfyUI does at start-up."""
        self._load(self.pack)
        self._present = self._hooked_functions()
        if self._present == self._absent:
            raise RuntimeError("The pack was loaded and hooked nothing.")

    def serve(self) -> None:
        """Send out messages on a thread, as ComfyUI's main thread does; nothing can be loaded after this.

        Without it every progress message of every run would pile up in memory.
        """

        def work() -> None:
            asyncio.set_event_loop(self.loop)
            self.loop.run_until_complete(self.server.publish_loop())

        threading.Thread(target=work, name="server", daemon=True).start()

    def settle(self) -> None:
        """Wait until everything that the last run sent is out, so that it cannot slow the next one down."""
        while self.loop.is_running() and not self.server.messages.empty():
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self.loop).result()

    def is_profiling(self) -> bool:
        """Whether a run goes on or is still being put together."""
        name = next((name for name in sys.modules if name.endswith(".engine.host.run.live")), None)
        return name is not None and bool(sys.modules[name].status("default")["active"])

    def hook(self, present: bool) -> None:
        """Put the functions that the pack wraps back to what they were without it, or with it."""
        execute_async, execute = self._present if present else self._absent
        self.execution.PromptExecutor.execute_async = execute_async
        self.execution.execute = execute

    def executor(self) -> Any:
        """A new PromptExecutor with ComfyUI's classic cache."""
        return self.execution.PromptExecutor(
            self.server,
            cache_type=self.execution.CacheType.CLASSIC,
            cache_args={"lru": 0, "ram": 0.0, "ram_inactive": 0.0},
        )

    def outputs(self, prompt: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """The output nodes of a prompt, which is what an executor is asked for."""
        classes = self.nodes.NODE_CLASS_MAPPINGS
        return [
            key for key, node in prompt.items() if getattr(classes[node["class_type"]], "OUTPUT_NODE", False)
        ]

    def _hooked_functions(self) -> tuple[Any, Any]:
        return self.execution.PromptExecutor.execute_async, self.execution.execute

    def _load(self, folder: Path) -> None:
        if not self.loop.run_until_complete(self.nodes.load_custom_node(str(folder))):
            raise RuntimeError(f"{folder.name} could not be loaded.")
