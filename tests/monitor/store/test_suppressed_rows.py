"""Suppressions on disk: what was asked survives as it was asked, and rows of the first version can still be read."""

from dataclasses import replace

import orjson

from monitor.alarms.lifecycle import Suppression
from monitor.store.body import decode_alarm, encode_alarm, transition_body
from tests.monitor.alarms.bench import Bench
from tests.monitor.alarms.verdicts import WALL


def test_a_row_with_every_suppression_is_read_back_as_it_was() -> None:
    bench = Bench()
    bench.scan("LT-1.H")
    bench.shelve("LT-1.H", 1)
    bench.remove("LT-1.H", 1)
    alarm = bench.design("LT-1.H").alarm
    assert {record.suppression for record in alarm.suppressions} == set(Suppression)
    again = decode_alarm(encode_alarm(alarm))
    assert again == alarm
    assert again.suppressions[1].interim == "人工检尺"


def test_a_row_of_the_first_version_has_no_second_person() -> None:
    alarm = Bench().shelve("LT-1.H").alarm
    body = orjson.loads(encode_alarm(alarm))
    for record in body["suppressions"]:
        for added in ("person_name", "authorised_by", "interim"):
            del record[added]
    found = decode_alarm(orjson.dumps(body))
    (record,) = alarm.suppressions
    assert found.suppressions == (replace(record, person_name="", authorised_by="", interim=""),)


def test_the_journal_says_which_suppression_began_or_ended() -> None:
    bench = Bench()
    begun = orjson.loads(transition_body("p", bench.shelve("LT-1.H"), WALL, WALL))
    assert (begun["trigger"], begun["annunciated"], begun["comment"]) == ("shelved", False, "校验")
    assert begun["suppression"] == begun["suppressions"][0]
    ended = orjson.loads(transition_body("p", bench.end("LT-1.H"), WALL, WALL))
    assert (ended["trigger"], ended["suppressions"]) == ("unshelved", [])
    assert ended["suppression"] == begun["suppression"]
    bench.scan("LT-1.H")
    plain = bench.acknowledge("LT-1.H")
    assert orjson.loads(transition_body("p", plain, WALL, WALL))["suppression"] is None


def test_whether_an_occurrence_was_told_is_kept_and_a_row_that_does_not_say_it_counts_as_told() -> None:
    bench = Bench()
    bench.shelve("LT-1.H")
    bench.scan("LT-1.H")
    alarm = next(alarm for alarm in bench.board.alarms() if alarm.id == "LT-1.H")
    assert not alarm.told
    assert decode_alarm(encode_alarm(alarm)) == alarm
    body = orjson.loads(encode_alarm(alarm))
    del body["told"]
    assert decode_alarm(orjson.dumps(body)).told
