"""The one kind of failure that a person reads: a sentence, no traceback."""

from __future__ import annotations


class ProvisioningError(Exception):
    """Something outside this repository is in the way. The text says what and what to do, in one line."""
