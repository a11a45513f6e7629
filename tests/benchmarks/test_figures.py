"""Percentiles, medians and what is printed."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmarks.figures import Figure, circumstances, median, of_runs, percentile, show


def test_percentiles_are_samples() -> None:
    hundred = [float(number) for number in range(100, 0, -1)]
    assert percentile(hundred, 99) == 99.0
    assert percentile(hundred, 50) == 50.0
    assert percentile(hundred, 100) == 100.0
    assert percentile([3.0], 99) == 3.0


def test_no_sample_is_no_figure() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        percentile([], 99)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300), st.floats(1, 100))
def test_at_least_so_many_samples_do_not_exceed_the_percentile(samples: list[float], percent: float) -> None:
    found = percentile(samples, percent)
    assert found in samples
    assert sum(sample <= found for sample in samples) >= percent / 100 * len(samples) - 1e-9
    smaller = [sample for sample in samples if sample < found]
    assert len(smaller) < percent / 100 * len(samples) + 1e-9


def test_a_figure_of_runs_is_their_median_and_keeps_them() -> None:
    assert median([9.0, 1.0, 5.0]) == 5.0
    figure = of_runs("x.y", [9.0, 1.0004, 5.0], "ms", "how")
    assert (figure.value, figure.runs) == (5.0, (9.0, 1.0, 5.0))


def test_the_last_line_is_json_and_the_file_tells_the_method(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bench.json"
    figures = [Figure(name="a.b", value=1.5, unit="ms", method="watched from outside", runs=(1.0, 1.5))]
    show(figures, ["two processes"], path)
    lines = capsys.readouterr().out.strip().splitlines()
    assert json.loads(lines[-1]) == {"a.b": 1.5}
    assert any("two processes" in line for line in lines)
    kept = json.loads(path.read_text())
    assert kept == {
        "figures": {"a.b": 1.5}, "notes": ["two processes"], "runs": {"a.b": [1.0, 1.5]},
        "methods": {"a.b": "watched from outside"},
    }  # fmt: skip


def test_the_circumstances_name_load_and_processors() -> None:
    said = circumstances()
    assert "CPUs" in said
    assert "load average" in said
