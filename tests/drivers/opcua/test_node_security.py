"""Security, users and browsing against node-opcua: a server whose certificates, tokens and tree are not asyncua's."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drivers.errors import NotYetAllowedError, RefusedError
from drivers.opcua.driver import OpcUaDriver, open_driver
from drivers.opcua.settings import read_settings
from drivers.opcua.transport import Session
from drivers.opcua.tree import walk
from drivers.opcua.trust import TrustFolder
from tests.drivers.opcua.driving import CLOCK, first
from tests.drivers.opcua.plant import tags
from tests.drivers.opcua.secured import pki
from tests.node_opcua.process import NodeProcess
from tests.ports import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

COUNT, MOST = 100, 40
URI = "urn:test:node"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    with NodeProcess(tmp_path_factory.mktemp("node-opcua"), "server.js", port, COUNT, MOST, "secured"):
        yield f"opc.tcp://127.0.0.1:{port}/node"


@pytest.fixture
def trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrustFolder:
    monkeypatch.setenv("NODE_PASSWORD", "Schiffsbug-17")
    return pki(tmp_path / "pki")


def keys(endpoint: str, trust: TrustFolder, **more: Any) -> dict[str, Any]:
    user = {"username": "reader", "password_env": "NODE_PASSWORD"}
    return {"endpoint": endpoint, "security": "sign_and_encrypt", "pki": str(trust.folder), **user, **more}


def driver_for(settings: dict[str, Any]) -> OpcUaDriver:
    driver = open_driver("PLC-1", settings, tags([f"V{number}" for number in range(COUNT)], uri=URI), CLOCK)
    assert isinstance(driver, OpcUaDriver)
    return driver


async def accepted(settings: dict[str, Any], trust: TrustFolder) -> None:
    """Meet the server once, and accept what it showed."""
    with pytest.raises(NotYetAllowedError, match="not believed"):
        await driver_for(settings).__aenter__()
    ((_, shown),) = await asyncio.to_thread(trust.rejected)
    await asyncio.to_thread(trust.accept, shown)


@pytest.mark.parametrize(
    ("security", "policy"),
    [
        ("sign", "Basic256Sha256"),
        ("sign_and_encrypt", "Basic256Sha256"),
        ("sign_and_encrypt", "Aes128Sha256RsaOaep"),
        ("sign_and_encrypt", "Aes256Sha256RsaPss"),
    ],
)
async def test_every_mode_and_policy_reads_as_a_user(
    endpoint: str, trust: TrustFolder, security: str, policy: str
) -> None:
    settings = keys(endpoint, trust, security=security, security_policy=policy)
    await accepted(settings, trust)
    expected = [number % 2 if number % 3 == 0 else number + 0.5 for number in range(COUNT)]
    async with driver_for(settings) as driver:
        np.testing.assert_array_equal((await first(driver)).value, expected)
        assert driver.health().impairment.en == ""


async def test_a_wrong_password_is_a_refusal(
    endpoint: str, trust: TrustFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = keys(endpoint, trust)
    await accepted(settings, trust)
    monkeypatch.setenv("NODE_PASSWORD", "guess")
    with pytest.raises(RefusedError) as refusal:
        await driver_for(settings).__aenter__()
    assert not isinstance(refusal.value, NotYetAllowedError)


async def test_a_tree_in_pieces_is_browsed_whole(
    endpoint: str, trust: TrustFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.opcua.connection._REFERENCES_AT_ONCE", 7)
    settings = keys(endpoint, trust)
    await accepted(settings, trust)
    async with Session(read_settings(settings), CLOCK, "test") as session:
        found = [each async for each in walk(session, f"nsu={URI};*")]
    assert sorted(each.path for each in found) == sorted(f"V{number}" for number in range(COUNT))
    assert {each.tag_type for each in found} == {"bool", "float64"}
    assert {each.status >> 30 for each in found} == {0, 1}
