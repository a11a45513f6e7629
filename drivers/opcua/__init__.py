"""OPC UA over asyncua's framing, security and session; Read and Browse only."""
