"""The composition root: builds every part, owns the one task group, and dies with its scanner."""
