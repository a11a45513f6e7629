"""A kind that only tests have, for the tests of what rules remember."""

from collections.abc import Iterator
from typing import Any, cast

import pytest

from rules.catalog import KINDS
from tests.rules.remembering import Rose, RoseKind


@pytest.fixture(scope="module")
def remembering() -> Iterator[None]:
    """`Rose` is in the catalogue."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(cast("dict[Any, Any]", KINDS), Rose, RoseKind())
        yield
