"""The workflows that run the gate, as GitHub runs them, and what a change makes of them."""
