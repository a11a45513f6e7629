"""kill -9 at any moment: nothing an outsider saw is lost, nothing stands twice, the board is the fold of the journal."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx
import pytest

from monitor.store.audit import audit
from tests.faults.rig import Rig, Row, redline, until

KILLS = 20
BYPASSES = [f"BPS-{number}" for number in (101, 102, 103, 104, 105, 106, 107, 108)]


def storm(rig: Rig, chance: random.Random, shown: dict[str, float]) -> None:
    """Change a handful of switches of the plant at once."""
    for tag in chance.sample(BYPASSES, 4):
        shown[tag] = 1.0 - shown.get(tag, 0.0)
        rig.fault("set", tag=tag, value=shown[tag])


def acknowledge_some(rig: Rig, chance: random.Random) -> list[tuple[str, int]]:
    """Acknowledge what stands, like a person in a hurry; returns what was answered with 200."""
    waiting = [alarm for alarm in rig.alarms("unacknowledged").values() if chance.random() < 0.6]
    return [
        (alarm["id"], alarm["occurrence"])
        for alarm in waiting[:3]
        if rig.acknowledge(alarm["id"], alarm["occurrence"]).status_code == 200
    ]


@dataclass
class CutOff:
    """Acknowledgements that were on their way when the process died."""

    answered: list[tuple[str, int]] = field(default_factory=list)
    unanswered: list[tuple[str, int]] = field(default_factory=list)


def acknowledge_and_kill(rig: Rig, chance: random.Random) -> CutOff:
    """Send some acknowledgements at once and kill a few milliseconds after they left, answered or not."""
    waiting = list(rig.alarms("unacknowledged").values())
    chosen = [(alarm["id"], alarm["occurrence"]) for alarm in chance.sample(waiting, min(4, len(waiting)))]
    found = CutOff()
    leave = threading.Barrier(len(chosen) + 1)

    def send(alarm_id: str, occurrence: int) -> None:
        leave.wait()
        try:
            answer = rig.acknowledge(alarm_id, occurrence)
        except httpx.TransportError:
            found.unanswered.append((alarm_id, occurrence))
            return
        if answer.status_code == 200:
            found.answered.append((alarm_id, occurrence))

    senders = [threading.Thread(target=send, args=key) for key in chosen]
    for sender in senders:
        sender.start()
    leave.wait()
    time.sleep(chance.uniform(0.0, 0.025))
    rig.kill()
    for sender in senders:
        sender.join()
    return found


def fold(transitions: list[Row]) -> dict[str, tuple[str, int, int]]:
    """State, occurrence and transition of every alarm as the journal alone tells it."""
    board: dict[str, tuple[str, int, int]] = {}
    for step in transitions:
        board[step["id"]] = (step["after"], step["occurrence"], step["transition"])
    return board


def check_journal(rig: Rig, acknowledged: list[tuple[str, int]]) -> None:
    transitions = rig.transitions()
    keys = [(step["id"], step["occurrence"], step["transition"]) for step in transitions]
    assert len(keys) == len(set(keys)), "a transition stands twice in the journal"
    lost = rig.seen.keys() - set(keys)
    assert not lost, f"seen on the stream, not in the journal: {lost}"
    acks = acknowledgements(transitions)
    lost_acks = set(acknowledged) - acks.keys()
    assert not lost_acks, f"answered with 200, not in the journal: {lost_acks}"
    assert set(acks.values()) <= {1}, "one occurrence was acknowledged twice"
    on_disk = {key: (row["state"], row["occurrence"], row["transition"]) for key, row in rig.board().items()}
    for alarm_id, folded in fold(transitions).items():
        assert on_disk[alarm_id] == folded, f"board and journal differ on {alarm_id}"


def acknowledgements(transitions: list[Row]) -> Counter[tuple[str, int]]:
    """How often the journal says that each occurrence was acknowledged."""
    return Counter((step["id"], step["occurrence"]) for step in transitions if step["trigger"] == "acknowledged")


def check_chain(rig: Rig) -> None:
    """The whole chain, the signed anchors and the head file, as an auditor reads them beside a dead process."""
    found = audit(rig.state_dir)
    assert not found.findings, found.findings
    assert not found.gaps
    assert not found.accepted
    assert found.rows == found.last.seq


def check_outbox(rig: Rig) -> None:
    """Every transition has its MQTT event row: the two were one transaction."""
    events = {
        (row["id"], row["occurrence"], row["transition"]) for row in rig.outbox() if row["channel"] == "mqtt-plant"
    }
    keys = {(step["id"], step["occurrence"], step["transition"]) for step in rig.transitions()}
    assert events == keys


def check_agrees_with_plant(rig: Rig, shown: dict[str, float]) -> None:
    """After the first scans the board says of every bypass switch what the plant says."""

    def agrees() -> bool:
        alarms = rig.alarms()
        return all(
            (alarms[f"SIS-{tag.removeprefix('BPS-')}.bypass"]["underlying_state"] in ("unacknowledged", "acknowledged"))
            == (value == 1.0)
            for tag, value in shown.items()
        )

    until("the board agrees with the plant", agrees, 30)


def raise_pushes(rig: Rig) -> Counter[str]:
    """How often the phones were told of each raise alone (a digest lists many and is not counted)."""
    counts: Counter[str] = Counter()
    for push in rig.pushes():
        marks = [word for word in push["text"].split() if "#" in word and ".bypass#" in word]
        if len(set(marks)) == 1:
            counts[push["text"]] += 1
    return counts


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_twenty_kills_under_load(rig: Rig) -> None:
    kill_under_load(rig, KILLS, seed=20261122)


@pytest.mark.soak
@pytest.mark.timeout(4 * 3600)
def test_five_hundred_kills_under_load(rig: Rig) -> None:
    kill_under_load(rig, 500, seed=18_2)


def kill_under_load(rig: Rig, kills: int, seed: int) -> None:
    """Kill until `kills` of them found unsent or unanswered work, checking everything after each."""
    chance = random.Random(seed)
    shown: dict[str, float] = {}
    acknowledged: list[tuple[str, int]] = []
    tally: Counter[str] = Counter()
    in_flight_keys: set[str] = set()
    rig.wecom(delay_s=0.3)
    rig.start()
    for _ in range(2 * kills):
        rig.watch()
        seen_before = len(rig.seen.events)
        storm(rig, chance, shown)
        time.sleep(chance.uniform(0.0, 0.5))
        acknowledged += acknowledge_some(rig, chance)
        storm(rig, chance, shown)
        time.sleep(chance.uniform(0.0, 0.4))
        cut_off = acknowledge_and_kill(rig, chance)
        acknowledged += cut_off.answered
        tally["kills"] += 1
        outbox = rig.outbox()
        in_flight = [row for row in outbox if row["status"] == "in_flight"]
        waiting = [row for row in outbox if row["status"] == "waiting" and row["purpose"] != "repeat"]
        in_flight_keys |= {f"{row['id']}#{row['occurrence']}" for row in in_flight}
        found = bool(in_flight or waiting)
        tally["kills that found unsent or unanswered rows"] += found
        tally["rows in flight at a kill"] += len(in_flight)
        tally["rows waiting at a kill"] += len(waiting)
        tally["events seen before a kill"] += len(rig.seen.events) - seen_before
        check_journal(rig, acknowledged)
        check_chain(rig)
        check_outbox(rig)
        stored = acknowledgements(rig.transitions())
        tally["acknowledgements answered just before a kill"] += len(cut_off.answered)
        tally["acknowledgements cut off"] += len(cut_off.unanswered)
        tally["acknowledgements cut off and stored"] += sum(stored[key] for key in cut_off.unanswered)
        rig.start()
        check_agrees_with_plant(rig, shown)
        if tally["kills that found unsent or unanswered rows"] >= kills:
            break
    rig.wecom(delay_s=0.0)
    for text, count in raise_pushes(rig).items():
        repeated = count > 1
        tally["pushes repeated after a kill"] += repeated
        if repeated:
            assert any(key in text for key in in_flight_keys), f"told twice though not in flight: {text}"
    tally["acknowledgements answered"] = len(acknowledged)
    print("\nkill -9 tally:", dict(tally))
    verified = redline("journal", "verify", str(rig.state_dir), "--language", "en")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert tally["kills that found unsent or unanswered rows"] >= kills
    assert tally["events seen before a kill"] > kills
    assert tally["acknowledgements cut off"] > kills / 2, "the kills came too late to cut anything off"
    assert acknowledged
