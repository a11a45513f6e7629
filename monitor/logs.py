"""Logging set-up: one line per event on standard error, for the journal of the machine (not the plant's journal)."""

import logging
import sys

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


def configure(level: str = "INFO") -> None:
    """Send our log to standard error; libraries that log whole objects are kept at WARNING."""
    logging.basicConfig(level=level.upper(), format=FORMAT, stream=sys.stderr, force=True)
    for noisy in ("asyncua", "pymodbus", "httpx", "httpcore", "alembic", "sqlalchemy", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
