"""What a queued prompt says: its nodes, their identity, secrets and groups. Pure."""
