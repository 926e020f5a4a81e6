"""What each command does, without its options: one module a command, each a call that returns a frozen answer."""
