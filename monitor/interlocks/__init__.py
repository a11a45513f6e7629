"""Interlocks (联锁): the register, and what can be said of them now.  Pure."""
