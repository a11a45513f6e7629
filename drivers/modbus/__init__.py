"""Modbus TCP on our own sans-IO codec; function codes 1 to 4 only."""
