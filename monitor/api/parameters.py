"""What several routes take in their query, with the form it must have."""

import re
from typing import Annotated, Final

from fastapi import Query
from pydantic import AwareDatetime, BeforeValidator
from pydantic_core import PydanticCustomError

RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def only_rfc3339(given: object) -> object:
    """Refuse what is not RFC 3339 with its offset: a bare number or a local time means another moment to each reader.

    :raises PydanticCustomError: 422 for the caller.
    """
    if isinstance(given, str) and not RFC3339.fullmatch(given):
        raise PydanticCustomError("datetime_parsing", "should be an RFC 3339 time with its offset, + written as %2B")
    return given


Moment = Annotated[AwareDatetime, BeforeValidator(only_rfc3339)]
AlarmId = Annotated[str | None, Query(alias="id", pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
