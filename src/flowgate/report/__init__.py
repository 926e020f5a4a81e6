"""Where answers are shown: text for a person, JSON for a program, annotations for GitHub."""
