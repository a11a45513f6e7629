"""One property twice: with few examples in every run, with ten thousand in `make soak`."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

LONG = 10_000


def twins(
    check: Callable[[Any, Any], None], examples: int, *, rules: st.SearchStrategy[Any], history: st.SearchStrategy[Any]
) -> tuple[Callable[[], None], Callable[[], None]]:
    """(the quick test, its long twin) of a check of some rules over a history."""

    def made(many: int) -> Callable[[], None]:
        def holds(rules: Any, history: Any) -> None:
            check(rules, history)

        # by its module and name hypothesis finds again what failed
        holds.__module__, holds.__qualname__ = check.__module__, f"{check.__qualname__}_{many}"
        test: Callable[[], None] = settings(max_examples=many)(given(rules=rules, history=history)(holds))
        return test

    return made(examples), pytest.mark.soak(pytest.mark.timeout(3600)(made(LONG)))
