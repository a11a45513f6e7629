"""The benchmark itself, with counts too small for a figure: every process, every stage, every name."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.benchmarks import __main__ as command
from tests.benchmarks import pipeline
from tests.benchmarks.figures import show

WANTED = {
    "pipeline.decision_p99_ms_300",
    "pipeline.decision_p99_ms_10000",
    "pipeline.core_p99_ms",
    "pipeline.cpu_percent",
    "pipeline.rss_mb",
    "pipeline.loop_lag_p99_ms",
    "pipeline.scan_overruns",
    "pipeline.restart_s",
    "pipeline.missed",
}
SMALL = pipeline.Size(rounds=1, alarms=6, seconds=1.5, devices=2, consoles=2, restarts=1)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_the_pipeline_runs_and_names_its_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures, notes = await asyncio.to_thread(pipeline.run, SMALL)  # the guards of asynchronous tests watch it too
    await asyncio.to_thread(show, figures, notes, tmp_path / "bench.json")
    printed = capsys.readouterr().out.strip().splitlines()
    values = json.loads(printed[-1])
    assert set(values) >= WANTED
    assert values["pipeline.missed"] == 0
    assert values["pipeline.decisions"] == 2 * 2 * SMALL.alarms
    for name in (
        "decision_p99_ms_300",
        "decision_p99_ms_10000",
        "core_p99_ms",
        "core_p99_ms_300",
        "restart_s",
        "rss_mb",
    ):
        assert values[f"pipeline.{name}"] > 0, name
    # the tags of this run are named, whatever the figure is called
    assert any("1000 tags" in note for note in notes)
    assert json.loads((tmp_path / "bench.json").read_text())["figures"] == values


def test_an_unknown_benchmark_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["no-such"]) == 2
    said = capsys.readouterr().err
    assert "no-such" in said
    assert "pipeline" in said
