"""`redline backup` and `redline restore`: the journal, copied while the service runs and put back while it is stopped."""

import sys
from pathlib import Path

from monitor.clock import SystemClock
from monitor.store.backup import back_up, restore
from monitor.store.errors import JournalRefusedError
from monitor.version import VERSION


def run_backup(state: Path, target: Path, language: str, *, with_history: bool) -> int:
    """Copy and verify; 0 when the copy is whole and as it was written."""
    english = language == "en"
    try:
        manifest, findings = back_up(state, target, SystemClock().wall_ns(), VERSION, with_history=with_history)
    except JournalRefusedError as refused:
        return _refused(refused, english=english)
    first, last, short = manifest.first_seq, manifest.seq, manifest.hash[:16]
    if english:
        print(f"{target}: rows {first} to {last} of {manifest.plant}, hash {short}...")
    else:
        print(f"{target}：{manifest.plant} 的日志第 {first} 至 {last} 条，哈希 {short}…")
    for item in findings:
        where = f"row {item.seq}: {item.en}" if english else f"第 {item.seq} 条：{item.zh}"
        print(where, file=sys.stderr)
    return 1 if findings else 0


def run_restore(backup: Path, state: Path, language: str, *, overwrite_newer: bool) -> int:
    """Put a backup back; 0 when it stands, also when the next start will ask about missing rows."""
    english = language == "en"
    try:
        done = restore(backup, state, overwrite_newer=overwrite_newer)
    except JournalRefusedError as refused:
        return _refused(refused, english=english)
    last = done.manifest.seq
    print(f"{state}: restored up to row {last}" if english else f"{state}：已恢复至第 {last} 条")
    if done.moved_to is not None:
        print(f"what stood there is in {done.moved_to}" if english else f"原有文件已移至 {done.moved_to}")
    if done.missing is not None:
        first, end = done.missing
        zh = f"第 {first} 至 {end} 条已确认写入但备份中没有：下次启动会拒绝，请以 --accept-missing-rows 启动一次，缺失将记入日志"
        en = (
            f"rows {first} to {end} were acknowledged and are not in the backup: the next start is refused; "
            "start once with --accept-missing-rows, the gap becomes a journal entry"
        )
        print(en if english else zh, file=sys.stderr)
    return 0


def _refused(refused: JournalRefusedError, *, english: bool) -> int:
    print(refused.message_en if english else refused.message_zh, file=sys.stderr)
    return 1
