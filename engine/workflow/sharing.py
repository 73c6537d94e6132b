"""A run made fit to be given to strangers: no secrets, no home folder, prompts' texts only if wanted.

Pure. What is replaced stays recognizable: ``~``, ``<hidden>``, ``<text of 123 characters>``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from ..model import Run
from .redaction import redact
from .secrets import HIDDEN, is_secret_name

T = TypeVar("T")

_HOME = re.compile(r"(?:[A-Za-z]:)?[/\\]+(?:home|Users)[/\\]+[^/\\\s\"'<>|:*?]+|/root(?=/|$|[\s\"'])")
_PROSE_WORDS = 3
"""A value with so many words is a text that somebody wrote; names of files and options have fewer."""
_PROSE_LENGTH = 120
_PROSE_NAMES = re.compile(
    r"(?:^|_)(?:text|prompt|positive|negative|caption|string|notes?)(?:_|$)", re.IGNORECASE
)


def shareable(run: Run, homes: Iterable[str] = (), *, texts: bool = False) -> Run:
    """``run`` without secrets and without the user's home folder in any of its texts.

    ``homes`` are folders beside the usual ones that are written as ``~``. Unless ``texts``, what
    people wrote into nodes is replaced by how long it is.
    """
    hide = _Hider(homes, texts)
    steps = tuple(replace(step, inputs_json=hide.inputs_json(step.inputs_json)) for step in run.steps)
    prompt = None if run.prompt is None else hide.prompt(run.prompt)
    workflow = None if run.workflow is None else hide.graph(run.workflow)
    return hide.paths(replace(run, steps=steps, prompt=prompt, workflow=workflow, user_id="default"))


class _Hider:
    def __init__(self, homes: Iterable[str], texts: bool) -> None:
        found = sorted((home for home in homes if len(home) > 1), key=len, reverse=True)
        either = "|".join(re.escape(home).replace(r"\\", r"\\+") for home in found)
        self._home = re.compile(f"(?:{either})|{_HOME.pattern}") if either else _HOME
        self._texts = texts

    def text(self, text: str) -> str:
        """``text`` with home folders as ``~``."""
        return self._home.sub("~", text)

    def paths(self, value: T) -> T:
        """``value``, whatever it is made of, with :meth:`text` done to each text in it."""
        found: Any = value
        if isinstance(value, str):
            found = self.text(value)
        elif is_dataclass(value) and not isinstance(value, type):
            names = [each.name for each in fields(value)]
            changed = {name: self.paths(getattr(value, name)) for name in names}
            found = replace(value, **{k: v for k, v in changed.items() if v is not getattr(value, k)})
        elif isinstance(value, Mapping):
            found = {self.paths(key): self.paths(item) for key, item in value.items()}
        elif isinstance(value, tuple) and value and not isinstance(value[0], (int, float)):
            items = [self.paths(item) for item in value]
            found = type(value)(*items) if hasattr(value, "_fields") else tuple(items)
        elif isinstance(value, list):
            found = [self.paths(item) for item in value]
        return cast(T, found)

    def prompt(self, prompt: Mapping[str, Any]) -> dict[str, Any]:
        """A prompt in API format, its inputs redacted."""
        return {
            node_id: {**node, "inputs": self.values(node.get("inputs", {}))}
            if isinstance(node, Mapping)
            else node
            for node_id, node in prompt.items()
        }

    def graph(self, value: Any) -> Any:
        """A workflow in graph format: what nodes' widgets hold is redacted, titles and wires stay."""
        if isinstance(value, Mapping):
            return {
                key: self.values(item) if key == "widgets_values" else self.graph(item)
                for key, item in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self.graph(item) for item in value]
        return value

    def inputs_json(self, text: str | None) -> str | None:
        """A step's stored inputs."""
        if text is None:
            return None
        try:
            inputs = json.loads(text)
        except ValueError:
            return None
        return json.dumps(self.values(inputs), ensure_ascii=False)

    def values(self, value: Any, name: str = "") -> Any:
        """Inputs or widget values: secrets hidden, prose replaced."""
        if isinstance(value, Mapping):
            return {
                key: HIDDEN
                if is_secret_name(str(key)) and isinstance(item, (str, bytes))
                else self.values(item, str(key))
                for key, item in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self.values(item, name) for item in value]
        if isinstance(value, str):
            plain = json.loads(redact({"value": value})).get("value") if len(value) < 2_000 else value
            if plain != value and HIDDEN in str(plain):
                return plain
            return value if self._texts or not _is_prose(value, name) else stand_in(value)
        return value


def _is_prose(value: str, name: str) -> bool:
    if _PROSE_NAMES.search(name) and value.strip():
        return True
    return len(value) > _PROSE_LENGTH or "\n" in value or len(value.split()) >= _PROSE_WORDS


def stand_in(text: str) -> str:
    """What stands where a text was left out."""
    return f"<text of {len(text):,} characters>"
