"""`/equipment`: tanks, pumps, valves with the tags the overview draws."""

from dataclasses import asdict

from fastapi import APIRouter

from monitor.api import dto
from monitor.api.context import Here
from monitor.api.ports import PlantCard

router = APIRouter(tags=["plant"])


@router.get("/equipment")
def list_equipment(here: Here) -> list[dto.Equipment]:
    """All equipment."""
    return present_equipment(here.plant)


def present_equipment(plant: PlantCard) -> list[dto.Equipment]:
    """All equipment of a plant, with the hazard source of its process unit."""
    source_of = {unit.id: unit.hazard_source for unit in plant.process_units}
    shown = []
    for item in plant.equipment:
        fields = asdict(item)
        fields.pop("vessel")  # the console draws heights, not volumes
        name = dto.Text(zh=fields.pop("name_zh"), en=fields.pop("name_en"))
        shown.append(dto.Equipment(name=name, hazard_source=source_of.get(item.process_unit, ""), **fields))
    return shown
