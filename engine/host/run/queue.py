"""ComfyUI's queue, reached the way every client reaches it: through its own HTTP routes.

What ComfyUI and other packs do with a queued prompt (validation, guards, node
replacements) is done here too, on every version. Blocks: never call it on the event loop.
"""

from __future__ import annotations

import functools
import json
import logging
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from server import PromptServer

from . import events, subscribers
from .repeat import RefusedPromptError, Repeats

log = logging.getLogger("holaf.profiler")

TIMEOUT_S = 30.0
_EVERY_ADDRESS = ("", "0.0.0.0", "::", "0:0:0:0:0:0:0:0")


class HostQueue:
    """The queue of the ComfyUI that this process is."""

    def put(self, prompt: Mapping[str, Any], extra_data: Mapping[str, Any], user_id: str) -> str:
        """Queue a prompt for a user. Raises :class:`RefusedPromptError` with ComfyUI's reason."""
        answer = _ask("prompt", {"prompt": prompt, "extra_data": extra_data}, user_id)
        return str(answer["prompt_id"])

    def holds(self, prompt_id: str) -> bool:
        """Whether the prompt waits or runs."""
        queue = PromptServer.instance.prompt_queue
        running, pending = queue.get_current_queue()
        return any(item[1] == prompt_id for item in (*running, *pending))

    def cancel(self, prompt_id: str, user_id: str) -> None:
        """Take the prompt out of the queue, and interrupt it if it runs. Never raises."""
        try:
            _ask("queue", {"delete": [prompt_id]}, user_id)
            _ask("interrupt", {"prompt_id": prompt_id}, user_id)
        except RefusedPromptError as error:
            log.warning("Workflow Profiler could not cancel a run: %s", error)


@functools.cache
def repeats() -> Repeats:
    """The series of this ComfyUI. They hear of runs from the first call on."""
    made = Repeats(HostQueue(), lambda progress: events.changed("repeat", progress.user_id, progress.id))
    subscribers.subscribe(made.run_finished)
    return made


def _ask(route: str, body: Mapping[str, Any], user_id: str) -> Mapping[str, Any]:
    request = urllib.request.Request(
        f"{_address()}/{route}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "comfy-user": user_id},
    )
    try:
        with _opener().open(request, timeout=TIMEOUT_S) as answer:
            content = answer.read()
    except urllib.error.HTTPError as error:
        raise RefusedPromptError(_reason(error.read()) or f"ComfyUI answered {error.code}.") from error
    except OSError as error:
        raise RefusedPromptError(f"ComfyUI's own server did not answer: {error}.") from error
    return json.loads(content) if content.strip() else {}


def _address() -> str:
    from comfy.cli_args import args

    server = PromptServer.instance
    host = str(getattr(server, "address", "") or "")
    if host in _EVERY_ADDRESS:
        host = "127.0.0.1"
    scheme = "https" if getattr(args, "tls_keyfile", None) else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{server.port}"


def _opener() -> urllib.request.OpenerDirector:
    """No proxy and no certificate check: the other end is this process."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )


def _reason(content: bytes) -> str:
    """The words of ComfyUI's refusal."""
    try:
        error = json.loads(content)["error"]
    except (ValueError, KeyError, TypeError):
        return ""
    if isinstance(error, str):
        return error
    return " ".join(str(error[part]) for part in ("message", "details") if error.get(part))
