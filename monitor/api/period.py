"""The period and the operator position that figures are asked for."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Query

from monitor.api.context import Here
from monitor.api.parameters import Moment
from monitor.api.problems import ProblemError
from monitor.api.times import wall_ns

DAY_NS: Final = 24 * 3600 * 1_000_000_000
LONGEST_NS: Final = 400 * DAY_NS


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From the first moment to the last, which is excluded; wall time."""

    from_ns: int
    to_ns: int


async def period(
    here: Here,
    start: Annotated[Moment | None, Query(alias="from", description="a day before `to` if not given")] = None,
    end: Annotated[Moment | None, Query(alias="to", description="now if not given")] = None,
) -> Period:
    """Dependency: the period asked for.

    :raises ProblemError: 422, the beginning does not lie before the end, or longer than 400 days.
    """
    to_ns = here.clock.wall_ns() if end is None else wall_ns(end)
    from_ns = to_ns - DAY_NS if start is None else wall_ns(start)
    if from_ns >= to_ns:
        raise _refused("起始时间应早于结束时间。", "The beginning must lie before the end.")
    if to_ns - from_ns > LONGEST_NS:
        raise _refused("一次最多统计 400 天。", "At most 400 days at once.")
    return Period(from_ns=from_ns, to_ns=to_ns)


def _refused(zh: str, en: str) -> ProblemError:
    return ProblemError(422, "validation", zh, en, errors=[f"from: {zh}（{en}）"])


def positions_of(here: Here, position: str | None) -> tuple[str, ...]:
    """The position that was asked for, or all.

    :raises ProblemError: 422, there is no such position.
    """
    known = here.presenter.positions.ids
    if position is None:
        return known
    if position not in known:
        zh, en = "没有这个操作岗位。", "There is no such operator position."
        raise ProblemError(422, "validation", zh, en, errors=[f"position: {', '.join(known)}"])
    return (position,)


Asked = Annotated[Period, Depends(period)]
Position = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9_.-]{1,64}$", description="all if not given")]
