"""What a flow is: its parsed source, steps, transitions, values and config. Nothing of the user's is imported."""
