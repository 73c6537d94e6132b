"""A user's preferences, and the run that is going on."""

from __future__ import annotations

from .. import settings
from .call import Answer, Call


def get_settings(call: Call) -> Answer:
    """The settings in force, and notes where the file could not be used."""
    values, notes = settings.read(call.host.settings_file(call.user_id))
    return {"settings": values, "notes": notes, "defaults": dict(settings.DEFAULTS)}


def put_settings(call: Call) -> Answer:
    """Change the settings that are given; the others stay."""
    values = settings.write(call.host.settings_file(call.user_id), call.body)
    call.host.apply_settings(call.user_id, values)
    call.changed("settings")
    return {"settings": values, "notes": [], "defaults": dict(settings.DEFAULTS)}


def get_status(call: Call) -> Answer:
    """The run that goes on now, with its newest readings; ``{"active": false}`` where none does.

    Where several executors are at work at once, ``runs`` has the others too.
    """
    return dict(call.host.status(call.user_id))
