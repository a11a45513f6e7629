"""Message security, the server's certificate and the user of one connection, on top of asyncua's channel.

The order is ours: ask for the endpoints without security, choose the one that was asked for, believe its certificate or
not, and only then open a channel that nobody but the holder of its private key can read.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from asyncua import ua
from asyncua.client.client import Client
from asyncua.crypto import security_policies
from asyncua.crypto.uacrypto import CertProperties
from cryptography import x509

from drivers.errors import NotYetAllowedError, RefusedError
from drivers.opcua.certificates import der_of, read_chain, uris_of
from drivers.opcua.credentials import read_credentials
from drivers.opcua.settings import OpcUaSettings
from drivers.opcua.trust import Doubt, Presented, TrustFolder, describe
from drivers.port import Clock
from drivers.words import Words, joined

_MODES: Final = {
    "none": ua.MessageSecurityMode.None_,
    "sign": ua.MessageSecurityMode.Sign,
    "sign_and_encrypt": ua.MessageSecurityMode.SignAndEncrypt,
}
_POLICIES: Final[Mapping[str, Any]] = {
    "Basic256Sha256": security_policies.SecurityPolicyBasic256Sha256,
    "Aes128Sha256RsaOaep": security_policies.SecurityPolicyAes128Sha256RsaOaep,
    "Aes256Sha256RsaPss": security_policies.SecurityPolicyAes256Sha256RsaPss,
}
_READABLE: Final = security_policies.SecurityPolicyNone.URI


class GuardedClient(Client):
    """asyncua's client, unable to send a password that somebody else can read."""

    def _add_user_auth(self, params: Any, username: str | None, password: str | None) -> None:
        policy = self.server_policy(ua.UserTokenType.UserName)
        encrypted = self.security_policy.Mode == ua.MessageSecurityMode.SignAndEncrypt
        if not encrypted and policy.SecurityPolicyUri in (None, "", _READABLE):
            raise RefusedError(
                "the server wants the password readable on a channel that is only signed; set security to sign_and_encrypt",
                "服务器要求在只签名的通道上以明文传口令；请把 security 设为 sign_and_encrypt",
            )
        super()._add_user_auth(params, username, password)


async def secure(client: Client, discovery: Client, settings: OpcUaSettings, clock: Clock) -> dict[str, int]:
    """Give a client that is not connected yet its security and its user; `discovery` is another, used up by this.

    Returns until when (Unix nanoseconds) the certificates last that the next connection will need, by whose they are.

    :raises NotYetAllowedError: our certificate or password is not there, or nobody accepted the server's.
    :raises RefusedError: the server does not offer what was asked for.
    """
    credentials = await asyncio.to_thread(read_credentials, settings)
    lasting: dict[str, x509.Certificate] = {}
    if credentials.application is not None:
        endpoint = choose(await discovery.connect_and_get_server_endpoints(), settings)
        certificate = await _believed(endpoint, settings, clock)
        lasting = {"our": credentials.application.certificate}
        if "validity" not in settings.certificate_exceptions:
            lasting["the server's"] = certificate
        client.application_uri = uris_of(credentials.application.certificate)[0]
        client.certificate_validator = partial(_compare_application, settings)
        await client.set_security(
            _POLICIES[settings.security_policy],
            CertProperties(der_of(credentials.application.certificate), "der"),
            CertProperties(credentials.application.key_pem, "pem"),
            server_certificate=CertProperties(der_of(certificate), "der"),
            mode=_MODES[settings.security],
        )
    if settings.username is not None:
        client.set_user(settings.username)
        client.set_password(credentials.password)
    if credentials.user is not None:
        client.user_certificate = credentials.user.certificate
        client.user_private_key = credentials.user.key
        lasting["the user's"] = credentials.user.certificate
    return {whose: int(each.not_valid_after_utc.timestamp()) * 10**9 for whose, each in lasting.items()}


