"""What ComfyUI and the machine say about themselves: models, caches, versions, packs."""
