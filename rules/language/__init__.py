"""The small language of conditions: parsed, checked, compiled to columns; never `eval`."""
