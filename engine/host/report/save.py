"""Writes reports beside the generated images. The only module that writes into ComfyUI's output folder."""

from __future__ import annotations

import json
import logging
import os
import secrets
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import folder_paths
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ...language import t
from ...render.formats import FORMATS, SUMMARY_KEY, export, summary_json
from ...render.report import Report
from ..run.archive import with_kept_workflow

log = logging.getLogger("holaf.profiler")

_one_at_a_time = threading.Lock()
"""Two reports of one run must not take the same number."""


_NEEDED = ("matplotlib", "tabulate", "numpy")


def in_words(error: BaseException) -> str:
    """What went wrong; for a package that is missing, the command that installs it."""
    if isinstance(error, ImportError) and error.name in _NEEDED:
        command = f"{sys.executable} -m pip install {error.name}"
        return t(
            "the Python package {name} is missing. Install it with: {command}",
            name=error.name,
            command=command,
        )
    return f"{type(error).__name__}: {error}"


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
    except Exception as error:  # without the preview there still is the table
        log.warning("The report's picture cannot be shown on the node: %s", error, exc_info=True)
        return []
    return [{"filename": name, "subfolder": "", "type": "temp"}]


def save(
    report: Report, images: Any, *, run_id: int | None, extra_pnginfo: Mapping[str, Any] | None
) -> Saved:
    """Save the report, and ``images`` (a tensor ``[n, height, width, channels]`` or ``None``) with it."""
    from ...render.chart.picture import picture_of

    picture = picture_of(report)
    with _one_at_a_time:
        try:
            folder, name, counter, subfolder = _place(report.options.filename_prefix, picture)
            stem = f"{name}_{counter:05}"
            info = _metadata(report, run_id, extra_pnginfo)
            picture.save(folder / f"{stem}_profile.png", pnginfo=info, compress_level=4)
            notes = [t("Saved: {file}", file=f"{_shown_path(subfolder, stem)}_profile.png")]
            shown = [{"filename": f"{stem}_profile.png", "subfolder": subfolder, "type": "output"}]
            notes += _save_formats(report, folder, stem)
            try:
                shown += _save_images(images, folder, stem, subfolder, info)
            except Exception as error:  # images come from any node: what is wrong with them is theirs
                log.warning("The images could not be saved with the report: %s", error, exc_info=True)
                notes.append(t("The images could not be saved with the report: {reason}", reason=error))
        except SaveError as error:
            return Saved(preview(picture), (str(error),))
        except Exception as error:  # the picture is drawn: it is shown whatever saving it meets
            log.warning("The report could not be saved: %s", error, exc_info=True)
            return Saved(preview(picture), (t("The report could not be saved: {reason}", reason=error),))
    return Saved(shown, tuple(notes))


def _place(prefix: str, picture: Image.Image) -> tuple[Path, str, int, str]:
    """The folder, file name, free number and subfolder for ``prefix``. Raises :class:`SaveError`."""
    output = Path(folder_paths.get_output_directory()).resolve()
    outside = SaveError(
        t(
            "Not saved: the file name prefix “{prefix}” leads out of ComfyUI's output folder. "
            "Use a name like profile/run.",
            prefix=prefix[:100],
        )
    )
    if "\0" in prefix or os.path.isabs(prefix) or os.path.splitdrive(prefix)[0] or prefix.startswith("\\"):
        raise outside
    try:
        target = (output / prefix).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise SaveError(
            t("Not saved: “{prefix}” is no usable file name ({reason}).", prefix=prefix[:100], reason=error)
        ) from error
    if not target.parent.is_relative_to(output) or target == output:
        raise outside
    folder, name, counter, subfolder, _ = folder_paths.get_save_image_path(
        prefix, str(output), picture.width, picture.height
    )
    return Path(folder), name, counter, subfolder


def _metadata(report: Report, run_id: int | None, extra_pnginfo: Mapping[str, Any] | None) -> PngInfo:
    info = PngInfo()
    if not _metadata_is_off():
        kept = with_kept_workflow(report.run)
        texts = {"prompt": kept.prompt, **(extra_pnginfo or {})}
        if kept is not report.run and "workflow" in texts:
            texts["workflow"] = kept.workflow
        for key, value in texts.items():
            if value is not None:
                info.add_text(str(key), json.dumps(value))
    info.add_text(SUMMARY_KEY, json.dumps({**summary_json(report), "run_id": run_id}))
    return info


def _metadata_is_off() -> bool:
    from comfy.cli_args import args

    return bool(getattr(args, "disable_metadata", False))


def _save_formats(report: Report, folder: Path, stem: str) -> list[str]:
    wanted = report.options.formats.replace(";", ",").split(",")
    notes = []
    for name in dict.fromkeys(part.strip().lower().lstrip(".") for part in wanted):
        if not name or name == "png":
            continue
        if name not in FORMATS:
            formats = ", ".join(FORMATS)
            notes.append(
                t("Unknown format “{name}”: choose from {formats}.", name=name[:20], formats=formats)
            )
            continue
        try:
            exported = export(report, name)
        except Exception as error:  # one format's failure must not cost the others
            log.exception("The report could not be written as %s.", name)
            notes.append(t("Not saved as {format}: {reason}", format=name, reason=in_words(error)))
            continue
        (folder / f"{stem}_profile{exported.filename_suffix}").write_bytes(exported.data)
        notes.append(t("Saved: {file}", file=f"{stem}_profile{exported.filename_suffix}"))
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
