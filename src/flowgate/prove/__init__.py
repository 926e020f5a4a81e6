"""The proof: the flow run under its contract, its conclusions compared exactly."""
