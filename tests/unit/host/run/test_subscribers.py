"""Other packs and other programs are told of runs that have ended, and cannot disturb any."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.unit.host.run.fake_host import HandRun
from tests.unit.host.run.test_live import wait_until

MakeRun = Callable[..., HandRun]


class Receiver(BaseHTTPRequestHandler):
    """Keeps what is posted; the path ``/moved`` answers with a redirection."""

    received: list[tuple[str, Any]]

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.received.append((self.path, json.loads(self.rfile.read(length))))
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    do_GET = do_POST  # noqa: N815 - http.server's name

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """The address of a program that waits for runs, and what it has got."""
    handler = type("Handler", (Receiver,), {"received": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", handler.received  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()


def finish(make: MakeRun) -> None:
    run = make()
    run.run("7", "1", "2")
    run.end()


def test_a_function_of_another_pack_gets_every_run_until_it_stops(hand_run: MakeRun) -> None:
    from engine.host.run import subscribers

    got: list[Mapping[str, Any]] = []

    def broken(_run: Mapping[str, Any]) -> None:
        raise RuntimeError("not your problem")

    stop_broken = subscribers.subscribe(broken)
    stop = subscribers.subscribe(got.append)
    finish(hand_run)
    wait_until(lambda: got)
    assert (got[0]["status"], [node["node_id"] for node in got[0]["nodes"]]) == ("success", ["1", "2"])
    stop()
    stop_broken()
    assert subscribers._listeners == []


@pytest.mark.parametrize("path", ["/told", "/moved"])
def test_a_webhook_is_posted_the_run_once_and_never_redirected(
    hand_run: MakeRun, receiver: tuple[str, list[tuple[str, Any]]], path: str
) -> None:
    from engine.host import paths, settings

    address, received = receiver
    settings.write(paths.settings_file(), {"webhook_url": address + path})
    finish(hand_run)
    wait_until(lambda: received)
    (where, run), *more = received
    assert (where, run["status"], more) == (path, "success", [])


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://x/y", "http://", "x", "http://a b"])
def test_only_web_addresses_are_taken(hand_run: MakeRun, address: str) -> None:
    from engine.host import paths, settings
    from engine.host.api.validation import InvalidError

    with pytest.raises(InvalidError):
        settings.write(paths.settings_file(), {"webhook_url": address})


def test_other_packs_find_both_under_one_name(hand_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """What they get is plain data, the outputs of the run among it."""
    import sys

    from engine.host import public

    monkeypatch.delitem(sys.modules, "holaf_profiler", raising=False)
    public.install()
    import holaf_profiler

    got: list[Mapping[str, Any]] = []
    stop = holaf_profiler.subscribe(got.append)
    assert holaf_profiler.event("nothing goes on") is False
    run = hand_run()
    run.run("7", "1")
    shown = {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}
    run.executor.history_result = {"outputs": {"2": shown}}
    run.run("2")
    run.end()
    wait_until(lambda: bool(got))
    assert json.loads(json.dumps(got[0]))["outputs"][0]["files"] == [shown["images"][0]]
    stop()
