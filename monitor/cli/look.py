"""`redline browse`, `read` and `watch`: what an engineer looks at before and during commissioning."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.endpoint import (
    DeviceId,
    Language,
    PasswordEnv,
    Pki,
    Security,
    Target,
    UserName,
    checked,
    device_of,
    devices_of,
    is_endpoint,
    settings_of,
)

Nodes = Annotated[list[str] | None, typer.Argument(metavar="[NODE...]", help="ENDPOINT only: nsu=...;s=...")]


def read(  # noqa: PLR0913 - each is an option of the command
    target: Target,
    nodes: Nodes = None,
    device: DeviceId = None,
    security: Security = "none",
    pki: Pki = Path("pki"),
    username: UserName = None,
    password_env: PasswordEnv = None,
    language: Language = "zh",
) -> None:
    """Read every tag once through the drivers and show value, quality and status: the proof before commissioning."""
    from monitor.cli.read import read_once, read_plant_once

    checked(language)
    if is_endpoint(target):
        settings = settings_of(target, security, pki, username, password_env)
        raise typer.Exit(read_once([device_of(settings, _nodes(nodes), 1.0)], lambda row: "", language))
    raise typer.Exit(read_plant_once(Path(target), device, language))


def watch(  # noqa: PLR0913 - each is an option of the command
    target: Target,
    nodes: Nodes = None,
    device: DeviceId = None,
    seconds: Annotated[float, typer.Option(help="how long; 0: until Ctrl-C", min=0.0)] = 0.0,
    period: Annotated[float, typer.Option(help="ENDPOINT only: seconds between two reads", min=0.05)] = 1.0,
    security: Security = "none",
    pki: Pki = Path("pki"),
    username: UserName = None,
    password_env: PasswordEnv = None,
    language: Language = "zh",
) -> None:
    """Read like the service does and print every changed value and link state."""
    from monitor.cli.watch import run_watch

    checked(language)
    if is_endpoint(target):
        settings = settings_of(target, security, pki, username, password_env)
        raise typer.Exit(run_watch([device_of(settings, _nodes(nodes), period)], seconds, language))
    raise typer.Exit(run_watch(devices_of(target, device, language), seconds, language))


def browse(  # noqa: PLR0913 - each is an option of the command
    target: Target,
    device: DeviceId = None,
    pattern: Annotated[str, typer.Option("--filter", help="part of path or address; * and ? match")] = "",
    limit: Annotated[int, typer.Option(help="variables at most", min=1)] = 1000,
    as_csv: Annotated[bool, typer.Option("--csv", help="rows of tags.csv")] = False,
    hazard_source: Annotated[str, typer.Option(help="for --csv")] = "HS-1",
    scan_class: Annotated[str, typer.Option(help="for --csv")] = "normal",
    security: Security = "none",
    pki: Pki = Path("pki"),
    username: UserName = None,
    password_env: PasswordEnv = None,
    language: Language = "zh",
) -> None:
    """List the variables of an OPC UA server: path, address, type, value, unit, range."""
    from monitor.cli.browse import Rows, run_browse

    checked(language)
    rows = Rows(device=device or "PLC-1", hazard_source=hazard_source, scan_class=scan_class) if as_csv else None
    if is_endpoint(target):
        settings: Mapping[str, object] = settings_of(target, security, pki, username, password_env)
    else:
        found = [each for each in devices_of(target, device, language) if each.kind == "opcua"]
        if len(found) != 1:
            print(
                f"name one device with --device: {', '.join(each.id for each in found) or 'none is opcua'}",
                file=sys.stderr,
            )
            raise typer.Exit(2)
        settings = found[0].settings
        if rows is not None:
            rows = replace(rows, device=found[0].id)
    raise typer.Exit(run_browse(settings, pattern, limit, rows, language))


def _nodes(nodes: list[str] | None) -> list[str]:
    if not nodes:
        print(
            "name the nodes to read, for example: nsu=urn:plc;s=Tank.Level  (redline browse lists them)",
            file=sys.stderr,
        )
        raise typer.Exit(2)
    return nodes
