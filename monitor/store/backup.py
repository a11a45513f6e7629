"""A copy of the journal while the service runs, and the way back; both say exactly which rows they hold."""

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import orjson

from monitor.store.anchor import ANCHORS_NAME
from monitor.store.audit import Finding, audit
from monitor.store.database import BUSY_TIMEOUT_S, FILE_NAME
from monitor.store.errors import JournalRefusedError
from monitor.store.head import HEAD_NAME, Head, HeadFile, read_head
from monitor.store.lock import StateLock

MANIFEST_NAME: Final = "manifest.json"
HISTORY_NAME: Final = "history.duckdb"
FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds; written last, so that a backup without one is not finished."""

    format: int
    version: str
    plant: str
    first_seq: int
    seq: int
    hash: str
    wall_ns: int
    files: dict[str, str]
    """Name -> SHA-256 in hexadecimal."""


def back_up(
    state: Path, target: Path, wall_ns: int, version: str, *, with_history: bool
) -> tuple[Manifest, tuple[Finding, ...]]:
    """Copy the journal of a state folder into a new folder, beside a running service or not, and verify the copy.

    Returns the manifest and what verify found in the copy.  History is copied of a stopped service only.

    :raises JournalRefusedError: nothing to copy, no room, the target is not empty, the service holds its history.
    """
    if not (state / FILE_NAME).is_file():
        raise _refusal(f"{state} 中没有日志数据库", f"there is no journal in {state}")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise _refusal(f"{target} 已存在且不为空", f"{target} exists and is not empty")
    try:
        target.mkdir(parents=True, exist_ok=True)
        if with_history:
            _copy_history(state, target)
        if (state / ANCHORS_NAME).exists():  # first: the file may lack an anchor of the database, never have one more
            shutil.copyfile(state / ANCHORS_NAME, target / ANCHORS_NAME)
        plant, last = _copy_database(state / FILE_NAME, target / FILE_NAME)
        _write_head(target, last)
        found = audit(target)
        manifest = Manifest(
            format=FORMAT,
            version=version,
            plant=plant,
            first_seq=found.first_seq,
            seq=last.seq,
            hash=last.hash.hex(),
            wall_ns=wall_ns,
            files={path.name: _sha256(path) for path in sorted(target.iterdir())},
        )
        text = orjson.dumps(asdict(manifest), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
        _write_durably(target / MANIFEST_NAME, text + b"\n")
    except (OSError, sqlite3.Error) as error:
        raise _refusal(f"备份未完成：{error}", f"the backup is not finished: {error}") from error
    return manifest, found.findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore did."""

    manifest: Manifest
    missing: tuple[int, int] | None
    """First and last row that the state folder knew and the backup does not; the next start asks about them."""
    moved_to: Path | None
    """Where the files that stood there before are now."""


def restore(backup: Path, state: Path, *, overwrite_newer: bool) -> Restored:
    """Put a backup into a state folder whose service is stopped; what stood there is moved aside, never deleted.

    :raises JournalRefusedError: the backup is not whole, the folder is in use, or its journal knows rows that the backup
        does not and `overwrite_newer` was not given.
    """
    manifest = read_manifest(backup)
    findings = audit(backup).findings
    if findings:
        zh = f"备份中的日志与写入时不一致：第 {findings[0].seq} 条，{findings[0].zh}"
        raise _refusal(zh, f"the journal of the backup was altered: row {findings[0].seq}, {findings[0].en}")
    try:
        state.mkdir(parents=True, exist_ok=True)
        lock = StateLock(state)
        try:
            return _restore(backup, state, manifest, overwrite_newer=overwrite_newer)
        finally:
            lock.release()
    except (OSError, sqlite3.Error) as error:
        raise _refusal(f"恢复未完成：{error}", f"the restore is not finished: {error}") from error


def read_manifest(backup: Path) -> Manifest:
    """The manifest of a backup whose files are as they were written.

    :raises JournalRefusedError: it is missing or unreadable, or a file differs.
    """
    try:
        manifest = Manifest(**orjson.loads((backup / MANIFEST_NAME).read_bytes()))
        differing = [name for name, digest in manifest.files.items() if _sha256(backup / name) != digest]
    except (OSError, ValueError, TypeError) as error:
        raise _refusal(f"{backup} 不是完整的备份（{error}）", f"{backup} is not a whole backup ({error})") from error
    if manifest.format != FORMAT or FILE_NAME not in manifest.files:
        raise _refusal(f"{backup} 的格式未知", f"{backup} has a format that this version does not know")
    if differing:
        names = ", ".join(differing)
        raise _refusal(f"备份文件已损坏或被改动：{names}", f"files of the backup are damaged or altered: {names}")
    return manifest


