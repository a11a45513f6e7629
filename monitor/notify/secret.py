"""Secrets live outside the plant folder: in the environment or in a file that only the service may read."""

import os
from pathlib import Path

LEAST_REDACTED = 4
"""Shorter words are not secrets; replacing them would garble the message."""


class SecretMissingError(Exception):
    """Neither the variable nor the file gives the secret; the message names what to set."""


def resolve_secret(env: str, file: str) -> str:
    """The secret from the environment variable, else from the file (blocking).

    :raises SecretMissingError: neither is named, or neither holds anything.
    """
    value = os.environ.get(env, "").strip() if env else ""
    if value:
        return value
    trouble = ""
    if file:
        try:
            value = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            trouble = f" ({type(error).__name__})"
        if value:
            return value
    wanted = [f"environment variable {env}"] * bool(env) + [f"file {file}{trouble}"] * bool(file)
    if not wanted:
        raise SecretMissingError("no secret configured: name an environment variable or a file in plant.toml")
    raise SecretMissingError(f"secret is missing or empty: set {' or '.join(wanted)}")


def redact(text: str, *secrets: str) -> str:
    """The text with every secret replaced by `<secret>`."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= LEAST_REDACTED:
            text = text.replace(secret, "<secret>")
    return text
