"""Readings outwards as InfluxDB line protocol, for whoever keeps a database of their own.  Best effort: never in the way.

A thread of its own formats and sends; the queue is bounded and gives up its oldest batches.  The server's answer is not
trusted to count lines (VictoriaMetrics answers 204 to lines that it drops), so only lines that are valid are sent.
"""

import asyncio
import logging
import math
import os
import re
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from monitor.store.batches import BatchQueue
from rules.columns.readings import NO_TIME, Origin, ReadingBatch
from rules.columns.tags import TagTable

logger = logging.getLogger(__name__)
MAX_ROWS: Final = 500_000
_LINES_PER_REQUEST: Final = 5000
_SEND_EVERY_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0
_TIMEOUT_MS: Final = 10_000
_SAFE: Final = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
"""Needs no escaping in line protocol; every id of a plant is like this."""
_REFUSED_FOR_GOOD: Final = frozenset({400, 413, 422})


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluxTarget:
    """Where readings go.  A v1 server takes `database/` or `database/retention` as its bucket."""

    url: str
    bucket: str
    org: str = "-"
    token: str = ""
    measurement: str = "reading"


def influx_target(settings: Mapping[str, object], environment: Mapping[str, str] = os.environ) -> InfluxTarget:
    """Read `[history.influx]`: the address and the token stand in a file or in the environment, never in the plant folder.

    :raises ValueError: the address is missing, or the name of the measurement would need escaping.
    """

    def secret(name: str) -> str:
        if variable := str(settings.get(f"{name}_env") or ""):
            return environment.get(variable, "").strip()
        if file := str(settings.get(f"{name}_file") or ""):
            return Path(file).read_text(encoding="utf-8").strip()
        return ""

    url = secret("url")
    if not url:
        raise ValueError("[history.influx]: url_env or url_file must name where the server's address stands")
    measurement = str(settings.get("measurement") or "reading")
    if not _SAFE.fullmatch(measurement):
        raise ValueError(f"[history.influx] measurement: {measurement!r} is not made of letters, digits, _ . -")
    bucket = str(settings.get("bucket") or "")
    return InfluxTarget(
        url=url.rstrip("/"),
        bucket=bucket or f"{settings.get('database') or 'redline'}/",
        org=str(settings.get("org") or "-"),
        token=secret("token"),
        measurement=measurement,
    )


class InfluxWriter:
    """Feed it with `put`; `error`, `dropped_rows`, `skipped_rows`, `refused_lines` and `sent_lines` say how it goes."""

    def __init__(self, target: InfluxTarget, plant: str, table: TagTable) -> None:
        self._target = target
        self._prefix = [
            f"{target.measurement},plant={plant},tag={tag_id} value=" if _SAFE.fullmatch(tag_id) else ""
            for tag_id in table.ids
        ]
        self._queue = BatchQueue(MAX_ROWS)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="influx-write", daemon=True)
        self._unsent: list[bytes] = []
        self.error = ""
        """Why the last request failed; "" when it was taken."""
        self.sent_lines = 0
        """Lines in requests that the server took; it may still have dropped some."""
        self.skipped_rows = 0
        """Readings without a finite value: line protocol cannot say them."""
        self.refused_lines = 0
        """Lines that the server refused for good."""

    @property
    def dropped_rows(self) -> int:
        """Readings that gave way because the server did not keep up."""
        return self._queue.dropped_rows

    def put(self, batch: ReadingBatch) -> None:
        """Take a batch; never waits."""
        self._queue.put(batch)

    def lines(self, batch: ReadingBatch) -> list[bytes]:
        """Valid lines of a batch, at the moment received (a backfilled one at its source time where it has one)."""
        at_source = batch.origin is Origin.BACKFILL
        lines = []
        columns = zip(
            batch.row.tolist(), batch.value.tolist(), batch.quality.tolist(), batch.source_time_ns.tolist(), strict=True
        )
        for row, value, quality, source_ns in columns:
            prefix = self._prefix[row]
            if not prefix or not math.isfinite(value):
                continue
            moment = source_ns if at_source and source_ns != NO_TIME else batch.received_wall_ns
            lines.append(f"{prefix}{value!r},quality={quality}i {moment}".encode())
        return lines

    def _run(self) -> None:
        pause_s = _SEND_EVERY_S
        with InfluxDBClient(
            url=self._target.url, token=self._target.token, org=self._target.org, timeout=_TIMEOUT_MS, retries=False
        ) as client:
            while True:
                closing = self._closing.wait(pause_s)
                try:
                    self._send_all(client)
                    pause_s = _SEND_EVERY_S
                except Exception as error:  # noqa: BLE001 - the boundary of the thread: a bad server shows in `error`
                    self._failed(error)
                    pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                if closing:
                    return

    def _failed(self, error: Exception) -> None:
        known = isinstance(error, ApiException | HTTPError | OSError)
        reason = f"HTTP {error.status}" if isinstance(error, ApiException) and error.status else type(error).__name__
        if reason != self.error:
            logger.warning("readings are not written outwards: %s", reason, exc_info=None if known else error)
        self.error = reason

    def _send_all(self, client: InfluxDBClient) -> None:
        """Send what waits, a request at a time; raises with the unsent lines kept, so that they go first next time."""
        while True:
            if not self._unsent and not self._take():
                return
            while self._unsent:
                self._send(client, self._unsent[:_LINES_PER_REQUEST])
                del self._unsent[:_LINES_PER_REQUEST]
                self.error = ""

    def _take(self) -> bool:
        batches = self._queue.take()
        for batch in batches:
            lines = self.lines(batch)
            self.skipped_rows += len(batch) - len(lines)
            self._unsent += lines
        return bool(batches)

    def _send(self, client: InfluxDBClient, lines: list[bytes]) -> None:
        """One request; a refused one is halved until the bad lines are alone, because servers keep the good ones."""
        writer = client.write_api(write_options=SYNCHRONOUS)
        try:
            writer.write(bucket=self._target.bucket, org=self._target.org, record=b"\n".join(lines))
        except ApiException as error:
            if error.status not in _REFUSED_FOR_GOOD:
                raise
            if len(lines) == 1:
                self.refused_lines += 1
                return
            middle = len(lines) // 2
            self._send(client, lines[:middle])
            self._send(client, lines[middle:])
        else:
            self.sent_lines += len(lines)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    async def close(self) -> None:
        """Send what waits once more, then end; what the server does not take is gone."""
        self._closing.set()
        await asyncio.to_thread(self._thread.join)


@asynccontextmanager
async def open_influx(target: InfluxTarget, plant: str, table: TagTable) -> AsyncIterator[InfluxWriter]:
    """Write outwards until the block ends; never refuses, a server that is away shows in `error`."""
    writer = InfluxWriter(target, plant, table)
    writer.start()
    try:
        yield writer
    finally:
        await writer.close()
