"""What is beside Prometheus in the benchmark: the page it reads, the same alerts, a note where it is not installed."""

import urllib.request
from pathlib import Path

import pytest

from tests.benchmarks import prometheus
from tests.benchmarks.prometheus import FOR_S, Field, Redline, Size, figures


def test_without_the_program_there_is_a_note_and_no_figure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PROMETHEUS", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    measured, said = figures(Size(points=10))
    assert measured == []
    assert "apt-get install prometheus" in said[0]


def test_the_page_has_every_point_with_its_limits_and_is_served() -> None:
    plant = Field(30)
    values = plant.move(0.5)
    with (
        prometheus._exporter(plant) as port,
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer,
    ):
        lines = answer.read().decode().splitlines()
    told = dict(line.split(" ") for line in lines)
    assert len(told) == 30 * 5
    assert float(told['tank_level{tag="T7"}']) == pytest.approx(values[7], abs=1e-6)
    assert told['tank_limit_hh{tag="T29"}'] == "90"


def test_the_rule_engine_raises_what_stays_high_for_its_time() -> None:
    plant, ours = Field(200), Redline(200)
    plant.high[:] = False
    plant.high[[3, 150]] = True
    seen = []
    for _ in range(FOR_S + 2):
        assert ours.evaluate(plant.move(0.0)) > 0
        seen.append({name for name in ours.true if not name.endswith(".rate")})
    assert seen[0] == set()
    assert seen[-1] == {"T3.H", "T150.H"}


def test_a_program_that_ends_at_once_is_told_with_its_words(tmp_path: Path) -> None:
    program = tmp_path / "prometheus"
    program.write_text("#!/bin/sh\necho no such flag\nexit 3\n", encoding="utf-8")
    program.chmod(0o755)
    with pytest.raises(RuntimeError, match="no such flag"), prometheus._running(str(program), tmp_path, 9):
        pass


def test_its_own_metric_is_read() -> None:
    page = b'a 1\nprometheus_rule_group_last_duration_seconds{rule_group="/x/alerts.json;points"} 0.354\nb 2\n'
    found = prometheus._DURATION.search(page)
    assert found is not None and float(found[1]) == 0.354
