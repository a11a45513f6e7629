"""What `redline watch` says of a link: once a change, in the language that was asked for."""

import pytest

from drivers.link import LinkState
from drivers.port import LinkStatus
from monitor.cli.watch import Watcher
from monitor.plant.plant import Device

DEVICE = Device(id="PLC-1", kind="modbus", name_zh="一号", name_en="one", settings={}, addresses=())


def status(state: LinkState) -> LinkStatus:
    return LinkStatus(
        device="PLC-1",
        state=state,
        since_wall_ns=1_767_225_600_000_000_000,
        last_error="no connection to x",
        last_error_zh="无法连接 x",
        attempts=0,
        reconnects=0,
        batches=0,
        readings=0,
        overruns=0,
        round_trip_ms=0.0,
        bad_points=0,
    )


@pytest.mark.parametrize(("language", "words"), [("zh", "无法连接 x"), ("en", "no connection to x")])
def test_the_link_is_said_when_it_changes_and_in_the_language_asked_for(language: str, words: str) -> None:
    said: list[str] = []
    watcher = Watcher(DEVICE, said.append, language)
    for state in (LinkState.CONNECTING, LinkState.DOWN, LinkState.DOWN, LinkState.CONNECTING, LinkState.UP):
        watcher.link(status(state))
    assert said == [f"00:00:00.000Z  PLC-1: down: {words}", "00:00:00.000Z  PLC-1: up"]
