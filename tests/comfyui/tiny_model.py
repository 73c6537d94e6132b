"""A complete text-to-image checkpoint of some 140 million random weights, so that nothing is downloaded.

An SD3-type diffusion transformer of 20 M parameters, a CLIP-L text encoder (the smallest that ComfyUI
reads) and a TAESD autoencoder, in one file that CheckpointLoaderSimple loads. The pictures are noise; the
work is real. The same seed gives the same file.

Run as a program (in the test environment, with ComfyUI's tree as its argument) it writes the file;
imported it only starts that program.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from .cache import digest, say, stamped, write_stamp
from .problem import ProvisioningError
from .provision import Host
from .trees import last_line

CHECKPOINT = "profiler_demo_sd3.safetensors"
_DEPTH = 3
_SEED = 20


def ensure_models(host: Host, folder: Path) -> Path:
    """The models folder ``folder`` with ``checkpoints/CHECKPOINT`` in it, made when missing."""
    key = digest(Path(__file__).read_bytes())
    checkpoint = folder / "checkpoints" / CHECKPOINT
    stamp = stamped(folder, key)
    if stamp is not None and checkpoint.is_file() and checkpoint.stat().st_size == stamp["size"]:
        return folder
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    say("Writing a tiny random SD3-type checkpoint ...")
    partial = checkpoint.with_suffix(f".partial-{os.getpid()}")
    try:
        done = subprocess.run(
            [str(host.python), "-m", "tests.comfyui.tiny_model", str(host.tree), str(partial)],
            cwd=Path(__file__).resolve().parents[2],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ProvisioningError(f"The tiny checkpoint could not be written: {last_line(done.stderr)}.")
        os.replace(partial, checkpoint)
    finally:
        partial.unlink(missing_ok=True)
    write_stamp(folder, key, size=checkpoint.stat().st_size)
    return folder


def write_checkpoint(tree: Path, target: Path) -> None:
    """Write the checkpoint with the model classes of the ComfyUI in ``tree``. Needs torch."""
    sys.path.insert(0, str(tree))
    from comfy.cli_args import args

    args.cpu = True
    import json

    import comfy.clip_model
    import comfy.ldm.modules.diffusionmodules.mmdit as mmdit
    import comfy.taesd.taesd
    import torch
    from safetensors.torch import save_file

    generator = torch.Generator().manual_seed(_SEED)
    hidden = 64 * _DEPTH
    diffusion = mmdit.MMDiT(
        input_size=None,
        depth=_DEPTH,
        in_channels=16,
        patch_size=2,
        adm_in_channels=2048,
        context_embedder_config={
            "target": "torch.nn.Linear",
            "params": {"in_features": 4096, "out_features": hidden},
        },
        num_patches=64 * 64,
        pos_embed_max_size=64,
        pos_embed_scaling_factor=None,
        device="cpu",
        dtype=torch.float32,
        operations=torch.nn,
    )
    clip_config = json.loads((tree / "comfy" / "sd1_clip_config.json").read_text(encoding="utf-8"))
    text = comfy.clip_model.CLIPTextModel(clip_config, torch.float32, "cpu", torch.nn)
    vae = comfy.taesd.taesd.TAESD(latent_channels=16)
    parts: dict[str, Any] = {
        "model.diffusion_model.": diffusion,
        "text_encoders.clip_l.transformer.": text,
        "first_stage_model.": vae,
    }
    tensors = {}
    for prefix, module in parts.items():
        for name, tensor in module.state_dict().items():
            tensors[prefix + name] = _random(name, tensor, generator, torch)
    save_file(tensors, target, metadata={"format": "pt"})


def _random(name: str, tensor: Any, generator: Any, torch: Any) -> Any:
    """Weights that keep activations near unit size, in half precision; buffers stay as they are."""
    if not tensor.is_floating_point() or name in ("vae_scale", "vae_shift"):
        return tensor.contiguous()
    if tensor.ndim < 2:
        one = 1.0 if name.endswith("weight") else 0.0
        return torch.full(tensor.shape, one, dtype=torch.float16)
    fan_in = tensor[0].numel()
    return (torch.randn(tensor.shape, generator=generator) * fan_in**-0.5).to(torch.float16)


if __name__ == "__main__":
    write_checkpoint(Path(sys.argv[1]), Path(sys.argv[2]))
