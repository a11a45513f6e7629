"""`/shadow`: what a second set of rules, judged beside the live one, says otherwise.  It raises nothing."""

from fastapi import APIRouter

from monitor.api import dto
from monitor.api.context import Here
from monitor.api.times import rfc3339, rfc3339_or_none

router = APIRouter(tags=["performance"])


@router.get("/shadow")
def read_shadow(here: Here) -> dto.Shadow:
    """Rules that were TRUE in one set and not in the other; `state` `none` where no shadow was started."""
    told = here.board.view().shadow
    if told is None:
        return dto.Shadow(
            state="none",
            reason=dto.Text(zh="", en=""),
            folder="",
            fingerprint="",
            since=None,
            rules=0,
            same=0,
            changed=0,
            only_live=0,
            only_shadow=0,
            differing=0,
            differences=[],
        )
    return dto.Shadow(
        state=told.word,
        reason=dto.Text(zh=told.reason_zh, en=told.reason_en),
        folder=told.folder,
        fingerprint=told.fingerprint,
        since=rfc3339(told.since_wall_ns),
        rules=told.rules,
        same=told.same,
        changed=told.changed,
        only_live=told.only_live,
        only_shadow=told.only_shadow,
        differing=told.differing,
        differences=[
            dto.ShadowDifference(
                id=item.id,
                live=item.live,
                shadow=item.shadow,
                since=rfc3339_or_none(item.since_wall_ns),
                times=item.times,
                live_raised=item.live_raised,
                shadow_raised=item.shadow_raised,
            )
            for item in told.differences
        ],
    )
