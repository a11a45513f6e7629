"""`redline run`: the service on one plant folder, and what it says when it cannot."""

import asyncio
import gc
import logging
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from monitor import logs
from monitor.api.listen import ListenError
from monitor.app.service import serve
from monitor.app.shadow import read_shadow
from monitor.cli.check import explain, read_or_explain
from monitor.notify.secret import SecretMissingError
from monitor.plant.mistakes import PlantRefusedError
from monitor.plant.plant import Plant
from monitor.scan.shadow import ShadowPlan
from monitor.settings import Settings
from monitor.store.errors import EXIT_DISK_FULL, DiskFullError, JournalRefusedError

LOG = logging.getLogger(__name__)
EXIT_PART_DIED: Final = 70


def run_service(folder: Path, given: Mapping[str, object], language: str, shadow: Path | None = None) -> int:
    """Check the plant and the shadow rules, then run until stopped; returns the exit code.

    0 stopped, 1 refused, 2 wrong use, 70 a part died, 74 and 75 as `monitor.store.errors` and `monitor.watchdog` say.
    """
    try:
        values: dict[str, Any] = dict(given)
        settings = Settings(**values)
    except ValidationError as error:
        for item in error.errors():
            name = "REDLINE_" + "_".join(str(part) for part in item["loc"]).upper()
            print(f"{name}: {item['msg']} ({item['input']!r})", file=sys.stderr)
        return 2
    gc.disable()  # nearly all that a start makes stays: looking through it again and again costs a fifth of the start
    try:
        checked = read_or_explain(folder, language)
        if checked is None:
            return 1
        plan = shadow_or_explain(checked.plant, folder, shadow, language) if shadow is not None else None
        if shadow is not None and plan is None:
            return 1
        logs.configure(settings.log_level)
        return _run(checked.plant, folder, settings, language, plan)
    finally:
        gc.enable()


def shadow_or_explain(plant: Plant, folder: Path, shadow: Path, language: str) -> ShadowPlan | None:
    """Read a shadow folder; None after every mistake was printed on standard error."""
    try:
        return read_shadow(plant, folder, shadow)
    except PlantRefusedError as refused:
        explain(refused.mistakes, language)
        errors = sum(mistake.severity == "error" for mistake in refused.mistakes)
        words = {
            "zh": f"影子规则 {shadow}：{errors} 处错误，未通过",
            "en": f"shadow rules {shadow}: refused, {errors} mistakes",
        }
        print(words[language], file=sys.stderr)
        return None


def _run(plant: Plant, folder: Path, settings: Settings, language: str, shadow: ShadowPlan | None) -> int:
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(serve(plant, folder, settings, shadow))
    except KeyboardInterrupt:
        return 0
    except (JournalRefusedError, ListenError) as refused:
        print(refused.message_zh if language == "zh" else refused.message_en, file=sys.stderr)
        return 1
    except (Exception, BaseExceptionGroup) as error:
        causes = list(_leaves(error))
        if any(isinstance(cause, DiskFullError) for cause in causes):
            LOG.critical(
                "the journal's disk is full: the last alarm is recorded, the service ends; free space and start it"
            )
            return EXIT_DISK_FULL
        missing = [cause for cause in causes if isinstance(cause, SecretMissingError)]
        if missing:
            print(missing[0], file=sys.stderr)
            return 1
        for cause in causes:
            LOG.critical("a part of the service died: %s", cause, exc_info=cause)
        return EXIT_PART_DIED
    return 0


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _loop_factory() -> Any:
    """uvloop where it is there, else the standard loop."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
