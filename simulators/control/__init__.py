"""The parent process: steps the physics, feeds the servers, plays faults and incidents, keeps the log of writes."""
