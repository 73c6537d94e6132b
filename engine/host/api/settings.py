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
    call.changed("settings")
    return {"settings": values, "notes": [], "defaults": dict(settings.DEFAULTS)}


def get_status(call: Call) -> Answer:
    """The run that goes on now, with its newest readings; ``{"active": false}`` where none does."""
    status = dict(call.host.status())
    if status.get("user_id") not in (None, call.user_id):
        # Another user's run: that the machine is busy is all that concerns this one.
        return {"active": False, "busy": True}
    return status
