"""``make demo``: profile the example workflow in a real ComfyUI, show the result, leave it running."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .cache import REPOSITORY, cache_folder, say
from .client import Client, wait_for
from .graph_format import to_prompt
from .problem import ProvisioningError
from .progress_bar import ProgressBar
from .provision import provision
from .server import Server, port_is_free
from .tiny_model import ensure_models

WORKFLOW = REPOSITORY / "example_workflows" / "profile_text_to_image.json"
_RUN_TIMEOUT_S = 600.0


def main() -> int:
    """Run the demo. 0 after a good run, 1 after one sentence about what is in the way."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--port", type=int, default=8188, help="where ComfyUI listens (default: 8188)")
    parser.add_argument("--exit", action="store_true", help="end when the run is over")
    arguments = parser.parse_args()
    try:
        return demo(arguments.port, leave_running=not arguments.exit)
    except ProvisioningError as problem:
        say(str(problem))
        return 1
    except KeyboardInterrupt:
        say("Interrupted.")
        return 130


def demo(port: int, *, leave_running: bool) -> int:
    """Provision, start, profile, print; then wait for Ctrl+C where ``leave_running``."""
    if not 0 < port < 65536:
        raise ProvisioningError(f"{port} is no TCP port: choose one from 1 to 65535.")
    if not port_is_free(port):
        raise ProvisioningError(
            f"Port {port} is taken by another program: try make demo PORT={_other(port)}."
        )
    host = provision()[0]
    models = ensure_models(host, cache_folder() / "models")
    base = cache_folder() / "demo"
    base.mkdir(exist_ok=True)
    say(f"Starting ComfyUI {host.version} with this pack ...")
    with Server(host, base, port=port, models=models) as server:
        workflow = json.loads(WORKFLOW.read_text(encoding="utf-8"))
        profile(server.url, server.output, workflow)
        if leave_running:
            print(
                f"\nComfyUI goes on at {server.url} - open it, find the template"
                f" “{WORKFLOW.stem}” under Templates > workflow-profiler, and press Run. Ctrl+C ends it."
            )
            sys.stdout.flush()
            try:
                while server.running:
                    time.sleep(0.2)
            except KeyboardInterrupt:
                say("Stopping ComfyUI ...")
                return 0
            raise ProvisioningError(f"ComfyUI has ended by itself; its log is {server.log}.")
    return 0


def profile(url: str, output: Path, workflow: Mapping[str, Any]) -> None:
    """Queue ``workflow`` with its Profiler nodes, show progress, and print what the profiler says."""
    client = Client(url)
    prompt = to_prompt(workflow, client.object_info)
    titles = {node_id: str(node["_meta"]["title"]) for node_id, node in prompt.items()}
    bar = ProgressBar(titles)
    with client.listen() as messages:
        prompt_id = client.queue(prompt, workflow=workflow)
        for kind, data in messages(_RUN_TIMEOUT_S):
            if data.get("prompt_id") == prompt_id:
                bar.show(kind, data)
                if bar.over:
                    break
    bar.close()
    outcome = wait_for(lambda: client.history(prompt_id), "the run's history")
    if outcome["status"]["status_str"] != "success":
        raise ProvisioningError(f"The example workflow failed: {bar.error or 'see the log'}")
    newest = client.get("/holaf/profiler/runs?limit=1")["runs"][0]
    print(client.get(f"/holaf/profiler/runs/{newest['id']}/export/txt"))
    saved = saved_report(outcome["outputs"])
    if saved is None:
        raise ProvisioningError("The run is recorded, but its report was not saved: see ComfyUI's log.")
    print(f"\nThe report as a picture: {output / saved['subfolder'] / saved['filename']}")


def saved_report(outputs: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The file that a Profiler Report put into the output folder, as it told the browser."""
    for output in outputs.values():
        if "holaf_profiler" in output:
            for picture in output.get("images", []):
                if picture["type"] == "output":
                    return dict(picture)
    return None


def _other(port: int) -> int:
    return port + 1 if port < 65535 else 8188


if __name__ == "__main__":
    sys.exit(main())
