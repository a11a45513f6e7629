"""Random journals for what is counted, with the steps as plain tuples beside the columns."""

from hypothesis import strategies as st

from monitor.alarms.annunciations import Step

S = 1_000_000_000
START_NS = 1_790_000_000 * S
TRIGGERS = (
    "raised",
    "returned",
    "returned_latched",
    "returned_untold",
    "acknowledged",
    "re_alarmed",
    "unsuppressed",
    "shelved",
    "suppressed",
    "reactivated",
)
BY_PEOPLE = frozenset({"acknowledged", "shelved"})


@st.composite
def journals(draw: st.DrawFn, most: int = 60, span_s: int = 7200) -> list[Step]:
    """Steps of a few alarms in the order of the journal; first steps of an occurrence are RAISED."""
    times = sorted(draw(st.lists(st.integers(0, span_s * 2), max_size=most)))
    begun: dict[str, int] = {}
    steps = []
    for seq, half_s in enumerate(times, start=1):
        alarm_id = draw(st.sampled_from(("A", "B", "C.H")))
        trigger = draw(st.sampled_from(TRIGGERS)) if alarm_id in begun else "raised"
        if trigger == "raised":
            begun[alarm_id] = begun.get(alarm_id, 0) + 1
        steps.append(
            Step(
                seq=seq,
                decided_wall_ns=START_NS + half_s * S // 2,
                id=alarm_id,
                occurrence=begun[alarm_id],
                trigger=trigger,
                annunciated=draw(st.booleans()) if trigger in ("raised", "unsuppressed") else True,
                priority=draw(st.integers(1, 4)),
                person=trigger in BY_PEOPLE,
            )
        )
    return steps


def step(
    seq: int,
    second: float,
    alarm_id: str = "A",
    trigger: str = "raised",
    *,
    occurrence: int = 1,
    annunciated: bool = True,
    priority: int = 3,
) -> Step:
    return Step(
        seq=seq,
        decided_wall_ns=START_NS + round(second * S),
        id=alarm_id,
        occurrence=occurrence,
        trigger=trigger,
        annunciated=annunciated,
        priority=priority,
        person=trigger in BY_PEOPLE,
    )


def is_new(one: Step) -> bool:
    return one.annunciated and one.trigger in ("raised", "unsuppressed", "re_alarmed")
