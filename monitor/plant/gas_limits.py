"""What gas alarms may be set to: `gas_limits.toml` beside this module, versioned, with the source of every figure."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from rules.kinds.concentration import ppm_of

FILE: Final = Path(__file__).with_name("gas_limits.toml")
BASES: Final = ("mac", "pc_twa", "pc_stel")
CHEMICAL: Final = (
    "chemical", "molar_mass", "oel_mg_m3", "oel_source", "oel_basis", "idlh_mg_m3", "range_insufficient",
)  # fmt: skip
"""Keys that say what a toxic detector detects: of a `gas_toxic` rule, and of `[[equipment]]` of the kind detector."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chemical:
    """A toxic gas; limits in mg/m3, None where its figures could not be confirmed."""

    id: str
    name_zh: str
    name_en: str
    cas: str
    molar_mass_g_per_mol: float
    limits_mg_per_m3: Mapping[str, float]
    """Occupational exposure limits by what they are: mac, pc_twa, pc_stel."""
    idlh_mg_per_m3: float | None
    certainty: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """The most that stage 1 and stage 2 may be."""

    stage_1: float
    stage_2: float

    def of(self, stage: int) -> float:
        """Of one stage."""
        return self.stage_1 if stage == 1 else self.stage_2


@dataclass(frozen=True, slots=True, kw_only=True)
class GasLimits:
    """One version of the statutory figures."""

    version: str
    temperature_c: float
    """Of the air that ppm and mg/m3 are converted in."""
    combustible_percent_lel: Stages
    open_path_lel_m: Stages
    oxygen_low_percent: float
    oxygen_high_percent: float
    oxygen_names: frozenset[str]
    """What oxygen is called, in lower case."""
    toxic_percent_oel: Stages
    toxic_percent_idlh: Stages
    oel_order: tuple[str, ...]
    clauses: Mapping[str, str]
    """Clause by gas."""
    chemicals: tuple[Chemical, ...]

    def chemical(self, name: str) -> Chemical | None:
        """By its formula, CAS number or one of its names."""
        wanted = name.casefold()
        for found in self.chemicals:
            if wanted in (found.id.casefold(), found.cas, found.name_zh, found.name_en.casefold()):
                return found
        return None

    def oel_mg_per_m3(self, chemical: Chemical, basis: str = "") -> tuple[float, str] | None:
        """(limit, which one) that counts for a chemical, or the one asked for; None where it has none."""
        for each in (basis,) if basis else self.oel_order:
            if each in chemical.limits_mg_per_m3:
                return chemical.limits_mg_per_m3[each], each
        return None

    def in_unit(self, mg_per_m3: float, eu: str, molar_mass_g_per_mol: float) -> float:
        """A concentration in the unit of a detector, ppm or mg/m3."""
        return ppm_of(mg_per_m3, molar_mass_g_per_mol, self.temperature_c) if eu == "ppm" else mg_per_m3


@cache
def gas_limits(path: Path = FILE) -> GasLimits:
    """The figures that come with this version of Redline.

    :raises ValueError: the file is not of the schema this version reads.
    """
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    if content.get("schema") != 1:
        raise ValueError(f"{path.name}: schema {content.get('schema')!r} is not 1")
    toxic, oxygen = content["toxic"], content["oxygen"]
    return GasLimits(
        version=content["version"],
        temperature_c=content["air"]["temperature_c"],
        combustible_percent_lel=_stages(content["combustible"], "stage_{}"),
        open_path_lel_m=_stages(content["open_path"], "stage_{}"),
        oxygen_low_percent=oxygen["low"],
        oxygen_high_percent=oxygen["high"],
        oxygen_names=frozenset(name.casefold() for name in oxygen["names"]),
        toxic_percent_oel=_stages(toxic, "stage_{}_percent_oel"),
        toxic_percent_idlh=_stages(toxic, "stage_{}_percent_idlh"),
        oel_order=tuple(toxic["oel_order"]),
        clauses={gas: content[gas]["clause"] for gas in ("combustible", "open_path", "oxygen", "toxic")},
        chemicals=tuple(_chemical(item) for item in content["chemicals"]),
    )


def _stages(table: Mapping[str, Any], key: str) -> Stages:
    return Stages(stage_1=table[key.format(1)], stage_2=table[key.format(2)])


def _chemical(item: Mapping[str, Any]) -> Chemical:
    return Chemical(
        id=item["id"],
        name_zh=item["name_zh"],
        name_en=item["name_en"],
        cas=item["cas"],
        molar_mass_g_per_mol=item["molar_mass"],
        limits_mg_per_m3={basis: item[basis] for basis in BASES if basis in item},
        idlh_mg_per_m3=item.get("idlh"),
        certainty=item["certainty"],
    )
