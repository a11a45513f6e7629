"""The SQLite file of the journal: connections, revisions, and what is checked before it is trusted."""

import sqlite3
from contextlib import closing, suppress
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from monitor.store.body import SCHEMA
from monitor.store.errors import JournalRefusedError
from monitor.store.tables import META

FILE_NAME: Final = "journal.sqlite"
BUSY_TIMEOUT_S: Final = 2.0
WRITE_CACHE_KIB: Final = 32_768
"""A burst of 10 000 transitions fits: pages that do not are written twice."""
LATEST_CHECKPOINT_PAGES: Final = 4000
"""16 MB of log: a commit brings the log into the file itself only when nobody did it beside (`checkpoint`) for so long."""
REVISION: Final = "0005"
"""The newest revision of `migrations/versions`; a database that has it needs no migration."""
QUICK_CHECK_BYTES: Final = 64_000_000
"""Larger files are only checked by the chain of their last rows: a start must not take minutes."""


class NewerSchemaError(Exception):
    """The database was made by a version with revisions that this one does not have."""


def open_engine(path: Path, *, read_only: bool) -> Engine:
    """Engine whose connections are kept by their threads: WAL, synchronous=FULL, foreign keys, explicit transactions."""
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=NullPool,
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": True},
    )

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        connection.text_factory = _text
        connection.isolation_level = None  # we begin transactions ourselves: pysqlite would not for DDL
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        if read_only:
            cursor.execute("PRAGMA query_only=ON")
        else:
            cursor.execute(f"PRAGMA cache_size=-{WRITE_CACHE_KIB}")
            cursor.execute(f"PRAGMA wal_autocheckpoint={LATEST_CHECKPOINT_PAGES}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def checkpoint(connection: Connection) -> None:
    """Bring the log into the file as far as nobody holds it up; waits for nobody and keeps no commit waiting.

    A full or failing disk is left to the next commit, which finds out for itself.
    """
    with suppress(DatabaseError):
        connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").close()


def _text(stored: bytes) -> str:
    """Text that was altered into something else must not keep verify from naming its row."""
    return stored.decode("utf-8", "replace")


def open_reading(path: Path) -> Engine:
    """Engine that only reads, beside a running service or on a copied file, and leaves nothing behind.

    :raises JournalRefusedError: it cannot be read, or is not of this version's revision.
    """

    def open_file(options: str) -> sqlite3.Connection:
        # the path must be absolute: a driver that opens later may stand elsewhere
        address = f"file:{quote(str(path.resolve()))}?mode=ro{options}"
        connection = sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        connection.text_factory = _text
        return connection

    def connect() -> sqlite3.Connection:
        connection = open_file("")
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError:
            connection.close()
            if path.with_name(path.name + "-wal").exists() or not path.is_file():
                raise
            return open_file("&immutable=1")  # in a folder that nobody may write: no log beside it can be made
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    try:
        with engine.connect() as connection:
            stands_at = revision(connection)
    except DatabaseError as error:
        engine.dispose()
        raise refused(path, error) from error
    if stands_at != REVISION:
        engine.dispose()
        raise JournalRefusedError(
            f"日志数据库 {path} 的版本为 {stands_at}，本程序需要 {REVISION}。"
            "请用本版本启动一次服务以升级，或用原版本的 redline 查验。",
            f"the journal {path} is of revision {stands_at}, this program reads {REVISION}. "
            "Start the service of this version once to migrate it, or use the redline that wrote it.",
        )
    return engine


def prepare(connection: Connection, path: Path, plant_id: str) -> int:
    """Check the file, bring its tables up to date, and claim it for this plant; returns the number of this start.

    :raises JournalRefusedError: damaged, locked, of another plant, or made by a newer version.
    """
    try:
        if path.stat().st_size <= QUICK_CHECK_BYTES:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            connection.rollback()
            if found != "ok":
                raise _damaged(path, str(found))
        copy_before_migration(connection, path)
        with connection.begin():
            migrate(connection)
            return _claim(connection, path, plant_id)
    except NewerSchemaError as error:
        raise JournalRefusedError(
            f"日志数据库 {path} 由更新版本的 redline 创建（{error}）。请使用相同或更新的版本启动。",
            f"the journal {path} was made by a newer redline ({error}). Start it with that version or a newer one.",
        ) from error


def revision(connection: Connection) -> str | None:
    """Revision that the database stands at; None when it is new or stands at none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    stands_at = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
    return stands_at[0] if len(stands_at) == 1 else None


def copy_before_migration(connection: Connection, path: Path) -> Path | None:
    """Copy a database of an earlier revision to `journal-<revision>.sqlite` beside it; None when there is no need.

    :raises JournalRefusedError: there is no room for the copy.
    """
    stands_at = revision(connection)
    connection.rollback()
    if stands_at is None or stands_at >= REVISION:
        return None
    copy = path.with_name(f"{path.stem}-{stands_at}.sqlite")
    unfinished = copy.with_name(copy.name + ".part")
    try:
        with closing(sqlite3.connect(unfinished)) as target:
            source: Any = connection.connection.driver_connection
            source.backup(target)
        unfinished.replace(copy)
    except (sqlite3.Error, OSError) as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise JournalRefusedError(
            f"升级前无法备份日志数据库 {path}（{error}）。请为 {copy} 腾出约 {path.stat().st_size} 字节后再启动。",
            f"the journal {path} cannot be copied before its migration ({error}). "
            f"Make room for {copy}, about {path.stat().st_size} bytes, and start again.",
        ) from error
    return copy


def migrate(connection: Connection) -> None:
    """Run all pending revisions inside the connection's transaction; needs no alembic.ini.

    :raises NewerSchemaError: the database has a revision that this version does not know.
    """
    if revision(connection) == REVISION:
        return
    # imported when needed: a tenth of a second less until a restarted service watches again
    import alembic.command
    import alembic.util
    from alembic.config import Config

    with as_file(files("monitor.store") / "migrations") as folder:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        try:
            alembic.command.upgrade(config, "head")
        except alembic.util.CommandError as error:
            raise NewerSchemaError(str(error)) from error


def _claim(connection: Connection, path: Path, plant_id: str) -> int:
    meta = dict(connection.execute(select(META.c.key, META.c.value)).all())
    if meta.get("plant", plant_id) != plant_id:
        raise JournalRefusedError(
            f"日志 {path} 属于装置 “{meta['plant']}”，而不是 “{plant_id}”。请为每个装置使用各自的状态目录 (REDLINE_STATE_DIR)。",
            f'the journal {path} belongs to plant "{meta["plant"]}", not "{plant_id}". '
            "Give each plant a state directory of its own (REDLINE_STATE_DIR).",
        )
    boot_epoch = int(meta.get("boot_epoch", "0")) + 1
    wanted = {"plant": plant_id, "schema": str(SCHEMA), "boot_epoch": str(boot_epoch)}
    connection.execute(META.delete())
    connection.execute(META.insert(), [{"key": key, "value": value} for key, value in (meta | wanted).items()])
    return boot_epoch


def refused(path: Path, error: DatabaseError | OSError) -> JournalRefusedError:
    """Say in words why the database at `path` cannot be used."""
    original = error.orig if isinstance(error, DatabaseError) else error
    code = (getattr(original, "sqlite_errorcode", None) or 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return JournalRefusedError(
            f"日志数据库 {path} 被其他程序锁定（{original}）。请关闭正在打开它的程序（例如 sqlite3 命令行）后再启动。",
            f"the journal {path} is locked by another program ({original}). "
            "Close what has it open (a sqlite3 shell, a backup) and start again.",
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return _damaged(path, str(original))
    return JournalRefusedError(
        f"日志数据库 {path} 无法打开或写入（{original}）。请检查目录权限、磁盘空间与挂载方式。",
        f"the journal {path} cannot be opened or written ({original}). "
        "Check the directory's permissions, the room on the disk and how it is mounted.",
    )


def _damaged(path: Path, reason: str) -> JournalRefusedError:
    return JournalRefusedError(
        f"日志数据库 {path} 已损坏（{reason}）。请保留该文件以备调查，从备份恢复，或将其移开后以空日志启动。",
        f"the journal {path} is damaged ({reason}). Keep the file for the investigation; "
        "restore a backup, or move it away to start with an empty journal.",
    )
