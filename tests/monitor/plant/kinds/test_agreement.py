"""disagreement, drift, voting and vote_degraded of rules.toml."""

from pathlib import Path

import pytest

from rules.kinds.disagreement import Disagreement
from rules.kinds.drift import Drift
from rules.kinds.votes_left import VoteDegraded
from rules.kinds.voting import Voter, Voting
from tests.monitor.plant.kinds.folders import RuleFolder

SECOND = 1_000_000_000
DISAGREEMENT = 'kind = "disagreement"\ntags = ["PT-201A", "PT-201B", "PT-201C"]\ntolerance = 0.05'
DRIFT = 'kind = "drift"\ntag = "LT-201A"\nothers = ["LT-201B"]\ntolerance = 0.1'
VOTING = 'kind = "voting"\ntags = ["PT-201A", "PT-201B", "PT-201C"]\nvote = "2oo3"\nlimit = "high"\nset_point = 1.6'
OWN = (
    'kind = "voting"\nvote = "1oo2"\nvoters = [{ tag = "LT-201A", limit = "high", set_point = 10, dead_band = 0.2 },'
    ' { tag = "LSHH-201", set_point = 1 }]'
)
LEFT = 'kind = "vote_degraded"\ntags = ["PT-201A", "LSHH-201"]'


@pytest.fixture
def folder(tmp_path: Path) -> RuleFolder:
    return RuleFolder(tmp_path)


def test_a_disagreement_in_units_or_percent_of_the_range(folder: RuleFolder) -> None:
    names = ("PT-201A", "PT-201B", "PT-201C")
    rule, definition = folder.read(f"{DISAGREEMENT}\ndead_band = 0.01")
    assert rule == Disagreement(id="x", tags=names, tolerance=0.05, dead_band=0.01)
    assert (definition.tag, definition.eu, definition.set_point, definition.latch) == ("PT-201A", "MPa", 0.05, False)
    rule, _ = folder.read(DISAGREEMENT.replace("tolerance = 0.05", "tolerance_percent = 2"))
    assert isinstance(rule, Disagreement) and rule.tolerance == pytest.approx(0.05)


def test_a_drift_has_an_hour_unless_told(folder: RuleFolder) -> None:
    rule, _ = folder.read(DRIFT)
    assert rule == Drift(id="x", tag="LT-201A", others=("LT-201B",), tolerance=0.1, window_ns=3600 * SECOND)
    rule, _ = folder.read(f"{DRIFT}\nwindow_s = 600\ncoverage = 0.8\ndead_band = 0.02")
    assert isinstance(rule, Drift)
    assert (rule.window_ns, rule.least_coverage, rule.dead_band) == (600 * SECOND, 0.8, 0.02)


@pytest.mark.parametrize(
    ("degrade", "degraded"),
    [
        ("", (1, 1)),
        ('\ndegrade = ["1oo2", "1oo1"]', (1, 1)),
        ('\ndegrade = ["2oo2"]', (2,)),
        ('\ndegrade = ["1oo2", "trip"]', (1, 0)),
        ("\ndegrade = []", ()),
    ],
)
def test_a_vote_and_how_it_degrades(folder: RuleFolder, degrade: str, degraded: tuple[int, ...]) -> None:
    rule, definition = folder.read(VOTING + degrade)
    voters = tuple(Voter(tag=name, side="high", set_point=1.6) for name in ("PT-201A", "PT-201B", "PT-201C"))
    assert rule == Voting(id="x", voters=voters, needed=2, degraded=degraded)
    assert (definition.kind, definition.tag, definition.set_point) == ("voting", "PT-201A", 2.0)


def test_voters_with_limits_of_their_own(folder: RuleFolder) -> None:
    rule, _ = folder.read(OWN)
    assert isinstance(rule, Voting) and rule.needed == 1 and rule.degraded == (1,)
    assert rule.voters == (
        Voter(tag="LT-201A", side="high", set_point=10.0, dead_band=0.2),
        Voter(tag="LSHH-201", side="high", set_point=1.0),
    )
    rule, _ = folder.read(LEFT)
    assert rule == VoteDegraded(id="x", tags=("PT-201A", "LSHH-201"))


