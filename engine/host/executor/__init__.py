"""The hooks into ComfyUI's executor."""
