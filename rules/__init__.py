"""The pure core: what the readings mean.  No I/O, no clock, no log; imports nothing of ours."""
