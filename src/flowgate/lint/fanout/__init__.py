"""What a foreach fans out over: the lists that multiply in it, and whether they are data or configs."""
