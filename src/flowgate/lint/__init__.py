"""The static check: rules that read the model of a flow and hold findings against it."""
