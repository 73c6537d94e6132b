"""What the user sees in the graph: one node a file."""
