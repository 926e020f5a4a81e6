"""What a change does to its own gate: the base it started from, what it claims less than that, and whom it touches."""
