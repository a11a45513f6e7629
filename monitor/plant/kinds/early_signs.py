"""`rules.toml`: cusum, variance, load_cut, stop."""

import math
from collections.abc import Mapping
from typing import Final

from monitor.plant.kinds import causes, members
from monitor.plant.kinds.port import KindReader, ReadRule, Surroundings
from monitor.plant.record import Record
from monitor.plant.site import NS
from rules import windows
from rules.catalog import Delays
from rules.columns.tags import Tag
from rules.kinds.cusum import Cusum, samples_between_false_alarms
from rules.kinds.load_cuts import LoadCut
from rules.kinds.stops import Stop
from rules.kinds.variance import Variance

_DAY_S: Final = 86_400
_LEAST_SIGMA_PERCENT: Final = 0.05
"""Of the range: what an instrument of that accuracy cannot tell apart is no fluctuation."""


def _cusum(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    tag = members.tag_of(record, surroundings)
    reset_given = record.is_given("reset_tag")
    reset = members.tag_of(record, surroundings, "reset_tag", discrete=True) if reset_given else None
    if tag is None or (reset_given and reset is None):
        return None
    in_units = record.choice("unit", ("sigma", "eu"), default="sigma") == "eu"
    sample_s = record.number("sample_s", default=60.0, minimum=tag.scan_period_ns / NS) or 60.0
    silence_s = record.number("silence_s", default=3 * sample_s, minimum=2 * sample_s) or 3 * sample_s
    slack = record.number("slack", default=None if in_units else 0.5, minimum=0)
    decision = record.number("decision", default=None if in_units else 10.0)
    if slack is None or decision is None or decision <= 0:
        zh = 'unit = "eu" 时 slack 与 decision 必填，decision 大于 0'
        en = 'give slack and decision (above 0) with unit = "eu"'
        record.wrong("decision", zh, en)
        return None
    sigma, least_sigma = _positive(record, "sigma"), _least_sigma(record, tag)
    learn_samples = record.integer("learn_samples", default=60, minimum=2) or 60
    reset_state = record.integer("reset_state", default=1, minimum=0, maximum=1)
    rule = Cusum(
        id=rule_id,
        tag=tag.id,
        target=record.number("target"),
        sigma=1.0 if in_units else sigma,
        least_sigma=least_sigma,
        slack=slack,
        decision=decision,
        sample_ns=int(sample_s * NS),
        learn_samples=learn_samples,
        silence_ns=int(silence_s * NS),
        capped=record.choice("reset", ("cap", "none"), default="cap") == "cap",
        reset_tag=reset.id if reset else "",
        reset_state=1 if reset_state is None else reset_state,
        delays=delays,
    )
    if not in_units:
        _warn_of_false_alarms(record, rule, sample_s)
    return ReadRule(rule=rule, tag=tag.id, set_point=decision, eu=tag.eu if in_units else "σ")


def _warn_of_false_alarms(record: Record, rule: Cusum, sample_s: float) -> None:
    """A process that is on target should not raise it every day."""
    between_s = samples_between_false_alarms(rule.slack, rule.decision) * sample_s
    if between_s < _DAY_S:
        zh = f"过程正常时也约每 {between_s / 3600:.1f} h 误报一次：请加大 decision、slack 或 sample_s"
        en = f"a process on target raises it about every {between_s / 3600:.1f} h: raise decision, slack or sample_s"
        record.wrong("decision", zh, en, severity="warning")


def _variance(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    tag = members.tag_of(record, surroundings)
    if tag is None:
        return None
    ratio = record.number("ratio", default=4.0) or 0.0
    if ratio <= 1:
        record.wrong("ratio", f"{ratio:g} 应大于 1", f"{ratio:g} must be more than 1")
        return None
    window_ns = members.window_of(record, "window_s", 600, (tag,), windows.SLOTS)
    dead_band = members.dead_band_of(record, ratio)
    reference_sigma, least_sigma = _positive(record, "reference_sigma"), _least_sigma(record, tag)
    learn_windows = record.integer("learn_windows", default=5, minimum=1) or 5
    coverage = members.coverage_of(record)
    if window_ns is None or dead_band is None:
        return None
    rule = Variance(
        id=rule_id,
        tag=tag.id,
        ratio=ratio,
        dead_band=dead_band,
        window_ns=window_ns,
        reference_sigma=reference_sigma,
        learn_windows=learn_windows,
        least_sigma=least_sigma,
        least_coverage=coverage,
        delays=delays,
    )
    return ReadRule(rule=rule, tag=tag.id, set_point=ratio, dead_band=dead_band)


def _load_cut(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    tag, candidates = members.tag_of(record, surroundings), causes.causes_of(record, surroundings)
    drop = record.required_number("drop_percent", minimum=0.001, maximum=99.999)
    if tag is None or candidates is None:
        return None
    dead_band = members.dead_band_of(record, drop)
    reference_ns = members.window_of(record, "reference_s", 600, (tag,), windows.SLOTS)
    within_ns = members.span_ns(record, "within_s", 60, minimum_s=0.001)
    coverage = members.coverage_of(record)
    lost = causes.lost_of(record, tag, candidates)
    if dead_band is None or reference_ns is None:
        return None
    rule = LoadCut(
        id=rule_id,
        tag=tag.id,
        drop_percent=drop,
        dead_band=dead_band,
        within_ns=within_ns,
        reference_ns=reference_ns,
        least_reference=record.number("least_reference", default=0.0, minimum=0) or 0.0,
        accept_after_ns=members.span_ns(record, "accept_after_s", 28_800, (within_ns + reference_ns) / NS),
        least_coverage=coverage,
        delays=delays,
        **lost,
    )
    return ReadRule(rule=rule, tag=tag.id, set_point=drop, dead_band=dead_band, eu="%")


def _stop(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    tag, candidates = members.tag_of(record, surroundings), causes.causes_of(record, surroundings)
    threshold = record.required_number("threshold")
    if tag is None or candidates is None:
        return None
    if not tag.low < threshold <= tag.high:
        zh = f"{threshold:g} 应高于量程下限 {tag.low:g}，不高于上限 {tag.high:g} {tag.eu}"
        en = f"{threshold:g} must be above the low end {tag.low:g} of the range and at most {tag.high:g} {tag.eu}"
        record.wrong("threshold", zh, en)
        return None
    reference_ns = members.window_of(record, "reference_s", 600, (tag,), windows.SLOTS)
    dead_band = members.dead_band_of(record, math.inf)
    lost = causes.lost_of(record, tag, candidates)
    if reference_ns is None or dead_band is None:
        return None
    rule = Stop(
        id=rule_id,
        tag=tag.id,
        threshold=threshold,
        dead_band=dead_band,
        after_ns=members.span_ns(record, "after_s", 0),
        reference_ns=reference_ns,
        delays=delays,
        **lost,
    )
    return ReadRule(rule=rule, tag=tag.id, set_point=threshold, dead_band=dead_band, eu=tag.eu)


def _positive(record: Record, key: str) -> float | None:
    found = record.number(key)
    if found is not None and found <= 0:
        record.wrong(key, f"{found:g} 应大于 0", f"{found:g} must be more than 0")
        return None
    return found


def _least_sigma(record: Record, tag: Tag) -> float:
    """`least_sigma`; 0.05 % of the range, or the resolution of the tag where that is more."""
    own = _positive(record, "least_sigma")
    if own is not None:
        return own
    floor = max((tag.high - tag.low) * _LEAST_SIGMA_PERCENT / 100, tag.resolution)
    return floor if floor > 0 else 1e-9


READERS: Final[Mapping[str, KindReader]] = {
    "cusum": KindReader(
        keys=(
            "tag", "unit", "target", "sigma", "least_sigma", "slack", "decision", "sample_s", "learn_samples", "silence_s",
            "reset", "reset_tag", "reset_state",
        ),
        read=_cusum,
    ),
    "variance": KindReader(
        keys=(
            "tag", "ratio", "dead_band", "window_s", "reference_sigma", "learn_windows", "least_sigma", "coverage",
        ),
        read=_variance,
    ),
    "load_cut": KindReader(
        keys=(
            "tag", "drop_percent", "dead_band", "within_s", "reference_s", "least_reference", "accept_after_s", "coverage",
            *causes.KEYS,
        ),
        read=_load_cut,
    ),
    "stop": KindReader(keys=("tag", "threshold", "dead_band", "after_s", "reference_s", *causes.KEYS), read=_stop),
}  # fmt: skip
"""Words of the key `kind` that belong to this family."""
