"""A user's history in a real file, for the routes' handlers without HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from engine.host.api.call import Call, Host
from engine.host.run.repeat import Repeats
from engine.model import Run, Step
from engine.store.database import Database
from engine.store.history import History
from engine.store.writer import RunWriter
from tests.unit.store.help import record

PROMPT = {
    "1": {"class_type": "Loader", "inputs": {}, "_meta": {"title": "Load"}},
    "2": {"class_type": "Sampler", "inputs": {"model": ["1", 0]}, "_meta": {"title": "Sample"}},
}


class NoQueue:
    """A queue that keeps what it is given and never runs it."""

    def __init__(self) -> None:
        self.given: SimpleQueue[Mapping[str, Any]] = SimpleQueue()

    def put(self, prompt: Mapping[str, Any], extra_data: Mapping[str, Any], user_id: str) -> str:
        self.given.put(extra_data)
        return f"{user_id}'s"

    def holds(self, prompt_id: str) -> bool:
        return True

    def cancel(self, prompt_id: str, user_id: str) -> None:
        pass


class Bench:
    """A user's history and what handlers told the browsers."""

    def __init__(self, folder: Path) -> None:
        self.history = History(Database(str(folder / "history.db")))
        self.sent: list[tuple[str, Mapping[str, Any]]] = []
        self.queue = NoQueue()
        self.repeats = Repeats(self.queue, lambda _progress: None)
        self.host = Host(
            history=lambda _user: self.history,
            settings_file=lambda user: folder / f"{user}.json",
            readable_file=lambda name, _user: folder / name,
            status=lambda user: {"user": user},
            send=lambda event, data: self.sent.append((event, data)),
            repeats=lambda: self.repeats,
            record_event=lambda text, user: None,
            take_in=lambda user: (2, 3),
            apply_settings=lambda user, settings: None,
        )

    def call(self, handler: Callable[[Call], Any], user: str = "default", **parts: Any) -> Any:
        parts.setdefault("query", {})
        return handler(Call(user_id=user, host=self.host, **parts))

    def record(self, times: Mapping[str, float], **fields: Any) -> int:
        """A finished run whose nodes took so long; node ids are those of ``PROMPT``."""
        made = tuple(
            Step(
                node_id=node_id,
                node_type=PROMPT[node_id]["class_type"],  # type: ignore[arg-type]
                node_title=PROMPT[node_id]["_meta"]["title"],  # type: ignore[index]
                position=position,
                exec_time=time_s,
                self_time_s=time_s,
            )
            for position, (node_id, time_s) in enumerate(times.items())
        )
        values: dict[str, Any] = {
            "timestamp": "2026-05-31T14:00:00.000Z",
            "status": "success",
            "total_time": sum(times.values()),
            "workflow_id": "wf",
            **fields,
        }
        run = Run(**{"prompt": PROMPT, **values}, steps=made, workflow={"id": "wf"})
        return record(RunWriter(self.history.database), run)


def page(**query: Any) -> dict[str, Any]:
    return {"limit": 50, "offset": 0, "sort": "-timestamp", **query}
