"""Recorded time played through rules and board as fast as the machine can: what would have been alarmed."""
