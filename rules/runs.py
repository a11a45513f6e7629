"""Some places out of many: runs of neighbours, two lists in one, and what a group remembers of some of its rules."""

import numpy as np
import numpy.typing as npt

from rules.port import State

Places = npt.NDArray[np.intp]


def places_of_runs(begin: Places, count: Places) -> tuple[Places, Places]:
    """Every place of the runs of `count` places from `begin`, run after run, and where in the result each run begins."""
    ends = count.cumsum()
    starts = ends - count
    places = np.repeat(begin - starts, count)
    places += np.arange(places.size)
    return places, starts


def merged(first: Places, second: Places) -> Places:
    """What stands in either of two ascending columns, ascending and once."""
    if not second.size:
        return first
    if not first.size:
        return second
    both = np.concatenate((first, second))
    both.sort(kind="stable")  # two ascending runs: one merge
    fresh = np.empty(both.shape, np.bool_)
    fresh[0] = True
    np.not_equal(both[1:], both[:-1], out=fresh[1:])
    return both[fresh]


def taken(state: State, places: Places) -> State:
    """The state of the rules at these places."""
    return {name: array.take(places, axis=0) for name, array in state.items()}


def scattered(before: State, given: State, after: State, places: Places) -> State:
    """The state of the whole group with the rows of `places` as judged; arrays that nothing changed stay the same."""
    if after is given:
        return before
    whole = dict(before)
    for name, array in after.items():
        if array is not given[name]:
            column = before[name].copy()
            column[places] = array
            column.flags.writeable = False
            whole[name] = column
    return whole
