"""`redline opcua`: our application certificate, and which servers we trust."""

import asyncio
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from drivers.errors import DriverError
from monitor.cli.endpoint import Language, Pki, checked, is_endpoint
from monitor.clock import SystemClock

app = typer.Typer(help="OPC UA security: our application certificate, and which servers we trust.")

_WORDS: Final = {
    "zh": {
        "have": "已有证书：{0}\n{1}\n用 --renew 换新（服务器须重新信任）",
        "made": "已生成：{0}\n{1}\n应用 URI：{2}\n请在每台服务器上信任此证书文件",
        "compare": "与设备上显示的 SHA-1 核对",
        "accept": "信任此证书？",
        "accepted": "已信任：{0}",
        "nothing": "没有证书：{0}",
        "none_shown": "{0} 没有出示证书：它只提供 security = \"none\"",
        "what": "写明要信任的文件或 opc.tcp:// 地址，或用 --list",
        "unreadable": "无法读取：{0}",
    },
    "en": {
        "have": "there is a certificate: {0}\n{1}\n--renew replaces it (every server must then trust the new one)",
        "made": "made: {0}\n{1}\napplication URI: {2}\nlet every server trust this certificate file",
        "compare": "compare with the SHA-1 that the device shows",
        "accept": "trust this certificate?",
        "accepted": "trusted: {0}",
        "nothing": "no certificate in {0}",
        "none_shown": "{0} shows no certificate: it offers security = \"none\" only",
        "what": "name the file or the opc.tcp:// address to trust, or --list",
        "unreadable": "not readable: {0}",
    },
}  # fmt: skip


@app.command()
def cert(
    pki: Pki = Path("pki"),
    host: Annotated[str | None, typer.Option(help="name or address of this machine")] = None,
    uri: Annotated[str | None, typer.Option(help="application URI (urn:HOST:redline)")] = None,
    days: Annotated[int, typer.Option(help="how long it is valid", min=1, max=7300)] = 1825,
    renew: Annotated[bool, typer.Option("--renew", help="replace the one there is; it is kept beside")] = False,
    language: Language = "zh",
) -> None:
    """Make our own application certificate and its private key, or show the one there is."""
    from drivers.opcua import tool

    say = _words(language)
    there = tool.own_words(pki)
    if there is not None and not renew:
        print(say["have"].format(pki / "own", there))
        raise typer.Exit(0)
    host = host or socket.gethostname()
    uri = uri or f"urn:{host}:redline"
    try:
        path = tool.make_own(pki, host, uri, datetime.fromtimestamp(SystemClock().wall_ns() // 10**9, UTC), days)
    except OSError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None
    print(say["made"].format(path, tool.own_words(pki), uri))


@app.command()
def trust(
    what: Annotated[
        str | None, typer.Argument(metavar="[FILE|ENDPOINT]", help="certificate file, or opc.tcp://host:port")
    ] = None,
    pki: Annotated[Path | None, typer.Option(help="folder of trust; default: the one around FILE, else pki")] = None,
    show: Annotated[bool, typer.Option("--list", help="show what is trusted and what was rejected")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    language: Language = "zh",
) -> None:
    """Trust the certificate of a server: from `rejected`, from any file, or as the server shows it now."""
    say = _words(language)
    if show:
        raise typer.Exit(_list(pki or Path("pki"), say))
    if what is None:
        print(say["what"], file=sys.stderr)
        raise typer.Exit(2)
    try:
        accepted = (
            _accept_server(what, pki or Path("pki"), say, yes)
            if is_endpoint(what)
            else _accept_file(what, pki, say, yes)
        )
    except (DriverError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None
    raise typer.Exit(0 if accepted else 1)


def _accept_server(endpoint: str, pki: Path, say: dict[str, str], yes: bool) -> bool:
    from drivers.opcua import tool
    from drivers.opcua.trust import TrustFolder, describe

    shown = asyncio.run(tool.shown_certificates(endpoint, SystemClock()))
    if not shown:
        print(say["none_shown"].format(endpoint), file=sys.stderr)
        return False
    for certificate in shown:
        if not _agreed(describe(certificate), say, yes):
            return False
        print(say["accepted"].format(TrustFolder(pki).accept(certificate)))
    return True


def _accept_file(name: str, pki: Path | None, say: dict[str, str], yes: bool) -> bool:
    from drivers.opcua import tool
    from drivers.opcua.certificates import read_certificate
    from drivers.opcua.trust import describe

    path = Path(name)
    if not _agreed(describe(read_certificate(path.read_bytes())), say, yes):
        return False
    _, accepted = tool.accept_file(path, pki)
    print(say["accepted"].format(accepted))
    return True


def _agreed(description: str, say: dict[str, str], yes: bool) -> bool:
    print(f"{description}\n{say['compare']}")
    return yes or typer.confirm(say["accept"])


def _list(pki: Path, say: dict[str, str]) -> int:
    from drivers.opcua import tool

    found, unreadable = tool.listed(pki)
    for each in found:
        print(f"{each.place:9}{each.path}\n         {each.words}")
    for words in unreadable:
        print(say["unreadable"].format(words), file=sys.stderr)
    if not found:
        print(say["nothing"].format(pki), file=sys.stderr)
    return 0 if found and not unreadable else 1


def _words(language: str) -> dict[str, str]:
    return _WORDS[checked(language)]
