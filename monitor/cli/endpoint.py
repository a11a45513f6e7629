"""What a command reads from: a plant folder with its devices, or one OPC UA server given by its address."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from monitor.cli.check import read_or_explain
from monitor.plant.plant import Device, TagAddress

SCHEME: Final = "opc.tcp:"

Target = Annotated[str, typer.Argument(metavar="PLANT|ENDPOINT", help="plant folder, or opc.tcp://host:port")]
DeviceId = Annotated[str | None, typer.Option(help="device of the plant folder")]
Security = Annotated[str, typer.Option(help="ENDPOINT only: none, sign or sign_and_encrypt")]
Pki = Annotated[Path, typer.Option(help="folder with our certificate and whom we trust")]
UserName = Annotated[str | None, typer.Option("--username", help="ENDPOINT only: user name")]
PasswordEnv = Annotated[str | None, typer.Option(help="ENDPOINT only: environment variable that holds the password")]
LANGUAGE_VARIABLE: Final = "REDLINE_LANGUAGE"
"""Environment variable: the language of every command that is not told another."""
Language = Annotated[str, typer.Option("--language", "-l", envvar=LANGUAGE_VARIABLE, help="zh or en")]


def is_endpoint(target: str) -> bool:
    """Tell whether a target is a server and not a folder."""
    return target.startswith(SCHEME)


def settings_of(
    endpoint: str, security: str, pki: Path, username: str | None, password_env: str | None
) -> dict[str, object]:
    """Settings of a server that is given on the command line."""
    given: dict[str, object] = {"endpoint": endpoint, "security": security, "pki": str(pki)}
    more = {"username": username, "password_env": password_env}
    return given | {key: value for key, value in more.items() if value is not None}


def device_of(settings: Mapping[str, object], nodes: Sequence[str], period_s: float) -> Device:
    """A device made of nodes given on the command line."""
    addresses = tuple(
        TagAddress(
            tag=node, row=row, address=node, type="float64", word_order="", raw_low=None, raw_high=None, low=0.0, high=1.0,
            scan_period_ns=round(period_s * 1e9),
        )
        for row, node in enumerate(nodes)
    )  # fmt: skip
    name = str(settings["endpoint"])
    return Device(id=name, kind="opcua", name_zh=name, name_en=name, settings=settings, addresses=addresses)


def devices_of(folder: str, only: str | None, language: str) -> list[Device]:
    """The devices of a plant folder, one with `only`.

    :raises typer.Exit: the folder is refused (1), or there is no such device (2); said on standard error.
    """
    found = read_or_explain(Path(folder), language)
    if found is None:
        raise typer.Exit(1)
    devices = [device for device in found.plant.devices if only in (None, device.id)]
    if not devices:
        known = ", ".join(device.id for device in found.plant.devices)
        words = {
            "zh": f"没有设备 {only!r}，应为其中之一：{known}",
            "en": f"there is no device {only!r}: one of {known}",
        }
        print(words[language], file=sys.stderr)
        raise typer.Exit(2)
    return devices


def checked(language: str) -> str:
    """The language of the output.

    :raises typer.Exit: it is none that we speak (2); said on standard error.
    """
    if language not in ("zh", "en"):
        print(f"--language 应为 zh 或 en / is zh or en, not {language!r}", file=sys.stderr)
        raise typer.Exit(2)
    return language
