"""Driver errors by what the caller must do: connect again, wait for a person, or mark one point."""


class DriverError(Exception):
    """Base of everything a driver raises on purpose."""


class LinkLostError(DriverError):
    """The device stopped answering: tear down, back off, connect again."""


class RefusedError(DriverError):
    """The device refuses us (credentials, certificate): a person must act; retry slowly (30 s and more)."""


class NotYetAllowedError(RefusedError):
    """A person must act on our side (accept a certificate, give a password); trying again harms nobody: in seconds."""


class MisconfiguredError(DriverError):
    """Settings or an address the device can never have; do not retry, show it."""


class BadFrameError(LinkLostError):
    """The peer sent something that is not the protocol; nothing after it on this connection can be trusted."""
