"""What engineers do with OPC UA from the command line: look around a server, make our certificate, accept a server's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509

from drivers.errors import LinkLostError
from drivers.opcua.certificates import make_certificate, read_certificate, read_chain
from drivers.opcua.connection import Connection
from drivers.opcua.settings import OpcUaSettings, read_settings
from drivers.opcua.stack import as_driver_error, plainly
from drivers.opcua.transport import Session
from drivers.opcua.tree import Variable, walk
from drivers.opcua.trust import TrustFolder, describe, replace_file
from drivers.port import Clock

_NAME: Final = "Redline tool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One certificate of a folder of trust."""

    place: str
    """`own`, `trusted` or `rejected`."""
    path: Path
    words: str


async def browse(settings: Mapping[str, object], clock: Clock, pattern: str, limit: int) -> list[Variable]:
    """List the variables of a server, at most `limit`; see `walk` for the pattern.

    :raises MisconfiguredError: the settings can never work.
    :raises DriverError: the server does not answer or refuses us.
    """
    async with Session(read_settings(settings), clock, _NAME) as session:
        return [variable async for variable in walk(session, pattern, limit)]


async def shown_certificates(endpoint: str, clock: Clock) -> list[x509.Certificate]:
    """Fetch the certificates that a server shows for its secured endpoints, each once, without believing any.

    :raises MisconfiguredError: it is no endpoint.
    :raises LinkLostError: the server does not answer.
    """
    settings: OpcUaSettings = read_settings({"endpoint": endpoint})
    connection = Connection(settings, clock, _NAME)
    try:
        shown = await plainly(connection.client.connect_and_get_server_endpoints())
        chains = [read_chain(bytes(each.ServerCertificate or b"")) for each in shown]
    except ValueError as error:
        en = f"{endpoint}: it shows something else than certificates: {error}"
        raise LinkLostError(en, f"{endpoint}：出示的不是证书：{error}") from error
    except Exception as error:
        raise as_driver_error(error, f"asking {endpoint} for its endpoints") from error
    finally:
        connection.lost.set()
        await connection.close()
    return list(dict.fromkeys(chain[0] for chain in chains if chain))


def listed(folder: Path) -> tuple[list[Listed], list[str]]:
    """Every certificate of a folder of trust, and the files in it that cannot be read."""
    trust = TrustFolder(folder)
    found: list[Listed] = []
    unreadable: list[str] = []
    for place in ("own", "trusted", "rejected"):
        for path in sorted((folder / place).glob("*")):
            if path != trust.own_key and path.is_file() and not path.name.startswith("."):
                _list_one(place, path, found.append, unreadable.append)
    return found, unreadable


def accept_file(path: Path, folder: Path | None) -> tuple[x509.Certificate, Path]:
    """Trust the certificate in a file; a file in `rejected` belongs to the folder around it.

    :raises ValueError: it is no certificate, or no folder is known.
    :raises OSError: a file cannot be read or written.
    """
    certificate = read_certificate(path.read_bytes())
    if folder is None:
        if path.absolute().parent.name != "rejected":
            raise ValueError(f"{path} does not lie in a folder `rejected`: name the folder of trust")
        folder = path.absolute().parent.parent
    return certificate, TrustFolder(folder).accept(certificate)


def make_own(folder: Path, host: str, application_uri: str, begin: datetime, days: int) -> Path:
    """Make our application certificate and its private key; those there were are kept beside.

    :raises OSError: the folder cannot be written.
    """
    trust = TrustFolder(folder)
    trust.own_certificate.parent.mkdir(parents=True, exist_ok=True)
    aside = begin.strftime("%Y%m%dT%H%M%S")
    for path in (trust.own_key, trust.own_certificate):
        if path.exists():
            path.replace(path.with_name(f"{path.stem}.until-{aside}{path.suffix}"))
    certificate, key = make_certificate(application_uri, host, begin, days)
    replace_file(trust.own_key, key, 0o600)
    replace_file(trust.own_certificate, certificate)
    return trust.own_certificate


def own_words(folder: Path) -> str | None:
    """Our certificate in one line; None where there is none or it cannot be read."""
    try:
        return describe(read_certificate(TrustFolder(folder).own_certificate.read_bytes()))
    except (OSError, ValueError):
        return None


def _list_one(place: str, path: Path, keep: Callable[[Listed], None], complain: Callable[[str], None]) -> None:
    if path.suffix == ".pem" and place == "own":
        return  # keys of certificates that were replaced
    try:
        keep(Listed(place=place, path=path, words=describe(read_certificate(path.read_bytes()))))
    except (OSError, ValueError) as error:
        complain(f"{path}: {error}")
