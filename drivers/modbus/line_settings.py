"""What all devices of one line have in common."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSettings:
    """Equal for all devices that share a line; times in seconds."""

    host: str
    port: int
    serial_port: str
    baud_rate: int
    parity: str
    stop_bits: int
    is_rtu: bool
    is_shared: bool
    connections: int
    window: int
    prove_window: bool
    connect_timeout_s: float
    connect_pause_s: float
    request_pause_s: float
    dead_unit_retry_s: float

    @property
    def where(self) -> str:
        """The line as a person names it."""
        return self.serial_port or f"{self.host}:{self.port}"
