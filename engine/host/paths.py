"""Where this pack keeps a user's data. The only module that knows ComfyUI's folders.

Owns the data folder, the database's address and the check that a path a user
names lies where the user may read. Never opens a database, and never writes
outside ComfyUI's user directory.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import folder_paths

DATABASE_VARIABLE = "HOLAF_PROFILER_DATABASE_URL"
DATABASE_NAME = "holaf_profiler.db"
SETTINGS_NAME = "profiler_settings.json"
DEFAULT_USER = "default"

_FOLDERS = ("ComfyUI-Holaf-Utilities", "profiler")
_USER_ID = re.compile(r"(?!__)[\w-][\w .@-]{0,199}")


class UnknownUserError(ValueError):
    """A user id that ComfyUI could not have given out."""


class ForbiddenPathError(ValueError):
    """A path outside the folders that a user may read from."""


def data_folder(user_id: str = DEFAULT_USER) -> Path:
    """The folder of ``user_id``'s history and settings. It may not exist yet.

    Raises :class:`UnknownUserError` for an id that would leave the user directory.
    """
    if not _USER_ID.fullmatch(user_id) or user_id.endswith((".", " ")):
        raise UnknownUserError(f"There is no user {user_id[:80]!r}.")
    public = getattr(folder_paths, "get_public_user_directory", None)
    root = public(user_id) if public else os.path.join(folder_paths.get_user_directory(), user_id)
    if root is None:
        raise UnknownUserError(f"There is no user {user_id[:80]!r}.")
    return Path(root).joinpath(*_FOLDERS)


def ensure_data_folder(user_id: str = DEFAULT_USER) -> Path:
    """As :func:`data_folder`, made where it is missing. Raises ``OSError`` where it cannot be."""
    folder = data_folder(user_id)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def database_url(user_id: str = DEFAULT_USER) -> str:
    """The address of ``user_id``'s history, as SQLAlchemy writes it.

    The environment variable ``HOLAF_PROFILER_DATABASE_URL`` puts everybody's
    history into one database elsewhere; there, the runs' ``user_id`` keeps users apart.
    """
    elsewhere = os.environ.get(DATABASE_VARIABLE, "").strip()
    if elsewhere:
        return elsewhere
    return "sqlite:///" + (data_folder(user_id) / DATABASE_NAME).as_posix()


def existing_databases() -> list[str]:
    """The addresses of all histories there are, of every user. Opens none."""
    if is_shared_database():
        return [database_url()]
    root = Path(folder_paths.get_user_directory())
    return ["sqlite:///" + file.as_posix() for file in root.glob("/".join(("*", *_FOLDERS, DATABASE_NAME)))]


def users_with_settings() -> list[str]:
    """Everybody who has stored settings."""
    root = Path(folder_paths.get_user_directory())
    files = root.glob("/".join(("*", *_FOLDERS, SETTINGS_NAME)))
    return [file.relative_to(root).parts[0] for file in files]


def is_shared_database() -> bool:
    """Whether all users' histories lie in one database."""
    return bool(os.environ.get(DATABASE_VARIABLE, "").strip())


def settings_file(user_id: str = DEFAULT_USER) -> Path:
    """The file of ``user_id``'s preferences. It may not exist."""
    return data_folder(user_id) / SETTINGS_NAME


def readable_file(name: str, user_id: str = DEFAULT_USER) -> Path:
    """The existing file that a user means by ``name``.

    ``name`` is absolute, or relative to the user's own folder or to ComfyUI's
    ``input`` folder. Links are followed before the check. Raises
    :class:`ForbiddenPathError` for a file elsewhere, ``FileNotFoundError`` where none is.
    """
    roots = [data_folder(user_id).parents[1], Path(folder_paths.get_input_directory())]
    if "\0" in name or not name.strip():
        raise ForbiddenPathError("That is not the name of a file.")
    inside = False
    for root in (root.resolve() for root in roots):
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            continue
        inside = True
        if path.is_file():
            return path
    if not inside:
        raise ForbiddenPathError("Only files in ComfyUI's input folder or in your user folder can be read.")
    raise FileNotFoundError(f"There is no file {name!r} in ComfyUI's input folder or in your user folder.")
