"""What tests of the polling loop share."""

import pytest

from tests.drivers.polling import Waits


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    noted = Waits()
    monkeypatch.setattr("drivers.poll._wait_s", noted.wait_s)
    return noted
