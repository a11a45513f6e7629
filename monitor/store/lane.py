"""One thread with one database connection of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError

from monitor.store.database import open_engine

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")


class Lane:
    """Runs statements one after the other, off the loop; each lane waits for itself only."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._connection: Connection | None = None
        self._engine: Engine | None = None

    async def call(
        self, work: Callable[_Arguments, _Answer], *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> _Answer:
        """Run something in the lane's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, lambda: work(*args, **kwargs))

    def post(self, work: Callable[[], None]) -> None:
        """Run something in the lane's thread some time; nobody waits for it."""
        self._executor.submit(work)

    def post_statements(self, work: Callable[[Connection], None]) -> None:
        """Run statements on the lane's connection some time; nobody waits for them."""

        def with_connection() -> None:
            assert self._connection is not None
            try:
                work(self._connection)
            finally:
                self._connection.rollback()

        self._executor.submit(with_connection)

    async def run(
        self,
        work: Callable[Concatenate[Connection, _Arguments], _Answer],
        *args: _Arguments.args,
        **kwargs: _Arguments.kwargs,
    ) -> _Answer:
        """Run statements on the lane's connection; a transaction that reading left open is ended."""

        def with_connection() -> _Answer:
            assert self._connection is not None
            try:
                return work(self._connection, *args, **kwargs)
            finally:
                self._connection.rollback()

        return await asyncio.get_running_loop().run_in_executor(self._executor, with_connection)

    async def open(self, path: Path, *, read_only: bool) -> None:
        """Connect.

        :raises sqlalchemy.exc.DatabaseError: damaged, locked or not to be opened.
        """

        def connect() -> None:
            self._engine = open_engine(path, read_only=read_only)
            self._connection = self._engine.connect()

        await self.call(connect)

    async def close(self) -> None:
        """Disconnect and end the thread."""

        def disconnect() -> None:
            if self._connection is not None:
                self._connection.close()
            if self._engine is not None:
                self._engine.dispose()

        try:
            await self.call(disconnect)
        except DatabaseError:
            pass  # a connection that cannot be closed goes with the process; nothing uncommitted was promised
        finally:
            self._executor.shutdown(wait=False)
