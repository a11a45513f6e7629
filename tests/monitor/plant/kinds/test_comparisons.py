"""deviation and mismatch of rules.toml."""

from pathlib import Path

import pytest

from rules.catalog import Delays
from rules.kinds.comparisons import Deviation
from rules.kinds.mismatches import Mismatch, expected, follows, limit_switches
from tests.monitor.plant.kinds.folders import RuleFolder

SECOND = 1_000_000_000
DEVIATION = 'kind = "deviation"\ntag = "LT-101A"\nagainst = "LT-101B"\nlimit = 0.3'
MISMATCH = 'kind = "mismatch"\nopen = "XV-101I.OPEN"\nclosed = "XV-101I.CLOSED"\nwithin_s = 20'
EXPECT = (
    'kind = "mismatch"\nwhen = [["P-101.RUN", 1]]\nexpect = [["XV-101O.OPEN", 1], ["XV-101O.CLOSED", 0]]\nwithin_s = 10'
)


@pytest.fixture
def folder(tmp_path: Path) -> RuleFolder:
    return RuleFolder(tmp_path)


def test_a_deviation(folder: RuleFolder) -> None:
    rule, definition = folder.read(f"{DEVIATION}\ndead_band = 0.1\ndirection = 'above'\non_delay_s = 30")
    assert rule == Deviation(
        id="x",
        tag="LT-101A",
        against=("LT-101B",),
        limit=0.3,
        direction="above",
        dead_band=0.1,
        delays=Delays(on_delay_ns=30 * SECOND),
    )
    assert (definition.kind, definition.eu, definition.set_point) == ("deviation", "m", 0.3)


def test_a_deviation_from_a_median_in_percent_of_the_narrowest_range(folder: RuleFolder) -> None:
    text = 'kind = "deviation"\ntag = "LT-101A"\nagainst = ["LT-102A", "LT-201A", "LT-103A"]\nlimit_percent = 5'
    rule, _ = folder.read(text)
    assert isinstance(rule, Deviation)
    assert rule.limit == pytest.approx(0.6)  # of 12 m, not of the 12.3 m of LT-201A
    assert rule.against == ("LT-102A", "LT-201A", "LT-103A")


def test_the_three_ways_to_write_a_mismatch(folder: RuleFolder) -> None:
    rule, definition = folder.read(MISMATCH)
    delays = Delays(on_delay_ns=20 * SECOND)
    assert rule == Mismatch(id="x", wrong=limit_switches("XV-101I.OPEN", "XV-101I.CLOSED"), delays=delays)
    assert definition.on_delay_ns == 20 * SECOND
    assert definition.tag == "XV-101I.CLOSED"
    commanded = 'kind = "mismatch"\ncommand = "P-101.RUN"\nfeedback = "XV-101O.CLOSED"\nfeedback_when_commanded = 0\nwithin_s = 0'
    rule, _ = folder.read(commanded)
    assert rule == Mismatch(id="x", wrong=follows("P-101.RUN", "XV-101O.CLOSED", 0))
    rule, _ = folder.read(EXPECT)
    assert isinstance(rule, Mismatch)
    assert rule.wrong == expected((("P-101.RUN", 1),), (("XV-101O.OPEN", 1), ("XV-101O.CLOSED", 0)))


@pytest.mark.parametrize(
    ("rule", "key", "words"),
    [
        (DEVIATION.replace("LT-101B", "LT-101Z"), "against", "did you mean"),
        (DEVIATION.replace("LT-101B", "LT-101A"), "against", "itself"),
        (DEVIATION.replace("LT-101B", "PT-101"), "against", "one unit is needed"),
        (DEVIATION.replace('"LT-101B"', "[]"), "against", "must list 1 to 16 tags"),
        (DEVIATION.replace('"LT-101B"', '["LT-101B", "LT-101B"]'), "against", "stands twice"),
        (DEVIATION.replace("limit = 0.3", "limit = 0"), "limit", "more than 0"),
        (DEVIATION.replace("limit = 0.3", ""), "limit", "exactly one"),
        (f"{DEVIATION}\nlimit_percent = 5", "limit", "exactly one"),
        (f"{DEVIATION}\ndead_band = 0.3", "dead_band", "must be less than 0.3"),
        (f"{DEVIATION}\ndirection = 'up'", "direction", "one of both, above, below"),
        (f"{DEVIATION}\nset_point = 3", "set_point", "unknown key"),
        (MISMATCH.replace("within_s = 20", ""), "within_s", "must be given"),
        (MISMATCH.replace("within_s = 20", "within_s = -1"), "within_s", "from 0 to 3600"),
        (f"{MISMATCH}\non_delay_s = 3", "on_delay_s", "as within_s"),
        (MISMATCH.replace("XV-101I.CLOSED", "XV-101I.OPEN"), "closed", "the tag of open already"),
        (MISMATCH.replace("XV-101I.CLOSED", "LT-101A"), "closed", "must be discrete"),
        (MISMATCH.replace('closed = "XV-101I.CLOSED"\n', ""), "closed", "must be given"),
        (f'{MISMATCH}\ncommand = "P-101.RUN"', "expect", "exactly one of them"),
        ('kind = "mismatch"\nwithin_s = 1', "expect", "exactly one of them"),
        (f'{MISMATCH}\nwhen = [["P-101.RUN", 1]]', "when", "goes with expect only"),
        (f"{MISMATCH}\nfeedback_when_commanded = 1", "feedback_when_commanded", "goes with command only"),
        (EXPECT.replace('"XV-101O.CLOSED", 0', '"XV-101O.CLOSED", 2'), "expect", "is 0 or 1, not 2"),
        (EXPECT.replace('"XV-101O.CLOSED", 0', '"XV-101O.CLOSED", true'), "expect", "is 0 or 1, not True"),
        (EXPECT.replace('["XV-101O.CLOSED", 0]', '"XV-101O.CLOSED"'), "expect", "list of [tag, state]"),
        (EXPECT.replace("XV-101O.CLOSED", "XV-101O.OPEN"), "expect", "stands twice"),
        (EXPECT.replace("XV-101O.CLOSED", "P-101.RUN"), "expect", "stands in when already"),
        (EXPECT.replace("XV-101O.CLOSED", "LT-101A"), "expect", "must be discrete"),
        (EXPECT.replace("XV-101O.CLOSED", "XV-101O.CLOSE"), "expect", "did you mean"),
    ],
)
def test_mistakes(folder: RuleFolder, rule: str, key: str, words: str) -> None:
    found, told, line = folder.one(rule)
    assert found == key
    assert words in told
    assert line >= 1
