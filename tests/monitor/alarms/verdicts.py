"""Definitions and verdicts by hand, for tests of the board."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from monitor.alarms.definition import AlarmDefinition
from rules.columns.readings import NO_TIME
from rules.verdicts import Evidence, Verdict, Verdicts

WALL = 1_790_000_000_000_000_000
FALSE, TRUE, UNKNOWN = int(Verdict.FALSE), int(Verdict.TRUE), int(Verdict.UNKNOWN)


def definition(name: str, **overrides: object) -> AlarmDefinition:
    fields: dict[str, object] = {
        "id": name,
        "kind": "HH",
        "alarm_class": "process",
        "priority": 1,
        "tag": name.partition(".")[0],
        "set_point": 12.0,
        "eu": "m",
        "subject_zh": "1号甲醇罐液位",
        "subject_en": "Methanol tank 1 level",
    }
    return AlarmDefinition(**{**fields, **overrides})  # type: ignore[arg-type]  # fields by name


def verdicts(
    ids: Sequence[str],
    verdict: Sequence[int],
    *,
    value: Sequence[float] | None = None,
    limit: Sequence[float] | None = None,
    condition: Sequence[int] | None = None,
    quality: Sequence[int] | None = None,
    renew: Sequence[bool] | None = None,
    received: int = WALL,
    detail: Mapping[int, tuple[str, ...]] | None = None,
) -> Verdicts:
    count = len(ids)
    return Verdicts.dense(
        ids=tuple(ids),
        verdict=np.array(verdict, np.uint8),
        condition=np.array(verdict if condition is None else condition, np.uint8),
        evidence=Evidence(
            value=np.array([math.nan] * count if value is None else value, np.float64),
            limit=np.array([12.0] * count if limit is None else limit, np.float64),
            quality=np.array([0] * count if quality is None else quality, np.uint8),
            source_time_ns=np.full(count, NO_TIME, np.int64),
            received_wall_ns=np.full(count, received, np.int64),
        ),
        renew=np.flatnonzero(np.array([False] * count if renew is None else renew, np.bool_)),
        details=detail,
    )
