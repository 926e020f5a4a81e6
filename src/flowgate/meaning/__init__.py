"""What a name or a call means in these flows: what draws, what tells of the surroundings, what is a training value."""
