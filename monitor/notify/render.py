"""Words for people (WeCom) from the bodies of outbox rows.  Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson

from monitor.notify.people import Notification
from monitor.notify.row import OutboxRow, Purpose
from monitor.notify.words import CHINESE, ENGLISH, Words

MOST_BYTES: Final = 2048
"""WeCom's limit for a text, in bytes of UTF-8 (integration.md 1.1)."""
LINE_BYTES: Final = 280
"""One long name must not push the value or the time out of the message."""
LISTED: Final = 10
"""Alarms a digest names in words."""
LISTED_BYTES: Final = 100
NUMERIC_KINDS: Final = frozenset({"HH", "H", "L", "LL"})

Body = Mapping[str, Any]


def text(rows: Sequence[OutboxRow], notification: Notification, most_bytes: int = MOST_BYTES) -> str:
    """One message for all rows: of one occurrence a message of its own, of several a digest.

    :raises ValueError: no rows, or a body that is not JSON.
    :raises KeyError: a body that lacks a word.
    """
    if not rows:
        raise ValueError("no rows to render")
    if len({(row.id, row.occurrence) for row in rows}) == 1:
        return _single(rows, notification, most_bytes)
    return _digest(rows, notification, most_bytes)


def cut(line: str, most_bytes: int) -> str:
    """At most so many bytes of UTF-8, ended by an ellipsis where something is missing, never inside a character."""
    encoded = line.encode()
    if len(encoded) <= most_bytes:
        return line
    if most_bytes < 3:
        return ""
    return encoded[: most_bytes - 3].decode(errors="ignore") + "…"


def mark(row: OutboxRow) -> str:
    """What every message carries of its alarm: `<id>#<occurrence>`."""
    return f"{row.id}#{row.occurrence}"


def _single(rows: Sequence[OutboxRow], notification: Notification, most_bytes: int) -> str:
    words = _words(notification)
    by_purpose = {row.purpose: row for row in rows}
    last = max(rows, key=lambda row: (row.transition, row.repeat))
    bodies = {purpose: orjson.loads(row.body) for purpose, row in by_purpose.items()}
    first = bodies.get(Purpose.RAISE) or bodies.get(Purpose.REPEAT) or bodies[last.purpose]
    lines = [_headline(by_purpose, last, words), *_subject(first, words)]
    lines += _condition(first, bodies, words, notification.timezone)
    lines = [cut(_one_line(line), LINE_BYTES) for line in lines if line]
    response = _one_line(words.pick(first, "response"))
    if response and Purpose.ACKNOWLEDGE not in by_purpose:
        lines.append(f"{words.response}{response}")
    return _fit(lines, [*_link(notification, f"/{last.id}"), mark(last)], most_bytes)


def _link(notification: Notification, path: str) -> list[str]:
    base = notification.console_url.rstrip("/")
    return [f"{base}/alarms{path}"] if base else []


def _headline(by_purpose: Mapping[Purpose, OutboxRow], last: OutboxRow, words: Words) -> str:
    level = words.priority(min(row.priority for row in by_purpose.values()))
    if Purpose.ACKNOWLEDGE in by_purpose:
        return words.acknowledged.format(level=level)
    if Purpose.RETURN in by_purpose:
        return (words.came_and_went if len(by_purpose) > 1 else words.returned).format(level=level)
    repeat = by_purpose.get(Purpose.REPEAT)
    if repeat is not None:
        return words.repeat.format(level=level, repeat=repeat.repeat)
    return words.raised.format(level=level)


def _subject(body: Body, words: Words) -> list[str]:
    source = words.pick(body, "hazard_source")
    return [
        f"{words.site}{words.pick(body, 'site')}",
        f"{words.hazard_source}{source}" if source else "",
        f"{words.subject}{_name(body)} {words.pick(body, 'subject')}",
    ]


def _what(body: Body, words: Words) -> str:
    """What the message says beyond the tag and its description, which stand in the line above already."""
    message, subject = words.pick(body, "message"), f"{_name(body)} {words.pick(body, 'subject')}"
    if not message.startswith(subject):
        return f"{words.pick(body, 'kind')}: {message}"
    return message.removeprefix(subject).strip() or words.pick(body, "kind")


def _name(body: Body) -> str:
    return str(body["tag"] or body["interlock"] or body["device"] or body["id"])


