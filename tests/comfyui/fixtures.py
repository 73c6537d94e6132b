"""pytest fixtures around a real ComfyUI. Importing this module costs nothing; the first use provisions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .cache import cache_folder
from .problem import ProvisioningError
from .provision import Host, provision
from .server import Server
from .tiny_model import ensure_models

StartServer = Callable[..., Server]


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--comfyui VERSION``: the ComfyUI to test against; without it the newest one."""
    parser.addoption(
        "--comfyui", default=None, metavar="VERSION", help="test against this ComfyUI (default: newest)"
    )


@pytest.fixture(scope="session")
def comfyui_host(request: pytest.FixtureRequest) -> Host:
    """The ComfyUI tree and interpreter that this run tests against."""
    version = request.config.getoption("--comfyui")
    try:
        return provision(*([version] if version else []))[0]
    except ProvisioningError as problem:
        pytest.exit(f"No ComfyUI to test against: {problem}", returncode=3)


@pytest.fixture(scope="session")
def comfyui_models(comfyui_host: Host) -> Path:
    """A models folder with the tiny checkpoint in it."""
    return ensure_models(comfyui_host, cache_folder() / "models")


@pytest.fixture(scope="session")
def comfyui(
    comfyui_host: Host, comfyui_models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A ComfyUI with the pack, shared by all tests of the session."""
    with Server(comfyui_host, tmp_path_factory.mktemp("comfyui"), models=comfyui_models) as server:
        yield server


@pytest.fixture
def start_comfyui(comfyui_host: Host, comfyui_models: Path, tmp_path: Path) -> Iterator[StartServer]:
    """Start one more ComfyUI, for a test that needs flags of its own or that breaks it.

    ``start_comfyui(base=..., **options of Server)``; every one is stopped when the test ends.
    """
    started: list[Server] = []

    def start(base: Path | None = None, **options: Any) -> Server:
        options.setdefault("models", comfyui_models)
        server = Server(comfyui_host, base or tmp_path / "comfyui", **options)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.stop()