@pytest.mark.parametrize(
    ("rule", "key", "words"),
    [
        (DISAGREEMENT.replace("PT-201C", "PT-201X"), "tags", "did you mean"),
        (DISAGREEMENT.replace("PT-201C", "PT-201A"), "tags", "stands twice"),
        (DISAGREEMENT.replace("PT-201C", "LSHH-201"), "tags", "must be analog"),
        (DISAGREEMENT.replace("PT-201C", "LT-201A"), "tags", "one unit is needed"),
        (DISAGREEMENT.replace(', "PT-201B", "PT-201C"', ""), "tags", "must list 2 to 3 tags"),
        (DISAGREEMENT.replace('["PT-201A", "PT-201B", "PT-201C"]', '"PT-201A"'), "tags", "must be a list"),
        (DISAGREEMENT.replace("tolerance = 0.05", ""), "tolerance", "exactly one"),
        (f"{DISAGREEMENT}\ntolerance_percent = 2", "tolerance", "exactly one"),
        (DISAGREEMENT.replace("0.05", "0"), "tolerance", "more than 0"),
        (f"{DISAGREEMENT}\ndead_band = 0.05", "dead_band", "less than 0.05"),
        (f"{DISAGREEMENT}\nwindow_s = 5", "window_s", "unknown key"),
        (DRIFT.replace('"LT-201B"', '"LT-201A"'), "others", "cannot be compared with itself"),
        (DRIFT.replace('"LT-201B"', '"PT-201A"'), "others", "one unit is needed"),
        (f"{DRIFT}\nwindow_s = 10", "window_s", "too short"),
        (f"{DRIFT}\ncoverage = 2", "coverage", "from 0.01 to 1"),
        (VOTING.replace("2oo3", "2oo2"), "vote", "is for 2 instruments, there are 3"),
        (VOTING.replace("2oo3", "4oo3"), "vote", "must be written like 2oo3"),
        (VOTING.replace("high", "up"), "limit", "one of high, low"),
        (VOTING.replace("1.6", "16"), "set_point", "outside the range"),
        (VOTING.replace("PT-201C", "LSHH-201"), "tags", "share no limit"),
        (f'{VOTING}\ndegrade = ["2oo3"]', "degrade", "is for 3 instruments, there are 2"),
        (f'{VOTING}\ndegrade = ["1oo2", "2oo1"]', "degrade", "must be written like 2oo3"),
        (
            VOTING.replace('vote = "2oo3"', 'vote = "1oo3"') + '\ndegrade = ["2oo2"]',
            "degrade",
            "must not make the vote harder",
        ),
        (VOTING.replace("tags =", "tag ="), "voters", "exactly one of them"),
        (
            OWN.replace("LSHH-201", "LT-201A").replace("set_point = 1 ", 'limit = "high", set_point = 1 '),
            "voters",
            "one vote",
        ),
        (OWN.replace("set_point = 1 ", "set_point = 2 "), "voters[1].set_point", "must be 0 or 1"),
        (OWN.replace("dead_band", "deadband"), "voters[0].deadband", "unknown key"),
        (LEFT.replace(', "LSHH-201"', ""), "tags", "must list 2 to 8 tags"),
    ],
)
def test_mistakes_with_their_line(folder: RuleFolder, rule: str, key: str, words: str) -> None:
    found = folder.mistakes(rule)
    text = (folder.path / "rules.toml").read_text(encoding="utf-8").splitlines()
    mistake = next(item for item in found if words in item.en)
    assert mistake.column.removeprefix("rules.") == key
    name = key.partition("[")[0]
    assert text[mistake.line - 1].startswith((name, "[[rules]]"))
