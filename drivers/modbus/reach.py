"""What a device's own limits leave that can be asked for.  Pure."""

from drivers.modbus.place import Place, span_of
from drivers.modbus.plan import Limits


def unreachable(limits: Limits, place: Place, value_type: str) -> list[tuple[str, str]]:
    """Why no request carries a value of a type from a place, (zh, en) each; empty when one does."""
    span = span_of(place, value_type)
    found = [
        (
            f"{place} 在本设备禁止读取的 {forbidden} 内",
            f"{place} lies in {forbidden}, which is forbidden for this device",
        )
        for forbidden in limits.forbidden
        if forbidden.touches(span)
    ]
    most = limits.max_coils if place.table.is_bits else limits.max_registers
    if span.count > most:
        zh = f"{place} 占 {span.count} 个寄存器，超过本设备一次请求的 {most} 个"
        found.append((zh, f"{place} takes {span.count} registers, more than one request carries here ({most})"))
    elif limits.start_at_zero and span.end > most:
        zh = f"{place}：本设备的请求从 0 起，最多到 {most - 1}"
        found.append((zh, f"{place}: requests start at 0 for this device and end at {most - 1} at the latest"))
    elif limits.start_at_zero and any(
        forbidden.table is span.table and forbidden.start < span.end for forbidden in limits.forbidden
    ):
        zh = f"{place}：从 0 起的请求会碰到禁止读取的范围"
        found.append((zh, f"{place}: a request that starts at 0 would touch a forbidden range"))
    return found
