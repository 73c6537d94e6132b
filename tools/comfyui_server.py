"""A running ComfyUI with the Workflow Profiler, spoken to over HTTP: queue, wait, ask for runs.

Needs nothing but Python. What goes wrong becomes a :class:`ToolError` with the exit code for it.
"""

from __future__ import annotations

import http.client
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

SLOWER, FAILED, WRONG, STOPPED = 1, 2, 3, 130
POLL_S = 0.25
PREFIX = "/holaf/profiler/"


class ToolError(Exception):
    """What went wrong, and the exit code that says so to scripts."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class Server:
    """A running ComfyUI, spoken to over HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/") if "://" in url else f"http://{url}".rstrip("/")

    def get(self, path: str) -> Any:
        """The JSON that ``path`` answers. Raises :class:`ToolError`."""
        return self.send("GET", path)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON that ``path`` answers to ``body``. Raises :class:`ToolError`."""
        answer = self.read(path, None if body is None else json.dumps(body).encode(), method)
        try:
            return json.loads(answer)
        except ValueError:
            raise ToolError(
                f"{self.url} does not answer like a ComfyUI: is the address right?", FAILED
            ) from None

    def read(self, path: str, data: bytes | None = None, method: str = "GET") -> bytes:
        """The bytes that ``path`` answers. Raises :class:`ToolError`."""
        request = urllib.request.Request(self.url + path, data=data, method=method)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                content: bytes = answer.read()
                return content
        except urllib.error.HTTPError as error:
            if error.code == 404 and path == PREFIX + "status":
                raise ToolError(f"{self.url} has no Workflow Profiler, or is no ComfyUI.", FAILED) from None
            raise ToolError(_reason(error), WRONG if error.code == 400 else FAILED) from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            why = getattr(error, "reason", error)
            raise ToolError(
                f"{self.url} cannot be reached ({why}). Is ComfyUI running there? --server says where.",
                FAILED,
            ) from None


def _reason(error: urllib.error.HTTPError) -> str:
    text = error.read().decode("utf-8", "replace")
    try:
        answer = json.loads(text)
        found = answer["error"]
        message = str(found["message"] if isinstance(found, dict) else found)
        nodes = [
            f"node {node_id} ({node['class_type']}): {problem['message']}, {problem['details']}"
            for node_id, node in dict(answer.get("node_errors") or {}).items()
            for problem in node["errors"]
        ]
        return "\n  ".join([message, *nodes])
    except (ValueError, KeyError, TypeError):
        return f"{error.code} {error.reason} {text[:200]}"


def run_once(server: Server, prompt: dict[str, Any], workflow_id: str, timeout_s: float) -> dict[str, Any]:
    """Queue ``prompt`` and wait for its recorded run. Raises :class:`ToolError`."""
    extra = {"extra_pnginfo": {"workflow": {"id": workflow_id}}}
    queued = server.send("POST", "/prompt", {"prompt": prompt, "extra_data": extra})
    prompt_id = queued["prompt_id"]
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if server.get(PREFIX + "status").get("prompt_id") != prompt_id:
            done = server.get(f"/history/{prompt_id}").get(prompt_id)
            runs = server.get(PREFIX + "runs?limit=20")["runs"] if done else []
            found = next((run for run in runs if run["prompt_id"] == prompt_id), None)
            if found and found["status"] != "running":
                return dict(found)
        time.sleep(POLL_S)
    raise ToolError(
        f"The run did not end within {timeout_s:g} s and goes on in ComfyUI. --timeout gives it longer.",
        FAILED,
    )


def baseline_of(server: Server, against: str, workflow_id: str) -> list[int]:
    """The ids of the runs to compare with: ``pinned``, ``previous``, ``last N`` or numbers."""
    if re.fullmatch(r"\d+([,\s]+\d+)*", against):
        numbers = [int(part) for part in re.split(r"[,\s]+", against)]
        for number in numbers:
            server.get(f"{PREFIX}runs/{number}")
        return numbers
    last = re.fullmatch(r"last\s+(\d+)", against)
    if not last and against not in ("pinned", "previous"):
        raise ToolError(f"--against {against!r}: say pinned, previous, last 5, or runs' numbers.", WRONG)
    count = int(last[1]) if last else 40 if against == "pinned" else 1
    query = {"workflow": workflow_id, "status": "success,partial", "limit": count}
    pinned = {"pinned": "true"} if against == "pinned" else {}
    runs = server.get(f"{PREFIX}runs?{urllib.parse.urlencode({**query, **pinned})}")["runs"]
    if not runs and against == "pinned":
        raise ToolError("No run of this workflow is pinned: run it with --pin first.", WRONG)
    if not runs:
        raise ToolError("There is no earlier run of this workflow to compare with.", WRONG)
    return sorted(run["id"] for run in runs)
