"""Getting a human to act: who is told what, over which channel, until somebody answers."""