def _condition(first: Body, bodies: Mapping[Purpose, Body], words: Words, timezone: str) -> list[str]:
    lines = []
    if first["kind"] in NUMERIC_KINDS:
        value, limit = number(first["value"], first["eu"]), number(first["limit"], first["eu"])
        lines.append(words.numeric.format(kind=words.pick(first, "kind"), value=value, limit=limit))
    else:
        lines.append(f"{words.alarm}{_what(first, words)}")
    lines.append(f"{words.since}{site_time(first['raised_wall_ns'], timezone)}")
    returned = bodies.get(Purpose.RETURN)
    if returned is not None:
        after = words.after.get(returned["after"], "")
        lines.append(f"{words.returned_at}{site_time(returned['decided_wall_ns'], timezone)}{after}")
    acknowledged = bodies.get(Purpose.ACKNOWLEDGE)
    if acknowledged is not None:
        when = site_time(acknowledged["decided_wall_ns"], timezone)
        lines.append(f"{words.acknowledged_by}{acknowledged['person_name'] or acknowledged['person'] or '-'} {when}")
        lines.append(f"{words.comment}{acknowledged['comment']}" if acknowledged["comment"] else "")
    return lines


def _digest(rows: Sequence[OutboxRow], notification: Notification, most_bytes: int) -> str:
    """Counts by priority, the most urgent in words, every id that fits (design: pushes)."""
    words = _words(notification)
    ordered = sorted(rows, key=lambda row: (row.priority, row.due_wall_ns, row.seq))
    marks = list(dict.fromkeys(mark(row) for row in ordered))
    counts = words.joined(
        words.count.format(
            level=words.priority(priority), n=len({mark(row) for row in rows if row.priority == priority})
        )
        for priority in sorted({row.priority for row in rows})
    )
    site = cut(_one_line(words.pick(orjson.loads(ordered[0].body), "site")), LINE_BYTES)
    head = words.digest.format(site=site, n=len(marks), counts=counts)
    link = _link(notification, "")
    # ids have the first claim on the room: with them everything else can be looked up
    ids = _ids(marks, most_bytes - len("\n".join([head, *link, ""]).encode()), words)
    room = most_bytes - len("\n".join([head, *link, ids]).encode())
    lines = [head]
    for place, row in enumerate(ordered[:LISTED], 1):
        line = cut(_listed(place, row, words, notification.timezone), LISTED_BYTES)
        room -= len(line.encode()) + 1
        if room < 0:
            break
        lines.append(line)
    return "\n".join([*lines, *link, ids])


def _ids(marks: Sequence[str], room_bytes: int, words: Words) -> str:
    """As many marks as fit, ending with how many are missing."""
    everything = " ".join(marks)
    if len(everything.encode()) <= room_bytes:
        return everything
    room_bytes -= len(words.and_more.format(n=len(marks)).encode())
    shown: list[str] = []
    for one in marks:
        room_bytes -= len(one.encode()) + 1
        if room_bytes < 0:
            break
        shown.append(one)
    return " ".join([*shown, words.and_more.format(n=len(marks) - len(shown))])


def _listed(place: int, row: OutboxRow, words: Words, timezone: str) -> str:
    body: Body = orjson.loads(row.body)
    name = body["tag"] or body["interlock"] or body["device"] or body["id"]
    value = f" {number(body['value'], body['eu'])}" if body["kind"] in NUMERIC_KINDS else ""
    level, purpose = words.priority(row.priority), words.purpose[row.purpose]
    clock = site_time(body["decided_wall_ns"], timezone)[11:]
    kind = words.pick(body, "kind")
    return _one_line(f"{place}. {level} {purpose} {name} {kind}{value} {clock} {words.pick(body, 'subject')}")


def _fit(lines: Sequence[str], tail: Sequence[str], most_bytes: int) -> str:
    """Lines cut to what the tail leaves; of the tail the last line is what must never go."""
    end = "\n".join(tail)
    room = most_bytes - len(end.encode()) - 1
    if room < 0:
        return cut(tail[-1], most_bytes)
    joined = "\n".join(lines)
    return f"{cut(joined, room)}\n{end}"


def number(value: float | None, eu: str) -> str:
    """A value with its unit, `-` where there is none."""
    return "-" if value is None else f"{value:.6g} {eu}".rstrip()


def site_time(wall_ns: int | None, timezone: str) -> str:
    """Local date and time to the second of a wall time in ns, `-` where there is none."""
    if wall_ns is None:
        return "-"
    return datetime.fromtimestamp(wall_ns // 1_000_000_000, ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M:%S")


def _one_line(line: str) -> str:
    # a line break inside a name or a comment could forge the lines that follow it
    return " ".join(line.split())


def _words(notification: Notification) -> Words:
    return ENGLISH if notification.language == "en" else CHINESE
