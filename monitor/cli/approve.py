"""`redline approve`: a named person approves what the plant folder says; the journal keeps it."""

import asyncio
import sys
from pathlib import Path
from typing import Final

from monitor.alarms.drift import approval_entry
from monitor.alarms.identity import definition_hash
from monitor.cli.check import read_or_explain
from monitor.clock import SystemClock
from monitor.settings import Settings
from monitor.store.errors import JournalRefusedError
from monitor.store.journal import open_journal

WORDS: Final = {
    "zh": {
        "person": "plant.toml 中没有人员 {}",
        "reason": "必须说明理由：--reason",
        "done": "{} 已批准 {} 条报警定义（{}）。服务下次启动后据此比较。",
    },
    "en": {
        "person": "there is no person {} in plant.toml",
        "reason": "a reason must be given: --reason",
        "done": "{} approved {} alarm definitions ({}). The service compares with them from its next start on.",
    },
}


def approve_folder(folder: Path, person: str, reason: str, state: Path | None, language: str) -> int:
    """Write the approval of a plant folder into the journal, while the service is stopped; returns the exit code."""
    words = WORDS[language]
    checked = read_or_explain(folder, language)
    if checked is None:
        return 1
    plant = checked.plant
    names = {item.id: item.name_zh if plant.language == "zh" else item.name_en for item in plant.persons}
    if person not in names or not reason.strip():
        print(words["reason"] if person in names else words["person"].format(person), file=sys.stderr)
        return 1
    clock = SystemClock()
    entry = approval_entry(
        hashes={definition.id: definition_hash(definition) for definition in plant.definitions},
        fingerprint=plant.fingerprint,
        person=person,
        person_name=names[person],
        reason=reason.strip(),
        wall_ns=clock.wall_ns(),
    )
    settings = Settings() if state is None else Settings(state_dir=state)

    async def record() -> None:
        async with open_journal(settings.state_dir, plant.id, settings, clock) as journal:
            await journal.record(entry)

    try:
        asyncio.run(record())
    except JournalRefusedError as refused:
        print(refused.message_zh if language == "zh" else refused.message_en, file=sys.stderr)
        return 1
    print(words["done"].format(names[person], len(plant.definitions), reason.strip()))
    return 0
