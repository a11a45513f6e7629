"""A shadow folder: rules that are judged beside the live ones; read at the start, and again when its files change."""

import asyncio
import logging
from pathlib import Path
from typing import Final

from drivers import registry
from monitor.plant.folder import RULE_FILES, fingerprint, read_plant
from monitor.plant.mistakes import Mistake, PlantRefusedError
from monitor.plant.plant import Plant
from monitor.scan.shadow import Shadow, ShadowPlan
from rules.compile import compile_rules

LOG = logging.getLogger(__name__)
LOOK_EVERY_S: Final = 5.0
MISTAKES_TOLD: Final = 5


def read_shadow(plant: Plant, folder: Path, shadow: Path) -> ShadowPlan:
    """The rules of a shadow folder over the tags of the plant that runs; a file it does not have is the plant's own.

    :raises PlantRefusedError: with every mistake, or because it has no rules or the tags are not those that run.
    """
    if not any((shadow / name).is_file() for name in RULE_FILES):
        names = ", ".join(sorted(RULE_FILES))
        raise _refused(shadow, f"影子文件夹里没有 {names} 中的任何一个", f"the shadow folder has none of {names}")
    checked = read_plant(folder, registry, rules_from=shadow).plant
    if checked.tags.tags != plant.tags.tags:
        raise _refused(
            folder / "tags.csv",
            "测点与正在运行的不同；请先重启服务",
            "the tags are not those that run; restart the service first",
        )
    return ShadowPlan(
        folder=str(shadow), fingerprint=checked.fingerprint, rule_set=compile_rules(checked.rules, plant.tags)
    )


async def watch_shadow(plant: Plant, folder: Path, shadow: Shadow) -> None:
    """Read the shadow folder again whenever its files change, until cancelled."""
    path, seen = Path(shadow.state.folder), shadow.state.fingerprint
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        found = await asyncio.to_thread(fingerprint, folder, path)
        if found == seen:
            continue
        seen = found
        try:
            changed = await asyncio.to_thread(read_shadow, plant, folder, path)
        except (PlantRefusedError, OSError) as error:
            zh, en = _told(error, "zh"), _told(error, "en")
            LOG.warning("the changed shadow rules are not used: %s", en)
            shadow.refuse(zh, en)
        else:
            LOG.info("the shadow rules were read again")
            shadow.replace(changed)


def _told(error: PlantRefusedError | OSError, language: str) -> str:
    if isinstance(error, OSError):
        return str(error)
    wrong = [mistake for mistake in error.mistakes if mistake.severity == "error"]
    more = f" … +{len(wrong) - MISTAKES_TOLD}" if len(wrong) > MISTAKES_TOLD else ""
    return "; ".join(mistake.text(language) for mistake in wrong[:MISTAKES_TOLD]) + more


def _refused(path: Path, zh: str, en: str) -> PlantRefusedError:
    return PlantRefusedError((Mistake(file=str(path), line=0, column="", zh=zh, en=en),))
