"""Alarm life cycle after ISA-18.2 / GB/T 41261: definitions, states, transitions, the board.  Pure."""
