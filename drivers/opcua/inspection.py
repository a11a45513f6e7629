"""What is wrong with the certificates and keys of a device, found before the service needs them.

A file that is there and cannot do its work is an error.  One that is missing, or that works today only, is a warning: a
plant folder is checked on desks, too, where its private keys have no business.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

from cryptography import x509

from drivers.opcua.certificates import WARN_DAYS, name_of, read_certificate, read_crl, uris_of
from drivers.opcua.credentials import belong_together, read_key
from drivers.opcua.settings import OpcUaSettings, read_settings
from drivers.opcua.trust import TrustFolder, files_of
from drivers.port import FileTrouble

_OTHERS: Final = 0o077
_Found = TypeVar("_Found")
_MAKE: Final = "redline opcua cert --pki"


@dataclass(frozen=True, slots=True)
class _Words:
    """How a kind of file is called, and what to do about it."""

    zh: str
    en: str
    do_zh: str
    do_en: str


_OWN: Final = _Words(
    "本机证书", "our certificate", f"用 {_MAKE} 生成（--renew 换新）", f"make it with {_MAKE} (--renew replaces it)"
)
_OWN_KEY: Final = _Words("本机私钥", "our private key", _OWN.do_zh, _OWN.do_en)
_USER: Final = _Words("用户证书", "the user's certificate", "见 user_certificate", "see user_certificate")
_USER_KEY: Final = _Words("用户私钥", "the user's private key", "见 user_key", "see user_key")
_TRUSTED: Final = _Words(
    "受信任证书", "a trusted certificate", "移走或换成 DER、PEM 证书", "remove it, or replace it by a DER or PEM"
)
_CRL: Final = _Words("吊销列表", "a revocation list", "向签发机构取新的", "get a new one from its authority")


def inspect(settings: Mapping[str, object], wall_ns: int) -> list[FileTrouble]:
    """Everything wrong with the files of one server at this moment (Unix nanoseconds); paths in `settings` are absolute.

    :raises MisconfiguredError: the settings do not pass `check_settings`.
    """
    read = read_settings(settings)
    return list(_troubles(read, datetime.fromtimestamp(wall_ns / 1e9, UTC)))


def _troubles(settings: OpcUaSettings, moment: datetime) -> Iterator[FileTrouble]:
    if settings.security != "none":
        folder = TrustFolder(Path(settings.pki))
        yield from _pair(folder.own_certificate, folder.own_key, (_OWN, _OWN_KEY), moment)
        yield from _application(folder.own_certificate)
        yield from _trusted(folder.folder / "trusted", moment)
        yield from _revocations(folder.folder / "crl", moment)
    if settings.user_certificate is not None and settings.user_key is not None:
        yield from _pair(Path(settings.user_certificate), Path(settings.user_key), (_USER, _USER_KEY), moment)


def _pair(certificate: Path, key: Path, words: tuple[_Words, _Words], moment: datetime) -> Iterator[FileTrouble]:
    """A certificate and its private key."""
    found, trouble = _read(certificate, read_certificate, words[0])
    private, of_key = _read(key, read_key, words[1])
    yield from (each for each in (trouble, of_key) if each is not None)
    if found is not None:
        yield from _lasting(certificate, found, words[0], moment, ends_is_error=True)
    if found is not None and private is not None and not belong_together(found, private):
        zh, en = f"与{words[0].zh}不匹配", f"it is not the key of {words[0].en}"
        yield _trouble(key, zh, en, words[1], is_error=True)
    if private is not None and key.stat().st_mode & _OTHERS:
        zh = "其他用户可读取私钥：chmod 600"
        yield FileTrouble(path=key, zh=zh, en="other users may read this private key: chmod 600", is_error=False)


def _application(path: Path) -> Iterator[FileTrouble]:
    """Our certificate names us: one application URI, which servers compare with what we call ourselves."""
    found, _ = _read(path, read_certificate, _OWN)
    if found is None:
        return
    uris = uris_of(found)
    if not uris:
        yield _trouble(path, "没有应用 URI", "it names no application URI", _OWN, is_error=True)
    elif not uris[0].partition(":")[2]:
        zh, en = (
            f"应用 URI {uris[0]!r} 不是 URI（如 urn:主机:redline）",
            f"{uris[0]!r} is no URI, such as urn:HOST:redline",
        )
        yield _trouble(path, zh, en, _OWN, is_error=True)
    elif len(uris) > 1:
        zh, en = f"有 {len(uris)} 个应用 URI，应只有一个", f"it names {len(uris)} application URIs instead of one"
        yield _trouble(path, zh, en, _OWN, is_error=False)


def _trusted(folder: Path, moment: datetime) -> Iterator[FileTrouble]:
    paths, trouble = _listed(folder)
    if trouble is not None:
        yield trouble
    elif not paths:
        zh = "没有受信任的证书，任何服务器都会被拒绝；用 redline opcua trust 信任设备"
        en = "nobody is trusted, so that every server is refused; accept the device with redline opcua trust"
        yield FileTrouble(path=folder, zh=zh, en=en, is_error=False)
    for path in paths:
        found, trouble = _read(path, read_certificate, _TRUSTED)
        if trouble is not None:
            yield trouble
        if found is not None:
            yield from _lasting(path, found, _TRUSTED, moment, ends_is_error=False)


def _revocations(folder: Path, moment: datetime) -> Iterator[FileTrouble]:
    """Lists that nobody can read, and authorities whose newest list is out of date."""
    paths, trouble = _listed(folder)
    if trouble is not None:
        yield trouble
    newest: dict[x509.Name, tuple[datetime, Path]] = {}
    for path in paths:
        found, trouble = _read(path, read_crl, _CRL)
        if trouble is not None:
            yield trouble
        if found is not None:
            until = found.next_update_utc or datetime.max.replace(tzinfo=UTC)
            newest[found.issuer] = max(newest.get(found.issuer, (until, path)), (until, path))
    for until, path in newest.values():
        if until < moment:
            zh = f"已于 {until:%Y-%m-%d} 过期，经此机构信任的服务器会被拒绝"
            en = f"out of date since {until:%Y-%m-%d}: servers trusted through its authority are refused"
            yield _trouble(path, zh, en, _CRL, is_error=True)


def _lasting(
    path: Path, certificate: x509.Certificate, words: _Words, moment: datetime, *, ends_is_error: bool
) -> Iterator[FileTrouble]:
    """A certificate that is not valid yet, no more, or not for long."""
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    name = name_of(certificate)
    if moment < begin:
        zh, en = f"{name}：{begin:%Y-%m-%d} 起才有效", f"{name} is valid from {begin:%Y-%m-%d} only"
        yield _trouble(path, zh, en, words, is_error=ends_is_error)
    elif moment > end:
        zh, en = f"{name}：已于 {end:%Y-%m-%d} 到期", f"{name} ended on {end:%Y-%m-%d}"
        yield _trouble(path, zh, en, words, is_error=ends_is_error)
    elif end - moment < timedelta(days=WARN_DAYS):
        left = (end - moment).days
        zh, en = f"{name}：{left} 天后到期（{end:%Y-%m-%d}）", f"{name} ends in {left} days ({end:%Y-%m-%d})"
        yield _trouble(path, zh, en, words, is_error=False)


def _read(path: Path, read: Callable[[bytes], _Found], words: _Words) -> tuple[_Found | None, FileTrouble | None]:
    """What is in a file, or what is wrong with it; the library's own words are left out, they may quote the file."""
    try:
        return read(path.read_bytes()), None
    except FileNotFoundError:
        return None, _trouble(path, "缺少此文件", "this file is missing", words, is_error=False)
    except OSError as error:
        why = error.strerror or type(error).__name__
        return None, _trouble(path, f"无法读取：{why}", f"it cannot be read: {why}", words, is_error=True)
    except ValueError:
        zh, en = "内容不是（或私钥已加密）", "it holds something else, or an encrypted key"
        return None, _trouble(path, zh, en, words, is_error=True)


def _listed(folder: Path) -> tuple[list[Path], FileTrouble | None]:
    try:
        return files_of(folder), None
    except OSError as error:
        why = error.strerror or type(error).__name__
        return [], FileTrouble(path=folder, zh=f"无法读取：{why}", en=f"it cannot be read: {why}", is_error=True)


def _trouble(path: Path, zh: str, en: str, words: _Words, *, is_error: bool) -> FileTrouble:
    return FileTrouble(
        path=path, zh=f"{words.zh}：{zh}；{words.do_zh}", en=f"{words.en}: {en}; {words.do_en}", is_error=is_error
    )
