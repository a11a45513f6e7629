"""The benchmark itself, with counts too small for a figure: every process, every stage, every name."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.benchmarks import __main__ as command
from tests.benchmarks import alarms, interlocks, modbus, pipeline
from tests.benchmarks.figures import show

WANTED = {
    "pipeline.decision_p99_ms_300",
    "pipeline.decision_p99_ms_10000",
    "pipeline.core_p99_ms",
    "pipeline.cpu_percent",
    "pipeline.rss_mb",
    "pipeline.loop_lag_p99_ms",
    "pipeline.durable_p99_ms",
    "pipeline.told_p99_ms",
    "pipeline.disk_sync_p99_ms",
    "pipeline.scan_overruns",
    "pipeline.restart_s",
    "pipeline.missed",
}
SMALL = pipeline.Size(rounds=1, alarms=6, seconds=1.5, devices=2, consoles=2, restarts=1, settle_s=1.0)


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


ALARMS_WANTED = {
    "alarms.burst_x_single_commits",
    "alarms.transitions_per_s",
    "alarms.fsyncs_per_s",
    "alarms.ack_p99_ms",
    "alarms.restart_s",
    "alarms.board_load_s",
    "alarms.ack_decided_p99_ms",
    "alarms.ack_disk_sync_p99_ms",
    "alarms.flood_p99_ms",
}
FEW = alarms.Size(
    burst=400,
    singles=50,
    bursts=3,
    devices=1,
    journal_rows=2_000,
    restarts=1,
    acknowledgements=6,
    flood=40,
    floods=1,
    settle_s=1.0,
)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_the_alarms_run_and_name_their_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures, notes = await asyncio.to_thread(alarms.run, FEW)
    await asyncio.to_thread(show, figures, notes, tmp_path / "bench.json")
    values = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert set(values) >= ALARMS_WANTED
    assert all(values[name] > 0 for name in ALARMS_WANTED), values
    assert values["alarms.flood_missed"] == values["alarms.flood_unseen"] == 0
    methods = {figure.name: figure.method for figure in figures}
    assert methods["alarms.board_load_s"].startswith("500 active alarms, 2000 journal rows"), "what was really there"
    assert methods["alarms.ack_p99_ms"].endswith("5 times")


INTERLOCKS_WANTED = {"interlocks.evaluate_ms", "interlocks.scan_ms", "interlocks.bypass_alarm_p99_ms"}


@pytest.mark.slow
@pytest.mark.timeout(200)
async def test_the_interlocks_run_and_name_their_figures() -> None:
    few = interlocks.Size(interlocks=50, warm_up=2, sweeps=5, bypasses=8, gap_s=0.4, consoles=1, settle_s=1.0)
    figures, notes = await asyncio.to_thread(interlocks.run, few)
    values = {figure.name: figure.value for figure in figures}
    assert set(values) >= INTERLOCKS_WANTED
    assert all(values[name] > 0 for name in INTERLOCKS_WANTED), values
    assert values["interlocks.bypass_missed"] == 0
    methods = {figure.name: figure.method for figure in figures}
    assert methods["interlocks.bypass_alarm_p99_ms"].startswith("8 bypass bits"), "what was really written"
    assert notes


MODBUS_WANTED = {
    "modbus.cpu_x_pymodbus",
    "modbus.cpu_vs_libmodbus",
    "modbus.fleet_tx_s",
    "modbus.fleet_p99_ms",
    "modbus.fleet_tx_s_pymodbus",
    "modbus.fleet_p99_ms_pymodbus",
    "modbus.decode_x_pymodbus",
    "modbus.requests_vs_naive",
}


@pytest.mark.slow
@pytest.mark.timeout(200)
async def test_modbus_runs_and_names_its_figures() -> None:
    few = modbus.Size(rounds=1, transactions=200, devices=5, fleet_rounds=1, fleet_s=0.5, decodes=5)
    figures, notes = await asyncio.to_thread(modbus.run, few)
    values = {figure.name: figure.value for figure in figures}
    assert set(values) >= MODBUS_WANTED
    assert all(values[name] > 0 for name in MODBUS_WANTED), values
    assert values["modbus.requests_vs_naive_filled"] > values["modbus.requests_vs_naive"] > 1
    methods = {figure.name: figure.method for figure in figures}
    assert methods["modbus.fleet_tx_s"].endswith("500 asked for"), "what was really asked"
    assert any("5 devices" in note for note in notes)


def test_an_unknown_benchmark_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["no-such"]) == 2
    said = capsys.readouterr().err
    assert "no-such" in said
    assert "pipeline" in said
