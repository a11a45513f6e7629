"""The servers that stand for the controllers, and the hand-written maps of where each point lives on them."""
