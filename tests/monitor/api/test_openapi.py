"""The document tells the truth: schemathesis makes requests from it and compares the answers with it."""

import os
import subprocess
import sys
from typing import Any

import orjson
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import positive_data_acceptance
from schemathesis.specs.openapi.checks import ignored_auth

from monitor.api.openapi import PREFIX, document
from monitor.api.tokens import fingerprint
from tests.monitor.api.fake_journal import push_row
from tests.monitor.api.fakes import FakeAccounts, Site

TOKEN = "a-token-of-a-program"


class LastingAccounts(FakeAccounts):
    """A program's token outlives every log-out that is tried."""

    async def close_session(self, token_sha256: bytes) -> None:
        if token_sha256 != fingerprint(TOKEN):
            await super().close_session(token_sha256)


def prepared() -> Site:
    site = Site(accounts=LastingAccounts())
    site.accounts.sessions[fingerprint(TOKEN)] = "shift_leader", 2**62
    site.board.judge("LT-101.HH", "LT-101.H")
    site.journal.outbox = [push_row()]
    site.journal.add("transition", {"kind": "transition", "message_zh": "一", "message_en": "one"}, id="LT-101.HH")
    return site


SITE = prepared()
SCHEMA = schemathesis.openapi.from_dict(document(SITE.app))
SCHEMA.app = SITE.app


@pytest.mark.slow
@SCHEMA.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_what_the_document_says(case: Case[Any]) -> None:
    # `from` after `to` is a wrong request that a schema cannot express; who may without log-in: test_routes.py
    excluded = [positive_data_acceptance, ignored_auth]
    case.call_and_validate(headers={"authorization": f"Bearer {TOKEN}"}, excluded_checks=excluded)


def test_the_document_holds_the_stream_and_one_form_of_refusal() -> None:
    found = document(SITE.app)
    schemas = found["components"]["schemas"]
    for model in ("StreamTags", "StreamAlarm", "StreamAlarms", "Problem", "AlarmDetail", "Tag", "Trend", "JournalPage"):
        assert model in schemas
    assert schemas["StreamAlarm"]["properties"]["alarm"] == {"$ref": "#/components/schemas/Alarm"}
    assert "class" in schemas["Alarm"]["properties"]
    assert not {"HTTPValidationError", "ValidationError"} & set(schemas)
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            for status, answer in operation["responses"].items():
                if status >= "400" and not (path.endswith("/health") and status == "503"):
                    assert list(answer["content"]) == ["application/problem+json"], (path, method, status)
            is_open = (path, method) in {(f"{PREFIX}/health", "get"), (f"{PREFIX}/session", "post")}
            assert ("security" in operation) is not is_open


def test_every_reference_leads_somewhere() -> None:
    found = document(SITE.app)
    names = set(found["components"]["schemas"])
    text = orjson.dumps(found).decode()
    references = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert references <= names


async def test_it_is_served_behind_the_log_in() -> None:
    async with prepared().client("viewer") as client:
        assert (await client.get(f"{PREFIX}/openapi.json")).json() == document(SITE.app)


@pytest.mark.slow
def test_the_command_prints_the_same_document() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "monitor.api.openapi"], capture_output=True, check=True, env=os.environ, timeout=60
    )
    printed = orjson.loads(done.stdout)
    served = document(SITE.app)
    assert printed["paths"] == served["paths"]
    assert printed["components"] == served["components"]
