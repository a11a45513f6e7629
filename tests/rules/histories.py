"""Random rule sets with memory and random histories, for tests that compare two ways through one history."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from rules.catalog import Bypassed, Delays, DiscreteState, Limit, NoUpdate, Rule, RuleSet
from rules.columns.snapshot import Snapshot
from rules.columns.tags import TagTable
from rules.evaluate import evaluate
from rules.memory import Memory
from tests.rules.plants import SECOND, snapshot, table, tag
from tests.rules.remembering import Rose

ANALOG = ("LT-1", "PT-1", "TT-1")
SWITCHES = ("XV-1", "XV-2")
PLANT = table(*(tag(name) for name in ANALOG), *(tag(name, discrete=True) for name in SWITCHES))
NAMES = (*ANALOG, *SWITCHES)

delays = st.builds(
    Delays,
    on_delay_ns=st.sampled_from([0, SECOND, 3 * SECOND]),
    off_delay_ns=st.sampled_from([0, SECOND, 2 * SECOND]),
)


def rule(number: int) -> st.SearchStrategy[Rule]:
    """One rule of a kind; limits are all H, so that any set of them compiles."""
    name = f"rule-{number}"
    return st.one_of(
        st.builds(
            Limit,
            id=st.just(name),
            tag=st.just(ANALOG[number % 3]),
            kind=st.just("H"),
            set_point=st.sampled_from([20.0, 50.0]),
            dead_band=st.sampled_from([0.0, 5.0]),
            delays=delays,
        ),
        st.builds(
            Rose,
            id=st.just(name),
            tag=st.sampled_from(ANALOG),
            by=st.sampled_from([1.0, 10.0]),
            window_ns=st.sampled_from([4 * SECOND, 8 * SECOND]),
            hold_ns=st.sampled_from([SECOND, 5 * SECOND]),
            delays=delays,
        ),
        st.builds(NoUpdate, id=st.just(name), tag=st.sampled_from(ANALOG), after_ns=st.just(2 * SECOND), delays=delays),
        st.builds(
            DiscreteState,
            id=st.just(name),
            tag=st.sampled_from(SWITCHES),
            abnormal_state=st.integers(0, 1),
            delays=delays,
        ),
        st.builds(Bypassed, id=st.just(name), bits=st.just((("XV-1", 1), ("XV-2", 0))), delays=delays),
    )


def rule_lists(least: int = 1) -> st.SearchStrategy[list[Rule]]:
    """Rules of which at most one is a limit for each tag."""
    return (
        st.integers(least, 7)
        .flatmap(lambda count: st.tuples(*(rule(number) for number in range(count))))
        .map(lambda rules: [item for place, item in enumerate(rules) if place < 3 or not isinstance(item, Limit)])
        .filter(lambda rules: len(rules) >= least)
    )


@dataclass(frozen=True)
class Sweep:
    """What is read `after_ns` after the last sweep: (value, quality) of each tag that answers."""

    after_ns: int
    readings: dict[str, tuple[float, int]]


_analog = st.tuples(st.sampled_from([0.0, 14.0, 20.0, 21.0, 47.0, 50.0, 51.0, 90.0]), st.sampled_from([0, 0, 0, 1, 2]))
_switch = st.tuples(st.sampled_from([0.0, 1.0]), st.sampled_from([0, 0, 0, 2]))
sweeps = st.lists(
    st.builds(
        Sweep,
        after_ns=st.sampled_from([0, SECOND // 2, SECOND, SECOND, 3 * SECOND]),
        readings=st.fixed_dictionaries({}, optional=dict.fromkeys(ANALOG, _analog) | dict.fromkeys(SWITCHES, _switch)),
    ),
    min_size=1,
    max_size=12,
)


def snapshots(history: Sequence[Sweep], start_ns: int, of: TagTable = PLANT) -> Iterator[Snapshot]:
    """The plant after each sweep; a tag that does not answer stays as it was."""
    now_ns = start_ns
    last: dict[str, tuple[float, int, int]] = {}
    for sweep in history:
        now_ns += sweep.after_ns
        last |= {name: (value, quality, now_ns) for name, (value, quality) in sweep.readings.items()}
        yield snapshot(of, now_ns, last)


@dataclass
class Run:
    """A rule set with its memory on its way through a history."""

    rule_set: RuleSet
    memory: Memory

    def sweep(self, seen: Snapshot) -> dict[str, tuple[int, int]]:
        """(verdict, condition) by rule id."""
        verdicts, self.memory = evaluate(self.rule_set, seen, self.memory, seen.mono_ns)
        pairs = zip(verdicts.verdict.tolist(), verdicts.condition.tolist(), strict=True)
        return dict(zip(verdicts.ids, pairs, strict=True))
