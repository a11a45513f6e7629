"""`redline replay`: a recording through a plant's rules, and what new rules would have done with it."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from monitor.cli.check import read_or_explain
from monitor.clock import SystemClock
from monitor.plant.mistakes import Mistake
from monitor.plant.plant import Plant
from monitor.replay.csv_series import read_csv
from monitor.replay.history_series import HistoryRefusedError, read_history
from monitor.replay.outcome import Outcome
from monitor.replay.player import Player
from monitor.replay.report import as_json, text
from monitor.replay.series import Sweeps
from rules.columns.tags import TagTable

Recording = Callable[[TagTable], Iterator[Sweeps]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What of the recording, and how the outcome is shown."""

    period_s: float = 1.0
    span: tuple[str | None, str | None] = (None, None)
    """RFC 3339, from and to; of a history only."""
    limit: int = 50
    machine: bool = False
    language: str = "zh"


def run_replay(folder: Path, history: Path, new_rules: Path | None, asked: Asked) -> int:
    """Play and print; 0 when it was played, 1 when plant or recording is refused, 2 when the span is no time."""
    language = asked.language
    plants = [read_or_explain(path, language) for path in (folder, new_rules) if path is not None]
    if any(checked is None for checked in plants):
        return 1
    mistakes: list[Mistake] = []
    path = history / "history.duckdb" if history.is_dir() else history
    try:
        from_ns, to_ns = (_moment(bound) for bound in asked.span)
    except ValueError as error:
        words = {"zh": "--from、--to 应为带时区的 RFC 3339 时间", "en": "--from, --to: RFC 3339 with a time zone"}
        print(f"{words[language]}: {error}", file=sys.stderr)
        return 2

    def recording(table: TagTable) -> Iterator[Sweeps]:
        if path.suffix.lower() == ".csv":
            return read_csv(path, table, mistakes.append)
        return read_history(path, table, round(asked.period_s * 1e9), from_ns, to_ns)

    try:
        played = [_play(checked.plant, recording) for checked in plants if checked is not None]
    except HistoryRefusedError as refused:
        print(refused, file=sys.stderr)
        return 1
    for mistake in dict.fromkeys(mistakes):
        print(mistake.text(language), file=sys.stderr)
    if mistakes or not played[0][0].sweeps:
        empty = {"zh": f"{path}：没有可回放的读数", "en": f"{path}: nothing that can be played"}[language]
        print(empty if not mistakes else "", file=sys.stderr)
        return 1
    (outcome, seconds), new = played[0], played[1][0] if len(played) > 1 else None
    assert plants[0] is not None  # refused above
    if asked.machine:
        print(json.dumps(as_json(outcome, plants[0].plant, new, seconds), ensure_ascii=False))
    else:
        for line in text(outcome, plants[0].plant, new, language=language, seconds=seconds, limit=asked.limit):
            print(line)
    return 0


def _play(plant: Plant, recording: Recording) -> tuple[Outcome, float]:
    """The outcome, and the seconds that judging and reading took."""
    clock = SystemClock()
    begun_ns = clock.mono_ns()
    outcome = Player(plant).play(recording(plant.tags))
    return outcome, (clock.mono_ns() - begun_ns) / 1e9


def _moment(written: str | None) -> int | None:
    """:raises ValueError: it is no time, or names no time zone."""
    if written is None:
        return None
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is None:
        raise ValueError(written)
    return round(moment.timestamp() * 1e9)
