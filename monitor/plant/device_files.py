"""The files that devices need beside the sheets (certificates, keys, revocation lists), checked as far as they are here."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from monitor.plant.devices import settings_of
from monitor.plant.document import read_document
from monitor.plant.folder import DEVICE_FILES, with_files
from monitor.plant.mistakes import Mistake, Severity
from monitor.plant.record import Record

_NOT_HERE = "plant.toml"


class FileTrouble(Protocol):
    """Something about one file; `drivers.port.FileTrouble` satisfies it."""

    @property
    def path(self) -> Path:
        """Which file or folder."""
        ...

    @property
    def zh(self) -> str:
        """What to do, in Chinese."""
        ...

    @property
    def en(self) -> str:
        """What to do, in English."""
        ...

    @property
    def is_error(self) -> bool:
        """The device cannot be reached like this."""
        ...


class FilePort(Protocol):
    """What knows the files of a device; `drivers.registry` satisfies it."""

    def check_device(self, kind: str, settings: Mapping[str, object]) -> Sequence[object]:
        """Every mistake in the settings of a device."""
        ...

    def check_files(self, kind: str, settings: Mapping[str, object], wall_ns: int) -> Sequence[FileTrouble]:
        """Everything wrong at this moment with the files of a device whose settings are sound."""
        ...


def check_device_files(folder: Path, port: FilePort, wall_ns: int) -> tuple[Mistake, ...]:
    """Every mistake and warning about files of devices (blocking), in order.

    What is wrong with `plant.toml` itself is said by `read_plant`; devices that are wrong there are left out.
    """
    document = read_document(folder / "plant.toml", lambda mistake: None)
    if document is None:
        return ()
    root = Path(os.path.normpath(folder.absolute()))
    found = {mistake for record in document.records("devices") for mistake in _of_device(record, root, port, wall_ns)}
    return tuple(sorted(found, key=lambda each: (each.file, each.line, each.column, each.en)))


def _of_device(record: Record, root: Path, port: FilePort, wall_ns: int) -> Iterator[Mistake]:
    kind, settings = str(record.values.get("kind")), settings_of(record)
    if port.check_device(kind, settings):
        return
    for trouble in port.check_files(kind, with_files(settings, root), wall_ns):
        severity: Severity = "error" if trouble.is_error else "warning"
        path = Path(os.path.normpath(trouble.path))
        if path.is_relative_to(root):
            inside = path.relative_to(root).as_posix()
            yield Mistake(file=inside, line=0, column="", zh=trouble.zh, en=trouble.en, severity=severity)
            continue
        # Somewhere on this machine: the key of the device says where, and the words only which file below it.
        key, below = _named(path, settings, root)
        zh, en = f"{below}：{trouble.zh}" if below else trouble.zh, f"{below}: {trouble.en}" if below else trouble.en
        line = record.line(key)
        yield Mistake(file=_NOT_HERE, line=line, column=f"devices.{key}", zh=zh, en=en, severity=severity)


def _named(path: Path, settings: Mapping[str, object], root: Path) -> tuple[str, str]:
    """The key of the device that leads to a file, and what comes behind it."""
    for key in DEVICE_FILES:
        given = settings.get(key)
        if isinstance(given, str):
            place = Path(os.path.normpath(root / given))
            if path.is_relative_to(place):
                below = path.relative_to(place).as_posix()
                return key, "" if below == "." else below
    return DEVICE_FILES[0], path.name
