"""The HTTP surface (design section 10): JSON under /api/v1, one WebSocket, the console's files."""
