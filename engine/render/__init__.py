"""Pictures, tables and export formats of a run: one module a format. No database, no ComfyUI."""
