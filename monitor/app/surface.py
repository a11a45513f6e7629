"""What people and programs see: the HTTP surface of one plant.  Slow to import, so it is loaded after the first scan."""

from dataclasses import replace

import uvicorn

from monitor.api.app import create_api
from monitor.api.context import ApiOptions
from monitor.api.ports import DeviceCard, PlantCard
from monitor.api.server import uvicorn_server
from monitor.api.stream import StreamHub
from monitor.app.parts import Parts
from monitor.plant.plant import Plant
from monitor.version import VERSION


def open_surface(parts: Parts) -> tuple[uvicorn.Server, StreamHub]:
    """The server and the hub that feeds its streams, neither running yet; may be called in a thread."""
    card = replace(plant_card(parts.plant), rule_set=parts.scanner.rule_set)
    hub = StreamHub(card, parts.publisher, parts.clock)
    options = ApiOptions(
        version=VERSION,
        cookie_secure=parts.settings.cookie_secure,
        session_hours=parts.settings.session_hours,
        allowed_origins=parts.settings.allowed_origins,
    )
    api = create_api(
        card,
        parts.publisher,
        parts.journal,
        parts.history,
        parts.journal,
        parts.clock,
        options,
        hub,
        parts.scanner.diagnostics,
    )
    return uvicorn_server(api), hub


def plant_card(plant: Plant) -> PlantCard:
    """The plant as the API shows it."""
    return PlantCard(
        id=plant.id,
        name_zh=plant.name_zh,
        name_en=plant.name_en,
        timezone=plant.timezone,
        language=plant.language,
        tags=plant.tags,
        definitions=plant.definitions,
        hazard_sources=plant.hazard_sources,
        process_units=plant.process_units,
        equipment=plant.equipment,
        interlocks=plant.interlocks,
        devices=tuple(
            DeviceCard(
                id=device.id,
                kind=device.kind,
                name_zh=device.name_zh,
                name_en=device.name_en,
                endpoint=_endpoint(device.settings),
                addresses={address.tag: address.address for address in device.addresses},
            )
            for device in plant.devices
        ),
        persons=plant.persons,
        channels=plant.channels,
        history_keep_days=plant.history_keep_days,
        performance=plant.performance,
        philosophy=plant.philosophy,
        register=plant.register,
        shifts=plant.shifts,
    )


def _endpoint(settings: object) -> str:
    """Where the device is, without any secret."""
    if not isinstance(settings, dict):
        return ""
    if "endpoint" in settings:
        return str(settings["endpoint"])
    return f"{settings.get('host', '')}:{settings.get('port', 502)}/{settings.get('unit_id', 1)}"
