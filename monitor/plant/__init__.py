"""Reads and checks the plant folder: every mistake at once, with file, line and column.  Used by app and cli only."""
