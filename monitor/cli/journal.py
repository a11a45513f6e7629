"""`redline journal ...`: is the journal what was written, and the key that proves it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor.store.anchor import KEY_NAME, KeyRefusedError, load_key, public_key_text, read_public_keys
from monitor.store.audit import Audit, audit
from monitor.store.errors import JournalRefusedError

app = typer.Typer(help="The journal: verify it, show the public key of its anchors.", no_args_is_help=True)

State = Annotated[Path, typer.Argument(help="state folder, or a copied journal.sqlite", exists=True)]
Language = Annotated[str, typer.Option("--language", "-l", help="zh or en")]
LISTED = 20
"""Accepted rows and gaps that are named; the rest is counted."""


@app.command()
def verify(
    state: State,
    public_key: Annotated[
        list[Path] | None, typer.Option(help="file with the public key kept elsewhere; no other key is believed")
    ] = None,
    anchors: Annotated[list[Path] | None, typer.Option(help="copy of anchors.jsonl kept elsewhere")] = None,
    language: Language = "zh",
) -> None:
    """Follow the chain of all rows and check the signed anchors; also while the service runs.  Exit 1: altered."""
    english = language == "en"
    try:
        keys: frozenset[bytes] = frozenset().union(*(read_public_keys(read_text(path)) for path in public_key or ()))
        found = audit(state, keys, anchors or ())
    except KeyRefusedError as refused:
        print(refused, file=sys.stderr)
        raise typer.Exit(2) from refused
    except JournalRefusedError as refused:
        print(refused.message_en if english else refused.message_zh, file=sys.stderr)
        raise typer.Exit(1) from refused
    print("\n".join(summary(found, english=english, key_given=bool(keys))))
    for line in problems(found, english=english):
        print(line, file=sys.stderr)
    raise typer.Exit(1 if found.findings else 0)


@app.command()
def key(state: Annotated[Path, typer.Argument(help="state folder", exists=True, file_okay=False)]) -> None:
    """Print the public key of the anchors: keep it where nobody of this machine can change it."""
    try:
        private = load_key(state / KEY_NAME, make=False)
    except KeyRefusedError as refused:
        print(refused, file=sys.stderr)
        raise typer.Exit(1) from refused
    print(public_key_text(private.public_key().public_bytes_raw()))


def read_text(path: Path) -> str:
    """A small text file.

    :raises KeyRefusedError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KeyRefusedError(f"{path}: {error}") from error


def summary(found: Audit, *, english: bool, key_given: bool) -> list[str]:
    """What was read, in words."""
    keys = ", ".join(found.keys) or "-"
    if english:
        lines = [
            f"{found.rows} rows ({found.first_seq} to {found.last.seq}), {found.anchors} anchors, "
            f"signed up to row {found.signed_seq}",
            f"signed with {keys}{'' if key_given else ' (compare it with the key you keep, or give --public-key)'}",
        ]
    else:
        lines = [
            f"共 {found.rows} 条（第 {found.first_seq} 至 {found.last.seq} 条），锚点 {found.anchors} 个，"
            f"已签名至第 {found.signed_seq} 条",
            f"签名密钥 {keys}{'' if key_given else '（请与另行保存的公钥核对，或用 --public-key 指定）'}",
        ]
    known = [
        *(f"missing, accepted at a start: rows {a} to {b}" if english else f"缺失（启动时已确认）：第 {a} 至 {b} 条"
          for a, b in found.gaps[:LISTED]),
        *(f"altered, accepted at a start: row {seq}" if english else f"被改动（启动时已确认）：第 {seq} 条"
          for seq in found.accepted[:LISTED]),
    ]  # fmt: skip
    if not found.findings:
        lines.append("the journal is as it was written" if english else "日志完好，与写入时一致")
    return lines + known


def problems(found: Audit, *, english: bool) -> list[str]:
    """What is wrong, worst first, in words."""
    lines = []
    for item in found.findings:
        where = "" if item.seq is None else f"row {item.seq}: " if english else f"第 {item.seq} 条："
        lines.append(where + (item.en if english else item.zh))
    return lines
