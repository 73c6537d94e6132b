"""ComfyUI's output folder as a folder of the test's own, for what writes into it."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

from tests.unit.host.run.conftest import hand_run

__all__ = ["hand_run", "output"]


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the host's ``folder_paths`` and ``comfy.cli_args``; files go below the path returned."""
    folder_paths = types.ModuleType("folder_paths")
    cli_args = types.ModuleType("comfy.cli_args")

    def save_image_path(prefix: str, root: str, _width: int, _height: int) -> tuple[str, str, int, str, str]:
        folder = Path(root, prefix).parent
        folder.mkdir(parents=True, exist_ok=True)
        name = Path(prefix).name
        taken = len(list(folder.glob(f"{name}_*_profile.png")))
        return str(folder), name, taken + 1, str(Path(prefix).parent), prefix

    for name, function in {
        "get_output_directory": lambda: str(tmp_path / "output"),
        "get_temp_directory": lambda: str(tmp_path / "temp"),
        "get_user_directory": lambda: str(tmp_path / "user"),
        "get_input_directory": lambda: str(tmp_path / "input"),
        "get_save_image_path": save_image_path,
    }.items():
        setattr(folder_paths, name, function)
    cli_args.args = types.SimpleNamespace(disable_metadata=False)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "folder_paths", folder_paths)
    monkeypatch.setitem(sys.modules, "comfy", types.ModuleType("comfy"))
    monkeypatch.setitem(sys.modules, "comfy.cli_args", cli_args)
    from engine.host import paths
    from engine.host.report import save

    # Whichever test came first has imported them with folders of its own.
    monkeypatch.setattr(paths, "folder_paths", folder_paths)
    monkeypatch.setattr(save, "folder_paths", folder_paths)
    return tmp_path / "output"
