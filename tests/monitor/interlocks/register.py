"""Small registers for tests of interlocks."""

from collections.abc import Sequence

from monitor.interlocks.register import BypassBit, Cause, Effect, Interlock


def interlock(
    name: str = "SIS-1",
    *,
    inputs: Sequence[Cause] = (Cause(tag="LS-1", sense="state", trip_point=1.0),),
    outputs: Sequence[Effect] = (),
    bits: Sequence[BypassBit] = (BypassBit(tag="BP-1", bypassed_when=1),),
    needed: int = 1,
    trip_tag: str | None = "TR-1",
    interlock_class: str = "B",
    hazard_source: str = "HS-1",
    process_unit: str = "U-1",
) -> Interlock:
    return Interlock(
        id=name,
        name_zh=name,
        name_en=name,
        hazard_source=hazard_source,
        process_unit=process_unit,
        interlock_class=interlock_class,
        sil=None,
        causes=tuple(cause.tag for cause in inputs),
        effects=tuple(output.tag for output in outputs),
        bypass_bits=tuple(bits),
        trip_tag=trip_tag,
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        needed=needed,
    )
