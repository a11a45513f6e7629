"""`/tags`: values with quality, reason and both times; `/tags/{id}/trend`: their history."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Response

from monitor.api import dto
from monitor.api.context import Context, Here
from monitor.api.parameters import Moment
from monitor.api.present import finite
from monitor.api.problems import ProblemError, not_found
from monitor.api.times import rfc3339_or_none, wall_ns

router = APIRouter(tags=["tags"])
HOUR_NS = 3_600_000_000_000
MOST_POINTS = 5000


@router.get("/tags", response_model=list[dto.Tag])
def list_tags(here: Here) -> Response:
    """All tags in the row order of the stream, as of the last committed scan."""
    view = here.board.view()
    tags = [here.presenter.tag(view, row) for row in range(len(here.plant.tags))]
    return Response(orjson.dumps(tags), media_type="application/json")


@router.get("/tags/{tag_id}", response_model=dto.Tag)
def one_tag(here: Here, tag_id: str) -> Response:
    """One tag."""
    tag = here.presenter.tag(here.board.view(), _row_of(here, tag_id))
    return Response(orjson.dumps(tag), media_type="application/json")


@router.get("/tags/{tag_id}/trend")
async def trend(
    here: Here,
    tag_id: str,
    start: Annotated[Moment | None, Query(alias="from", description="an hour before `to` if not given")] = None,
    end: Annotated[Moment | None, Query(alias="to", description="now if not given")] = None,
    points: Annotated[int, Query(ge=1, le=MOST_POINTS)] = 600,
) -> dto.Trend:
    """History of one tag in at most `points` buckets."""
    row = _row_of(here, tag_id)
    to_ns = here.clock.wall_ns() if end is None else wall_ns(end)
    from_ns = to_ns - HOUR_NS if start is None else wall_ns(start)
    if from_ns >= to_ns:
        raise ProblemError(
            422,
            "validation",
            "起始时间应早于结束时间。",
            "The beginning must lie before the end.",
            errors=["from: 应早于 to (should be before `to`)"],
        )
    columns = await here.history.trend(tag_id, from_ns, to_ns, points)
    return dto.Trend(
        tag=tag_id,
        eu=here.plant.tags.tags[row].eu,
        t=[time_ns // 1_000_000 / 1000 for time_ns in columns.time_ns],
        value=[finite(value) for value in columns.value],
        minimum=[finite(value) for value in columns.minimum],
        maximum=[finite(value) for value in columns.maximum],
        quality=[int(quality) for quality in columns.quality],
        oldest=rfc3339_or_none(columns.oldest_ns),
    )


def _row_of(here: Context, tag_id: str) -> int:
    row = here.plant.tags.row_of.get(tag_id)
    if row is None:
        raise not_found("没有这个位号。", "There is no such tag.")
    return row
