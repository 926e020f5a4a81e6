"""The review: a judge reads the flow against its sources of truth; what it says is checked before it counts."""
