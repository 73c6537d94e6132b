"""Talking to a running ComfyUI over HTTP and WebSocket, the way its frontend and API users do."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import websocket

ROUTES = "/holaf/profiler"
Prompt = Mapping[str, Mapping[str, Any]]
"""A workflow in API format: node id -> ``class_type``, ``inputs``, ``_meta``."""
_LAST_MESSAGES = ("execution_success", "execution_error", "execution_interrupted")


class RefusedError(Exception):
    """ComfyUI answered a request with an error status. ``body`` is its parsed JSON, or text."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one prompt went: its history entry, and the WebSocket's messages about it in order."""

    prompt_id: str
    history: Mapping[str, Any]
    messages: tuple[tuple[str, Mapping[str, Any]], ...] = ()

    @property
    def status(self) -> str:
        """``success`` or ``error``, as ComfyUI's history says (an interrupted prompt is an error there)."""
        return str(self.history["status"]["status_str"])

    @property
    def outputs(self) -> Mapping[str, Any]:
        """Node id -> what the node sent to the browser."""
        outputs: Mapping[str, Any] = self.history["outputs"]
        return outputs

    def events(self, name: str) -> list[Mapping[str, Any]]:
        """The data of every message of one type."""
        return [data for kind, data in self.messages if kind == name]


class Client:
    """One API user of the ComfyUI at ``url``. ``client_id`` is what its WebSocket is known by."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.client_id = uuid.uuid4().hex

    def request(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status and parsed answer (JSON, else text or bytes) of one request; error statuses included."""
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        request.add_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, _parsed(answer.headers.get_content_type(), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _parsed(error.headers.get_content_type(), error.read())

    def get(self, path: str) -> Any:
        """The answer to a GET. Raises :class:`RefusedError` where the status is not 2xx."""
        return self._accepted(*self.request("GET", path))

    def post(self, path: str, body: Any = None) -> Any:
        """The answer to a POST. Raises :class:`RefusedError` where the status is not 2xx."""
        return self._accepted(*self.request("POST", path, {} if body is None else body))

    @staticmethod
    def _accepted(status: int, body: Any) -> Any:
        if not 200 <= status < 300:
            raise RefusedError(status, body)
        return body

    def queue(
        self,
        prompt: Prompt,
        *,
        workflow: Mapping[str, Any] | None = None,
        extra_data: Mapping[str, Any] | None = None,
        connected: bool = True,
        **fields: Any,
    ) -> str:
        """Queue a prompt and return its id. ``workflow`` is the graph format that a browser sends along."""
        extra: dict[str, Any] = dict(extra_data or {})
        if workflow is not None:
            extra["extra_pnginfo"] = {"workflow": workflow}
        body: dict[str, Any] = {"prompt": prompt, "extra_data": extra, **fields}
        if connected:
            body["client_id"] = self.client_id
        return str(self.post("/prompt", body)["prompt_id"])

    def history(self, prompt_id: str) -> Mapping[str, Any] | None:
        """The history entry of a prompt that is over, or ``None``."""
        entry = self.get(f"/history/{prompt_id}").get(prompt_id)
        return entry if entry and entry.get("status") else None

    def wait(self, prompt_id: str, timeout_s: float = 120.0) -> Outcome:
        """Wait for a prompt without a WebSocket."""
        return Outcome(prompt_id, wait_for(lambda: self.history(prompt_id), f"prompt {prompt_id}", timeout_s))

    def run(self, prompt: Prompt, *, timeout_s: float = 120.0, **queue: Any) -> Outcome:
        """Queue a prompt and wait until it is over, whichever way, listening as a browser does."""
        with self.listen() as messages:
            prompt_id = self.queue(prompt, **queue)
            seen = []
            for kind, data in messages(timeout_s):
                if data.get("prompt_id", prompt_id) == prompt_id:
                    seen.append((kind, data))
                    if kind in _LAST_MESSAGES:
                        break
            history = wait_for(lambda: self.history(prompt_id), f"prompt {prompt_id}", timeout_s)
            return Outcome(prompt_id, history, tuple(seen))

    @contextmanager
    def listen(self) -> Iterator[Callable[[float], Iterator[tuple[str, Mapping[str, Any]]]]]:
        """Connect a WebSocket. Yields a function that iterates over messages for so many seconds at most.

        The iterator raises :class:`TimeoutError` when the time is over.
        """
        address = self.url.replace("http", "ws", 1) + f"/ws?clientId={self.client_id}"
        connection = websocket.create_connection(address, timeout=30)

        def messages(timeout_s: float) -> Iterator[tuple[str, Mapping[str, Any]]]:
            deadline = time.monotonic() + timeout_s
            while True:
                connection.settimeout(max(0.01, deadline - time.monotonic()))
                try:
                    frame = connection.recv()
                except websocket.WebSocketTimeoutException as error:
                    raise TimeoutError(f"No end of the prompt within {timeout_s:g} s.") from error
                if isinstance(frame, str) and frame:
                    message = json.loads(frame)
                    yield message["type"], message.get("data") or {}

        try:
            yield messages
        finally:
            connection.close()

    def interrupt(self) -> None:
        """Cancel the running prompt."""
        self.post("/interrupt")

    def object_info(self, node_type: str) -> Mapping[str, Any] | None:
        """The definition of a node class as the frontend gets it; ``None`` where there is none."""
        found: Mapping[str, Any] | None = self.get(f"/object_info/{node_type}").get(node_type)
        return found

    def file(self, saved: Mapping[str, Any]) -> bytes:
        """The content of a file that a node reported: ``filename``, ``subfolder``, ``type``."""
        query = urllib.parse.urlencode({name: saved[name] for name in ("filename", "subfolder", "type")})
        with urllib.request.urlopen(f"{self.url}/view?{query}", timeout=60) as answer:
            content: bytes = answer.read()
            return content


def wait_for(ask: Callable[[], Any], what: str, timeout_s: float = 60.0) -> Any:
    """Ask until the answer is true, and return it. Raises :class:`TimeoutError`."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {timeout_s:g} s for {what}.")
        time.sleep(0.02)


def _parsed(content_type: str, data: bytes) -> Any:
    if content_type == "application/json":
        return json.loads(data) if data else None
    return data.decode() if content_type.startswith("text/") else data


def refused(client: Client, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
    """Status and type of an answer that must be an error in the documented shape."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    status, answer = client.request(method, f"{ROUTES}/{path}", body, given)
    assert 400 <= status < 500, (status, answer)
    assert answer.keys() == {"error"}
    assert answer["error"].keys() == {"type", "message", "details"}
    assert answer["error"]["message"]
    return status, answer["error"]["type"]
