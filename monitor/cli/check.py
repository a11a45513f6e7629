"""`redline check`: what an engineer reads about a plant folder."""

import sys
from pathlib import Path

from drivers import registry
from monitor.clock import SystemClock
from monitor.plant.device_files import check_device_files
from monitor.plant.folder import Checked, read_plant
from monitor.plant.mistakes import Mistake, PlantRefusedError


def check_folder(folder: Path, language: str) -> int:
    """Print every mistake and warning of a plant folder; 0 when it may run, 1 when it is refused."""
    checked = read_or_explain(folder, language, check_device_files(folder, registry, SystemClock().wall_ns()))
    if checked is None:
        return 1
    plant = checked.plant
    counts = (len(plant.tags), len(plant.rules), len(plant.interlocks), len(plant.devices), len(plant.hazard_sources))
    words = {
        "zh": "{}：检查通过。位号 {}，报警规则 {}，联锁 {}，设备 {}，重大危险源 {}",
        "en": "{}: good. {} tags, {} alarm rules, {} interlocks, {} devices, {} hazard sources",
    }[language]
    print(words.format(folder, *counts))
    return 0


def read_or_explain(folder: Path, language: str, beside: tuple[Mistake, ...] = ()) -> Checked | None:
    """Read a plant folder; None after every mistake was printed on standard error, with those found `beside` it."""
    checked = None
    try:
        checked = read_plant(folder, registry)
        mistakes = (*checked.warnings, *beside)
    except PlantRefusedError as refused:
        mistakes = (*refused.mistakes, *beside)
    explain(mistakes, language)
    errors = sum(mistake.severity == "error" for mistake in mistakes)
    if errors:
        words = {"zh": f"{folder}：{errors} 处错误，未通过", "en": f"{folder}: refused, {errors} mistakes"}
        print(words[language], file=sys.stderr)
        return None
    return checked


def explain(mistakes: tuple[Mistake, ...], language: str) -> None:
    """Print mistakes on standard error."""
    for mistake in mistakes:
        print(mistake.text(language), file=sys.stderr)
