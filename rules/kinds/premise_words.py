"""How a rule over a window with a premise is told."""

from rules.kinds.explain import reading
from rules.kinds.premises import Premises, missing
from rules.port import Judged, Moment
from rules.verdicts import Verdict


def premise_words(
    premises: Premises, place: int, moment: Moment, judged: Judged, told: tuple[str, str], asked: tuple[str, str]
) -> tuple[str, str]:
    """(zh, en): the reading, what the window lacks while UNKNOWN, what was found in it, and the condition with its numbers.

    `told` is what was found ("" where nothing was), `asked` what the condition is called.
    """
    zh, en = reading(moment, int(premises.row[place]))
    if judged.condition[place] == Verdict.UNKNOWN:
        share = premises.coverage(judged.state, place, moment.mono_ns)
        gap = missing(share, float(premises.minimum_coverage[place]), premises.window_ns[place] / 1e9)
        zh, en = f"{zh}；{gap[0]}", f"{en}; {gap[1]}"
    if told[0]:
        zh, en = f"{zh}；{told[0]}", f"{en}; {told[1]}"
    condition = premises.asked(place, moment, judged.state)
    return f"{zh}；{asked[0]}：{condition[0]}", f"{en}; {asked[1]}: {condition[1]}"