def choose(endpoints: Sequence[ua.EndpointDescription], settings: OpcUaSettings) -> ua.EndpointDescription:
    """Find the endpoint with the security that was asked for; never another.

    :raises RefusedError: the server has none; says what it offers.
    """
    wanted = (_MODES[settings.security], _POLICIES[settings.security_policy].URI)
    for endpoint in endpoints:
        if (endpoint.SecurityMode, endpoint.SecurityPolicyUri) == wanted and str(endpoint.EndpointUrl).startswith(
            "opc.tcp"
        ):
            return endpoint
    offered = ", ".join(sorted({security_of(endpoint) for endpoint in endpoints}))
    wanted_words = f"{settings.security} with {settings.security_policy}"
    raise RefusedError(
        f"the server does not offer {wanted_words}; it offers {offered or 'nothing'}",
        f"服务器不提供 {wanted_words}；它提供 {offered or '（无）'}",
    )


def security_of(endpoint: ua.EndpointDescription) -> str:
    """Mode and policy of an endpoint, as settings name them where they have a name for it."""
    names = {mode: name for name, mode in _MODES.items()}
    policy = str(endpoint.SecurityPolicyUri).rpartition("#")[2].replace("_", "")
    mode = names.get(endpoint.SecurityMode, str(endpoint.SecurityMode))
    return mode if mode == "none" else f"{mode} with {policy}"


async def _believed(endpoint: ua.EndpointDescription, settings: OpcUaSettings, clock: Clock) -> x509.Certificate:
    """The certificate of a server that is to be believed.

    :raises NotYetAllowedError: it is not; it lies in `rejected`, and the words say what accepts it.
    """
    try:
        chain = read_chain(bytes(endpoint.ServerCertificate or b""))
    except ValueError as error:
        raise RefusedError(
            f"the server's certificate cannot be read: {error}", f"无法读取服务器证书：{error}"
        ) from error
    if not chain:
        raise RefusedError("the server offers security and shows no certificate", "服务器提供加密却没有出示证书")
    presented = Presented(
        chain=chain,
        host=urlsplit(settings.endpoint).hostname or "",
        application_uri=str(endpoint.Server.ApplicationUri or ""),
    )
    await asyncio.to_thread(_judge, presented, settings, datetime.fromtimestamp(clock.wall_ns() / 1e9, UTC))
    return chain[0]


async def _compare_application(
    settings: OpcUaSettings, certificate: x509.Certificate, server: ua.ApplicationDescription
) -> None:
    """Compare the application the session is with: what it said before, without security, anybody could have said.

    :raises RefusedError: the certificate is another application's.
    """
    uri = str(server.ApplicationUri or "")
    if uri not in uris_of(certificate) and "uri" not in settings.certificate_exceptions:
        en = f"the server calls itself {uri!r} inside the channel, its certificate does not"
        raise RefusedError(en, f"服务器在通道内自称 {uri!r}，与其证书不符")


def _judge(presented: Presented, settings: OpcUaSettings, moment: datetime) -> None:
    folder = TrustFolder(Path(settings.pki))
    doubts = [doubt for doubt in folder.judge(presented, moment) if doubt.check not in settings.certificate_exceptions]
    if doubts:
        zh, en = _words_of(doubts, presented.chain[0], folder)
        raise NotYetAllowedError(en, zh)


def _words_of(doubts: Sequence[Doubt], certificate: x509.Certificate, folder: TrustFolder) -> Words:
    """Why a certificate is not believed, and what a person can do."""
    shown = describe(certificate)
    zh, en = "；".join(doubt.zh for doubt in doubts), "; ".join(doubt.words for doubt in doubts)
    parts = [Words(f"不信任服务器证书：{zh}（{shown}）", f"the server's certificate is not believed: {en} ({shown})")]
    if folder.unreadable:
        files = "; ".join(folder.unreadable)
        parts.append(Words(f"无法读取：{files}", f"not readable: {files}"))
    if not any(doubt.check == "trust" for doubt in doubts):
        return joined(parts)
    try:
        command = f"redline opcua trust {folder.reject(certificate)}"
    except OSError as error:
        parts.append(Words(f"未能保存：{error}", f"it could not be kept: {error}"))
        command = f"redline opcua trust ENDPOINT --pki {folder.folder}"
    zh = f"请与设备上显示的 SHA-1 核对，然后运行：{command}"
    parts.append(Words(zh, f"compare the SHA-1 with the one the device shows, then: {command}"))
    return joined(parts)
