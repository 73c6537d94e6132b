"""Writes reports beside the generated images. The only module that writes into ComfyUI's output folder."""

from __future__ import annotations

import json
import logging
import os
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import folder_paths
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ...model import Run

log = logging.getLogger("holaf.profiler")

SUMMARY_KEY = "holaf_profile"
_one_at_a_time = threading.Lock()
"""Two reports of one run must not take the same number."""


class SaveError(Exception):
    """The report cannot be saved; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Saved:
    """``shown``: the pictures for the node, as ComfyUI's ``ui.images`` wants them.

    ``notes``: what was saved where, and what could not be.
    """

    shown: list[dict[str, str]]
    notes: tuple[str, ...]


def preview(picture: Image.Image) -> list[dict[str, str]]:
    """Put the picture where ComfyUI keeps previews; empty when even that cannot be written."""
    name = f"holaf_profile_{secrets.token_hex(8)}.png"
    folder = Path(folder_paths.get_temp_directory())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        picture.save(folder / name, compress_level=1)
    except OSError as error:
        log.warning("The report's picture cannot be shown on the node: %s", error)
        return []
    return [{"filename": name, "subfolder": "", "type": "temp"}]


def save(
    run: Run,
    picture: Image.Image,
    images: Any,
    *,
    prefix: str,
    formats: str,
    theme: str,
    look: Mapping[str, Any],
    run_id: int | None,
    extra_pnginfo: Mapping[str, Any] | None,
) -> Saved:
    """Save the report, and ``images`` (a tensor ``[n, height, width, channels]`` or ``None``) with it."""
    with _one_at_a_time:
        try:
            folder, name, counter, subfolder = _place(prefix, picture)
            stem = f"{name}_{counter:05}"
            info = _metadata(run, run_id, extra_pnginfo)
            picture.save(folder / f"{stem}_profile.png", pnginfo=info, compress_level=4)
            notes = [f"Saved: {_shown_path(subfolder, stem)}_profile.png"]
            shown = [{"filename": f"{stem}_profile.png", "subfolder": subfolder, "type": "output"}]
            notes += _save_formats(run, folder, stem, formats, theme, look)
            try:
                shown += _save_images(images, folder, stem, subfolder, info)
            except (TypeError, ValueError, AttributeError, RuntimeError) as error:
                log.warning("The images could not be saved with the report: %s", error)
                notes.append(f"The images could not be saved with the report: {error}")
        except SaveError as error:
            return Saved(preview(picture), (str(error),))
        except OSError as error:
            log.warning("The report could not be saved: %s", error)
            return Saved(preview(picture), (f"The report could not be saved: {error}",))
    return Saved(shown, tuple(notes))


def _place(prefix: str, picture: Image.Image) -> tuple[Path, str, int, str]:
    """The folder, file name, free number and subfolder for ``prefix``. Raises :class:`SaveError`."""
    output = Path(folder_paths.get_output_directory()).resolve()
    outside = SaveError(
        f"Not saved: the file name prefix {prefix[:100]!r} leads out of ComfyUI's output folder. "
        "Use a name like profile/run."
    )
    if "\0" in prefix or os.path.isabs(prefix) or os.path.splitdrive(prefix)[0] or prefix.startswith("\\"):
        raise outside
    try:
        target = (output / prefix).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise SaveError(f"Not saved: {prefix[:100]!r} is no usable file name ({error}).") from error
    if not target.parent.is_relative_to(output) or target == output:
        raise outside
    folder, name, counter, subfolder, _ = folder_paths.get_save_image_path(
        prefix, str(output), picture.width, picture.height
    )
    return Path(folder), name, counter, subfolder


def _metadata(run: Run, run_id: int | None, extra_pnginfo: Mapping[str, Any] | None) -> PngInfo:
    from ...render.formats import summary_json

    info = PngInfo()
    if not _metadata_is_off():
        if run.prompt is not None:
            info.add_text("prompt", json.dumps(run.prompt))
        for key, value in (extra_pnginfo or {}).items():
            info.add_text(str(key), json.dumps(value))
    info.add_text(SUMMARY_KEY, json.dumps({**summary_json(run), "run_id": run_id}))
    return info


def _metadata_is_off() -> bool:
    from comfy.cli_args import args

    return bool(getattr(args, "disable_metadata", False))


def _save_formats(
    run: Run, folder: Path, stem: str, wanted: str, theme: str, look: Mapping[str, Any]
) -> list[str]:
    from ...render.formats import FORMATS, export

    notes = []
    for name in dict.fromkeys(
        part.strip().lower().lstrip(".") for part in wanted.replace(";", ",").split(",")
    ):
        if not name or name == "png":
            continue
        if name not in FORMATS:
            notes.append(f"Unknown format {name[:20]!r}: choose from {', '.join(FORMATS)}.")
            continue
        try:
            exported = export(run, name, theme=theme, **look)
        except Exception as error:  # one format's trouble must not cost the others
            log.exception("The report could not be written as %s.", name)
            notes.append(f"Not saved as {name}: {type(error).__name__}: {error}")
            continue
        (folder / f"{stem}_profile{exported.filename_suffix}").write_bytes(exported.data)
        notes.append(f"Saved: {stem}_profile{exported.filename_suffix}")
    return notes


def _save_images(images: Any, folder: Path, stem: str, subfolder: str, info: PngInfo) -> list[dict[str, str]]:
    if images is None:
        return []
    shown = []
    pixels: Sequence[Any] = [image.float().cpu().numpy() for image in images]
    for index, array in enumerate(pixels):
        number = f"{index + 1:02}_" if len(pixels) > 1 else ""
        name = f"{stem}_{number}.png"
        Image.fromarray((array * 255.0).clip(0, 255).astype("uint8")).save(
            folder / name, pnginfo=info, compress_level=4
        )
        shown.append({"filename": name, "subfolder": subfolder, "type": "output"})
    return shown


def _shown_path(subfolder: str, stem: str) -> str:
    return f"{subfolder}/{stem}" if subfolder else stem
