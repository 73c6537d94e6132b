"""What a prompt's nodes gave to the user, from what ComfyUI keeps for its history. Pure: opens no file."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, get_args

from ..model import Output, OutputKind

FILES_MAX = 50
"""So many files of one node are named; all of them are counted."""
NAME_LENGTH_MAX = 500

_SUFFIXES: Mapping[OutputKind, str] = {
    "image": ".png .jpg .jpeg .webp .bmp .tif .tiff .avif .exr .hdr .jxl .svg",
    "animation": ".gif .apng",
    "video": ".mp4 .webm .mov .mkv .avi .m4v .mpg .mpeg",
    "audio": ".wav .mp3 .flac .ogg .opus .m4a .aac",
    "3d": ".glb .gltf .obj .ply .stl .fbx .usdz .splat .ksplat .spz",
    "text": ".txt .json .md .csv .srt",
}
_KINDS: Mapping[str, OutputKind] = {
    suffix: kind for kind, suffixes in _SUFFIXES.items() for suffix in suffixes.split()
}
_ORDER: tuple[OutputKind, ...] = get_args(OutputKind)


def outputs_of(history: object, without: Container[str] = ()) -> tuple[Output, ...]:
    """The outputs in ``{node id: {key: [value, ...]}}``, as ComfyUI's history has them under ``outputs``.

    Files are known by their ``filename``; of text only how many there are. ``without`` are nodes that
    are left out. Whatever else packs put there is passed over.
    """
    if not isinstance(history, Mapping):
        return ()
    found = []
    for node_id, shown in history.items():
        if str(node_id) not in without and isinstance(shown, Mapping):
            found += _of_node(str(node_id), shown)
    return tuple(found)


def _of_node(node_id: str, shown: Mapping[str, Any]) -> list[Output]:
    files: dict[OutputKind, list[dict[str, str]]] = {}
    texts = 0
    is_animated = _is_true(shown.get("animated"))
    for key, values in shown.items():
        if not isinstance(values, Sequence) or isinstance(values, (str, bytes)):
            continue
        for value in values:
            if isinstance(value, Mapping) and isinstance(value.get("filename"), str):
                named = {
                    name: str(value.get(name) or "")[:NAME_LENGTH_MAX]
                    for name in ("filename", "subfolder", "type")
                }
                files.setdefault(_kind(named["filename"], is_animated), []).append(named)
            elif key == "text" and isinstance(value, str):
                texts += 1
    made = [
        Output(node_id=node_id, kind=kind, count=len(files[kind]), files=tuple(files[kind][:FILES_MAX]))
        for kind in _ORDER
        if kind in files
    ]
    return [*made, Output(node_id=node_id, kind="text", count=texts)] if texts else made


def _kind(filename: str, is_animated: bool) -> OutputKind:
    kind = _KINDS.get(PurePosixPath(filename).suffix.lower(), "file")
    return "animation" if kind == "image" and is_animated else kind


def _is_true(value: object) -> bool:
    """ComfyUI writes ``(True,)``."""
    return value is True or (isinstance(value, Sequence) and any(one is True for one in value))


def frame_count(outputs: Sequence[Output], sizes: Mapping[str, int]) -> int | None:
    """How many frames the run's video has, by what its prompt asked for; ``None`` where it made none.

    Files are not opened. A batch of as many pictures as frames were asked for is one too.
    """
    frames = sizes.get("frames") or 0
    batch = sizes.get("batch_size") or 1
    if any(output.kind in ("video", "animation") for output in outputs):
        return frames or (batch if batch > 1 else None)
    pictures = max((output.count for output in outputs if output.kind == "image"), default=0)
    return pictures if frames > 1 and pictures >= frames else None
