"""`redline browse`: the variables of an OPC UA server, as a tree, or as rows of `tags.csv`."""

import asyncio
import csv
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from drivers.errors import DriverError
from monitor.clock import SystemClock
from monitor.plant.record import ID_LENGTH
from monitor.plant.tags import COLUMNS
from monitor.plant.units import ALIASES, UNITS

if TYPE_CHECKING:
    from drivers.opcua.tree import Variable

_ROOT: Final = {"zh": "对象（值、类型、量程、地址）", "en": "Objects (value, type, range, address)"}
_COUNTED: Final = {
    "zh": "{shown} 个变量，其中 {usable} 个可以作为位号{more}",
    "en": "{shown} variables, {usable} of them can be tags{more}",
}
_MORE: Final = {"zh": "；已到 --limit，可能还有更多", "en": "; --limit reached, there may be more"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What every row of the sheet says the same of."""

    device: str
    hazard_source: str
    scan_class: str


def run_browse(settings: Mapping[str, object], pattern: str, limit: int, rows: Rows | None, language: str) -> int:
    """Print the variables of a server, as rows of `tags.csv` with `rows`; 0 when there was one, else 1."""
    from drivers.opcua import tool

    try:
        found = asyncio.run(tool.browse(settings, SystemClock(), pattern, limit))
    except DriverError as error:
        print(error.text(language), file=sys.stderr)
        return 1
    if rows is None:
        _show(found, language)
    else:
        sheet = csv.writer(sys.stdout, lineterminator="\n")
        sheet.writerow(COLUMNS)
        sheet.writerows(sheet_of(found, rows))
    usable = sum(1 for each in found if each.tag_type)
    more = _MORE[language] if len(found) == limit else ""
    print(_COUNTED[language].format(shown=len(found), usable=usable, more=more), file=sys.stderr)
    return 0 if found else 1


def sheet_of(found: Iterable["Variable"], rows: Rows) -> list[list[str]]:
    """Rows of `tags.csv` for every variable that a tag can hold; analog ones go from 0 to 100 where no range is named."""
    taken: set[str] = set()
    sheet = []
    for each in found:
        if not each.tag_type:
            continue
        discrete = each.tag_type == "bool"
        low, high = (each.low, each.high) if each.low is not None else (0.0, 100.0)
        cells = {
            "id": _identifier(each.path, taken),
            "description_zh": each.path.rpartition("/")[2],
            "hazard_source": rows.hazard_source,
            "device": rows.device,
            "address": each.address,
            "type": each.tag_type,
            "low": "" if discrete else f"{low:.15g}",
            "high": "" if discrete else f"{high:.15g}",
            "eu": "" if discrete else _unit(each.eu),
            "scan_class": rows.scan_class,
        }
        sheet.append([cells.get(column, "") for column in COLUMNS])
    return sheet


def _identifier(path: str, taken: set[str]) -> str:
    """An id that the sheet takes, made of the end of the path, and not given before."""
    parts = [re.sub(r"[^A-Za-z0-9_-]+", "_", part).strip("_") for part in re.split("[/.]", path)]
    name = ".".join(part for part in parts if part)[-ID_LENGTH:].lstrip("._") or "tag"
    number = 1
    unique = name
    while unique in taken:
        number += 1
        ending = f"_{number}"
        unique = name[: ID_LENGTH - len(ending)].rstrip(".") + ending
    taken.add(unique)
    return unique


def _unit(said: str) -> str:
    """The unit as the sheet writes it; 1 where the server names none that it knows."""
    unit = ALIASES.get(said.strip(), said.strip())
    return unit if unit and unit in UNITS else "1"


def _show(found: Sequence["Variable"], language: str) -> None:
    """The variables under the objects they belong to, as the server names them."""
    tree = Tree(_ROOT[language], guide_style="dim")
    branches: dict[str, Tree] = {"": tree}
    for each in found:
        above, _, _ = each.path.rpartition("/")
        style = "" if each.status >> 30 == 0 else "magenta"
        branches[each.path] = _branch(branches, above).add(Text(_leaf(each), style=style, overflow="fold"))
    Console().print(tree)


def _branch(branches: dict[str, Tree], path: str) -> Tree:
    """The branch of one object, with those above it where they are not there yet."""
    if path not in branches:
        above, _, name = path.rpartition("/")
        branches[path] = _branch(branches, above).add(Text(name, style="bold"))
    return branches[path]


def _leaf(each: "Variable") -> str:
    name = each.path.rpartition("/")[2]
    value = f"{each.value} {each.eu}".rstrip()
    span = "" if each.low is None else f"  {each.low:g} … {each.high:g}"
    status = "" if each.status == 0 else f"  0x{each.status:08X}"
    return f"{name} = {value}  {each.type}{span}{status}  {each.address}"
