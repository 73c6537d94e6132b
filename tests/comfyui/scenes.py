"""Workflows in API format, built in a few words: what tests, demo and benchmarks queue."""

from __future__ import annotations

from typing import Any

Link = list[Any]
"""``[node id, output index]``: what an input is wired to."""


class Scene:
    """A workflow under construction. ``add`` returns the first output of the new node, to wire it on.

    ``prompt`` is what is queued. Class names of test nodes may leave out their prefix: ``Sleep``.
    """

    def __init__(self) -> None:
        self.prompt: dict[str, dict[str, Any]] = {}

    def add(self, node_type: str, *, id: str | None = None, named: str | None = None, **inputs: Any) -> Link:
        """Add one node; ``id`` defaults to the next number, ``named`` (its title) to the class name."""
        full = f"ProfilerTest{node_type}" if node_type in TEST_NODES else node_type
        node_id = id or str(len(self.prompt) + 1)
        if node_id in self.prompt:
            raise ValueError(f"There is a node {node_id} already.")
        self.prompt[node_id] = {"class_type": full, "inputs": inputs, "_meta": {"title": named or full}}
        return [node_id, 0]

    def start(self, **inputs: Any) -> Link:
        """Add a Profiler Start."""
        return self.add("HolafProfilerStart", id=inputs.pop("id", "start"), **(START_DEFAULTS | inputs))

    def group(self, name: str, members: str, **inputs: Any) -> Link:
        """Add a Profiler Group. ``members``: one a line."""
        node_id = inputs.pop("id", f"group-{name}")
        given = {"name": name, "members": members} | inputs
        return self.add("HolafProfilerGroup", id=node_id, **(GROUP_DEFAULTS | given))

    def report(self, **inputs: Any) -> Link:
        """Add a Profiler Report."""
        return self.add("HolafProfilerReport", id=inputs.pop("id", "report"), **(REPORT_DEFAULTS | inputs))

    def show(self, value: Link, id: str | None = None) -> Link:
        """Add an output node that sends ``value`` to the history, so that what feeds it is run."""
        return self.add("Show", id=id, value=value)


TEST_NODES = frozenset(
    {"Pass", "Sleep", "AsyncSleep", "InterruptibleSleep", "BusyCpu", "Allocate", "Fail", "Modules", "Threads"}
    | {"Show", "LazySwitch", "Expand", "MakeList", "Join", "Both", "Block", "Always", "Secret", "Picture"}
    | {"Matmul", "Say", "AsyncLoad"}
)
START_DEFAULTS: dict[str, Any] = {
    "run_name": "",
    "comment": "",
    "interval_ms": 50,
    "timing": "precise",
    "cache": "keep",
    "on_mismatch": "ignore",
    "enabled": True,
}
GROUP_DEFAULTS: dict[str, Any] = {
    "name": "",
    "color": "#3B82F6",
    "description": "",
    "members": "",
    "canvas_group": "",
}
REPORT_DEFAULTS: dict[str, Any] = {
    "title": "",
    "sort_by": "self time",
    "top_n": 10,
    "theme": "dark",
    "save": False,
    "filename_prefix": "profile/run",
    "formats": "",
}


def diffusion(checkpoint: str, *, size: int = 128, steps: int = 4, seed: int = 1) -> Scene:
    """Text to image with stock nodes: checkpoint, two prompts, sampler, decoder, saved picture (``7``)."""
    scene = Scene()
    model = scene.add("CheckpointLoaderSimple", id="1", ckpt_name=checkpoint)
    positive = scene.add("CLIPTextEncode", id="2", clip=[model[0], 1], text="a lighthouse in the fog")
    negative = scene.add("CLIPTextEncode", id="3", clip=[model[0], 1], text="")
    latent = scene.add("EmptyLatentImage", id="4", width=size, height=size, batch_size=1)
    sampled = scene.add(
        "KSampler",
        id="5",
        model=model,
        positive=positive,
        negative=negative,
        latent_image=latent,
        seed=seed,
        steps=steps,
        cfg=4.0,
        sampler_name="euler",
        scheduler="simple",
        denoise=1.0,
    )
    decoded = scene.add("VAEDecode", id="6", samples=sampled, vae=[model[0], 2])
    scene.add("SaveImage", id="7", images=decoded, filename_prefix="picture")
    return scene


def chains(count: int, length: int, label: str = "") -> Scene:
    """``count`` chains of ``length`` nodes that do nothing; the last one shows.

    Two scenes with different ``label`` share no cache entry.
    """
    scene = Scene()
    for chain in range(count):
        value: Any = f"{label} chain {chain}"
        for _ in range(length - 1):
            value = scene.add("Pass", value=value)
        scene.show(value)
    return scene
