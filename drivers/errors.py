"""Driver errors by what the caller must do: connect again, wait for a person, or mark one point."""


class DriverError(Exception):
    """Base of everything a driver raises on purpose; `str` says it in English, `zh` in Chinese."""

    def __init__(self, en: str, zh: str = "") -> None:
        """What Redline did not word itself (of a library, of the system) stands in both texts as it came."""
        super().__init__(en)
        self.zh = zh or en

    def text(self, language: str) -> str:
        """What it says, `zh` or `en`."""
        return self.zh if language == "zh" else str(self)


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

    def __init__(self, en: str, zh: str = "") -> None:
        """The bytes and fields that do not fit are the same in every language: they are named as the protocol names them."""
        super().__init__(en, zh or f"设备的应答不符合协议：{en}")
