"""What a change does to its own gate."""