def _restore(backup: Path, state: Path, manifest: Manifest, *, overwrite_newer: bool) -> Restored:
    known = _known(state)
    end = Head(manifest.seq, bytes.fromhex(manifest.hash))
    missing = (end.seq + 1, known.seq) if known is not None and known.seq > end.seq else None
    if missing is not None and not overwrite_newer:
        first, last = missing
        raise _refusal(
            f"{state} 中的日志比备份新：第 {first} 至 {last} 条将丢失。确需恢复请加 --overwrite-newer",
            f"the journal in {state} is newer than the backup: rows {first} to {last} would be lost. "
            "To restore all the same add --overwrite-newer",
        )
    names = [FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm", HEAD_NAME, ANCHORS_NAME]
    if HISTORY_NAME in manifest.files:
        names += [HISTORY_NAME, f"{HISTORY_NAME}.wal"]
    # the new database is whole on the disk before the old one is touched
    fresh = state / f"{FILE_NAME}.restored"
    shutil.copyfile(backup / FILE_NAME, fresh)
    _sync(fresh)
    moved_to = _move_aside(state, names)
    fresh.rename(state / FILE_NAME)
    for name in manifest.files.keys() - {FILE_NAME, HEAD_NAME}:
        shutil.copyfile(backup / name, state / name)
    if missing is not None and moved_to is not None and (moved_to / ANCHORS_NAME).exists():
        shutil.copyfile(moved_to / ANCHORS_NAME, state / ANCHORS_NAME)  # it still knows what was signed
    # numbers that were given out stay given out: the next start says which rows are missing, and must be told to go on
    _write_head(state, known if known is not None and missing is not None else end)
    _sync(state)
    return Restored(manifest=manifest, missing=missing, moved_to=moved_to)


def _known(state: Path) -> Head | None:
    """The newest row that the head file or the database of a state folder knows."""
    heads = [read_head(state / HEAD_NAME)]
    if (state / FILE_NAME).exists():
        try:
            with closing(_open(state / FILE_NAME)) as source:
                heads.append(_last_row(source))
        except sqlite3.Error:
            pass  # damaged: that is why a backup is restored; the head file tells
    return max((head for head in heads if head is not None), key=lambda head: head.seq, default=None)


def _copy_database(source_path: Path, target_path: Path) -> tuple[str, Head]:
    """Copy in one reading transaction, which a writer does not wait for; returns the plant and the last row copied."""
    with closing(_open(source_path)) as source, closing(sqlite3.connect(target_path)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")  # one file that is whole by itself
        plant = target.execute("SELECT value FROM meta WHERE key = 'plant'").fetchone()
        last = _last_row(target)
    _sync(target_path)
    return (plant[0] if plant else ""), last


def _open(path: Path) -> sqlite3.Connection:
    address = f"file:{quote(str(path.resolve()))}?mode=ro"
    return sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_S)


def _last_row(connection: sqlite3.Connection) -> Head:
    found: Sequence[Any] | None = connection.execute(
        "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    return Head(0, bytes(32)) if found is None else Head(found[0], bytes(found[1]))


def _copy_history(state: Path, target: Path) -> None:
    lock = StateLock(state)
    try:
        for name in (HISTORY_NAME, f"{HISTORY_NAME}.wal"):
            if (state / name).exists():
                shutil.copyfile(state / name, target / name)
    finally:
        lock.release()


def _move_aside(state: Path, names: Sequence[str]) -> Path | None:
    standing = [state / name for name in names if (state / name).exists()]
    if not standing:
        return None
    number = 1
    while (folder := state / f"replaced-{number}").exists():
        number += 1
    folder.mkdir()
    for path in standing:
        path.rename(folder / path.name)
    return folder


def _write_head(folder: Path, head: Head) -> None:
    file = HeadFile(folder / HEAD_NAME)
    try:
        file.write(head)
    finally:
        file.close()


def _write_durably(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    _sync(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _refusal(zh: str, en: str) -> JournalRefusedError:
    return JournalRefusedError(f"{zh}。", f"{en}.")
