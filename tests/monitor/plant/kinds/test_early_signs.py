"""cusum, variance, load_cut and stop of rules.toml."""

from pathlib import Path

import pytest

from drivers import registry
from monitor.plant.folder import read_plant
from rules.kinds.cusum import Cusum
from rules.kinds.first_out import Cause
from rules.kinds.load_cuts import LoadCut
from rules.kinds.stops import Stop
from rules.kinds.variance import Variance
from tests.monitor.plant.kinds.folders import RuleFolder

SECOND = 1_000_000_000
CUSUM = 'kind = "cusum"\ntag = "PT-201A"'
VARIANCE = 'kind = "variance"\ntag = "PT-201A"'
CUT = 'kind = "load_cut"\ntag = "FT-100"\ndrop_percent = 30'
STOP = 'kind = "stop"\ntag = "FT-100"\nthreshold = 5'
CAUSES = 'causes = [{ tag = "P-101.RUN", state = 0 }, { tag = "PT-100", low = 0.2 }]'


@pytest.fixture
def folder(tmp_path: Path) -> RuleFolder:
    return RuleFolder(tmp_path)


def test_a_cusum_with_defaults_and_in_units(folder: RuleFolder) -> None:
    rule, definition = folder.read(CUSUM)
    assert isinstance(rule, Cusum) and rule.least_sigma == pytest.approx(0.00125)
    assert rule == Cusum(id="x", tag="PT-201A", least_sigma=rule.least_sigma)
    assert (definition.eu, definition.set_point) == ("σ", 10.0)
    rule, definition = folder.read(
        f'{CUSUM}\nunit = "eu"\ntarget = 0.8\nslack = 0.01\ndecision = 0.1\nsample_s = 10\nreset = "none"\n'
        'reset_tag = "P-201.RUN"\nreset_state = 0'
    )
    assert isinstance(rule, Cusum)
    assert (rule.sigma, rule.target, rule.slack, rule.decision) == (1.0, 0.8, 0.01, 0.1)
    assert (rule.capped, rule.reset_tag, rule.reset_state, rule.silence_ns) == (False, "P-201.RUN", 0, 30 * SECOND)
    assert definition.eu == "MPa"


def test_a_cusum_that_would_cry_wolf_is_a_warning(folder: RuleFolder) -> None:
    folder.write(f"{CUSUM}\nsample_s = 1\ndecision = 5")
    warnings = read_plant(folder.path, registry).warnings
    assert any("raises it about every 0.1 h" in item.en and item.column == "rules.decision" for item in warnings)


def test_a_variance(folder: RuleFolder) -> None:
    rule, definition = folder.read(f"{VARIANCE}\nratio = 9\nwindow_s = 300\nreference_sigma = 0.01\ndead_band = 2")
    assert isinstance(rule, Variance)
    assert (rule.ratio, rule.dead_band, rule.window_ns, rule.reference_sigma) == (9.0, 2.0, 300 * SECOND, 0.01)
    assert definition.set_point == 9.0


def test_a_cut_and_a_stop_know_the_time_base_of_their_flow(folder: RuleFolder) -> None:
    rule, definition = folder.read(f"{CUT}\nwithin_s = 30\nreference_s = 300\n{CAUSES}\nclock_skew_s = 0.1")
    assert isinstance(rule, LoadCut)
    assert (rule.within_ns, rule.reference_ns, rule.skew_ns) == (30 * SECOND, 300 * SECOND, SECOND // 10)
    assert (rule.per_ns, rule.quantity_eu) == (3600 * SECOND, "m3")
    assert rule.causes == (Cause(tag="P-101.RUN", state=0), Cause(tag="PT-100", low=0.2))
    assert (definition.eu, definition.set_point) == ("%", 30.0)
    rule, definition = folder.read(f"{STOP}\nafter_s = 10\ndead_band = 5\n{CAUSES}")
    assert isinstance(rule, Stop)
    assert (rule.threshold, rule.after_ns, rule.per_ns, rule.quantity_eu) == (5.0, 10 * SECOND, 3600 * SECOND, "m3")
    rule, _ = folder.read('kind = "stop"\ntag = "IT-201"\nthreshold = 5\nper_s = 60')
    assert isinstance(rule, Stop) and (rule.per_ns, rule.quantity_eu) == (60 * SECOND, "A")


@pytest.mark.parametrize(
    ("rule", "key", "words"),
    [
        (CUSUM.replace("PT-201A", "P-201.RUN"), "tag", "must be analog"),
        (f'{CUSUM}\nunit = "eu"', "decision", "give slack and decision"),
        (f"{CUSUM}\ndecision = 0", "decision", "give slack and decision"),
        (f"{CUSUM}\nsigma = 0", "sigma", "more than 0"),
        (f"{CUSUM}\nslack = -1", "slack", "must be from 0"),
        (f"{CUSUM}\nsample_s = 0.1", "sample_s", "must be from 1"),
        (f"{CUSUM}\nsilence_s = 60", "silence_s", "must be from 120"),
        (f"{CUSUM}\nlearn_samples = 1", "learn_samples", "must be from 2"),
        (f'{CUSUM}\nreset = "zero"', "reset", "one of cap, none"),
        (f'{CUSUM}\nreset_tag = "PT-201B"', "reset_tag", "must be discrete"),
        (f"{VARIANCE}\nratio = 1", "ratio", "more than 1"),
        (f"{VARIANCE}\nwindow_s = 5", "window_s", "too short"),
        (f"{VARIANCE}\ndead_band = 4", "dead_band", "less than 4"),
        (f"{VARIANCE}\nlearn_windows = 0", "learn_windows", "must be from 1"),
        (CUT.replace("30", "100"), "drop_percent", "must be from"),
        (CUT.replace("drop_percent = 30", ""), "drop_percent", "must be given"),
        (f"{CUT}\ndead_band = 30", "dead_band", "less than 30"),
        (f"{CUT}\naccept_after_s = 60", "accept_after_s", "must be from 660"),
        (f"{CUT}\nreference_s = 5", "reference_s", "too short"),
        (CUT.replace("FT-100", "PT-201A"), "per_s", "give its time base"),
        (STOP.replace("= 5", "= 0"), "threshold", "must be above the low end 0"),
        (f'{STOP}\ncauses = [{{ tag = "P-101.RUN" }}]', "causes[0].state", "give state"),
        (f'{STOP}\ncauses = [{{ tag = "PT-100" }}]', "causes[0].low", "give low or high"),
        (f'{STOP}\ncauses = [{{ tag = "PT-100", low = 2, high = 1 }}]', "causes[0].low", "low below high"),
        (f'{STOP}\ncauses = [{{ tag = "PT-10", low = 2 }}]', "causes[0].tag", "did you mean PT-10"),
        (f'{STOP}\ncauses = [{{ tag = "PT-100", under = 2 }}]', "causes[0].under", "unknown key"),
        (f"{STOP}\n{CAUSES}".replace("PT-100", "P-101.RUN").replace("low = 0.2", "state = 1"), "causes", "twice"),
    ],
)
def test_mistakes(folder: RuleFolder, rule: str, key: str, words: str) -> None:
    found = folder.mistakes(rule)
    assert any(item.column.removeprefix("rules.") == key and words in item.en for item in found), found
