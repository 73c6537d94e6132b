"""Whose code a file is, from where it lies."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from engine.capture.owners import Owners


@pytest.fixture
def owners(tmp_path: Path) -> Owners:
    packs = {
        str(tmp_path / "ComfyUI/custom_nodes/extra"): "ComfyUI-Extra",
        str(tmp_path / "ComfyUI/custom_nodes/extra2"): "extra2",
        str(tmp_path / "ComfyUI/custom_nodes/single.py"): "single",
    }
    own = str(tmp_path / "ComfyUI/custom_nodes/profiler")
    return Owners(str(tmp_path / "ComfyUI"), packs, own)


@pytest.mark.parametrize(
    ("file", "kind", "name", "shown"),
    [
        ("ComfyUI/comfy/samplers.py", "core", "ComfyUI", "comfy/samplers.py"),
        ("ComfyUI/custom_nodes/extra/a/b.py", "pack", "ComfyUI-Extra", "extra/a/b.py"),
        ("ComfyUI/custom_nodes/extra2/b.py", "pack", "extra2", "extra2/b.py"),
        ("ComfyUI/custom_nodes/single.py", "pack", "single", "single.py"),
        ("ComfyUI/custom_nodes/profiler/x.py", "profiler", "Workflow Profiler", "x.py"),
        ("ComfyUI/venv/lib/python3/site-packages/torch/nn/a.py", "torch", "torch", "torch/nn/a.py"),
        ("ComfyUI/venv/lib/python3/site-packages/PIL/Image.py", "library", "PIL", "PIL/Image.py"),
        ("lib/site-packages/six.py", "library", "six", "six.py"),
        ("somewhere/tools/a.py", "library", "tools", "tools/a.py"),
    ],
)
def test_owner_and_the_path_that_may_be_shown(
    owners: Owners, tmp_path: Path, file: str, kind: str, name: str, shown: str
) -> None:
    place = owners.of(str(tmp_path / file))
    assert (place.owner.kind, place.owner.name, place.file) == (kind, name, shown)


def test_the_standard_library_and_code_without_a_file_are_the_interpreters(owners: Owners) -> None:
    stdlib = Path(sysconfig.get_path("stdlib"))
    assert owners.of(str(stdlib / "json" / "decoder.py")) == (("interpreter", "Python"), "json/decoder.py")
    assert owners.of("<frozen importlib._bootstrap>").owner.kind == "interpreter"
    assert owners.of("<eval_with_key>.7").owner.kind == "torch"


def test_a_pack_that_is_a_link_is_found_by_where_its_files_really_lie(tmp_path: Path) -> None:
    real, link = tmp_path / "work" / "mine", tmp_path / "custom_nodes" / "mine"
    real.mkdir(parents=True)
    link.parent.mkdir()
    link.symlink_to(real)
    owners = Owners(str(tmp_path / "other"), {str(link): "My pack"})
    assert owners.of(str(real / "nodes.py")).owner == ("pack", "My pack")
    assert owners.of(str(link / "nodes.py")).owner == ("pack", "My pack")
