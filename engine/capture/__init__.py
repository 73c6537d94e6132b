"""From node boundaries and samples to a Run. No I/O, no ComfyUI."""
