"""Statements on the history's tables, a file each noun. Each runs in its caller's transaction."""
