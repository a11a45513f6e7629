"""One Modbus TCP device as a process: pymodbus serves its tables, the parent's frames fill them."""

import asyncio
import logging
import math
import signal
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from pymodbus.simulator.simcore import SimCore

from simulators.plc.messages import Behave, Behaviour, Failed, Frame, Listening, ToServer, Written
from simulators.plc.points import ModbusPoint
from simulators.plc.process import ChangeWatch, Inlet, tell

BITS = 128
REGISTERS = 256
BITS_PER_REGISTER = 16
GARBAGE = bytes(range(0x80, 0xB0))

BLOCKS = {"co": "c", "di": "d", "hr": "h", "ir": "i"}
"""Our table names -> pymodbus' block names."""


_FUNCTIONS = {1: "co", 2: "di", 3: "hr", 4: "ir"}
"""Function codes of reads -> our table names."""


class Core(SimCore):
    """What pymodbus serves from, without the addresses that were lost."""

    lost: frozenset[tuple[str, int]] = frozenset()
    """(table, address) of bits that the device no longer has."""

    async def async_getValues(  # noqa: N802 -- the name is pymodbus'
        self, device_id: int, func_code: int, address: int, count: int = 1
    ) -> list[int] | list[bool] | ExcCodes:
        """Values, or exception 2 where one of the addresses is lost."""
        table = _FUNCTIONS.get(func_code, "")
        if self.lost and any((table, address + offset) in self.lost for offset in range(count)):
            return ExcCodes.ILLEGAL_ADDRESS
        return await super().async_getValues(device_id, func_code, address, count)


class ModbusTables:
    """The four tables of one device, as the registers that pymodbus serves."""

    def __init__(self, points: Sequence[ModbusPoint], *, low_word_first: bool) -> None:
        self.points = tuple(points)
        self.low_word_first = low_word_first
        self.lost: frozenset[tuple[str, int]] = frozenset()
        """(table, address) of the bits that are refused."""
        self.registers: dict[str, list[int]] = {
            "co": [0] * (BITS // BITS_PER_REGISTER),
            "di": [0] * (BITS // BITS_PER_REGISTER),
            "hr": [0] * REGISTERS,
            "ir": [0] * REGISTERS,
        }

    def write(self, frame: Frame) -> None:
        """Replace every served value; nothing can be read in between, the loop does not turn."""
        bad = {place for place, _ in frame.bad}
        points = (self.points[place] for place in bad)
        self.lost = frozenset((point.table, point.address) for point in points if point.encoding == "bit")
        for place, point in enumerate(self.points):
            value = math.nan if place in bad and point.encoding != "bit" else frame.values[place]
            if point.encoding == "bit":
                self._write_bit(point, bool(value))
            elif not (math.isnan(value) and point.encoding in ("uint16", "uint32")):
                words = point.words(value, low_word_first=self.low_word_first)
                self.registers[point.table][point.address : point.address + len(words)] = words

    def _write_bit(self, point: ModbusPoint, state: bool) -> None:
        if point.bit is None:
            register, bit = divmod(point.address, BITS_PER_REGISTER)
        else:
            register, bit = point.address, point.bit
        table = self.registers[point.table]
        table[register] = table[register] | 1 << bit if state else table[register] & ~(1 << bit)


class ModbusDevice:
    """The server with its tables and its present behaviour."""

    def __init__(self, tables: ModbusTables, unit_id: int, port: int) -> None:
        self.tables = tables
        self.behaviour: Behaviour = "normal"
        bits = [SimData(0, values=[False] * BITS, datatype=DataType.BITS, readonly=True)]
        registers = [SimData(0, count=REGISTERS, values=0, datatype=DataType.REGISTERS, readonly=True)]
        device = SimDevice(unit_id, simdata=(bits, bits, registers, registers), action=self._before_answer)
        self.server = ModbusTcpServer(device, address=("127.0.0.1", port), trace_packet=self._packet)
        # pymodbus serves from its own lists: from now on those are ours, so that a frame is one write without its
        # 161 microseconds per thousand registers of async_setValues
        self.core = self.server.context = Core(device)
        blocks = self.core.devices[unit_id].block
        for name, block_name in BLOCKS.items():
            served = blocks[block_name][2]
            served[: len(tables.registers[name])] = tables.registers[name]
            tables.registers[name] = served

    async def _before_answer(
        self,
        function_code: int,
        start_address: int,
        address: int,
        count: int,
        registers: list[int],
        values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        del start_address, address, count, registers
        if values is not None or function_code > 4:
            return ExcCodes.ILLEGAL_FUNCTION  # the field bus of a monitored plant is read-only
        return ExcCodes.DEVICE_BUSY if self.behaviour == "exception" else None

    def _packet(self, sending: bool, data: bytes) -> bytes:
        if not sending or self.behaviour in ("normal", "exception"):
            return data
        return GARBAGE if self.behaviour == "garbage" else b""


async def _serve(pipe: "Connection[object, object]", device: str, points: Sequence[ModbusPoint], low_word_first: bool,
                 unit_id: int, port: int) -> None:  # fmt: skip
    tables = ModbusTables(points, low_word_first=low_word_first)
    served = ModbusDevice(tables, unit_id, port)
    watch = ChangeWatch(points)

    def take(message: ToServer) -> None:
        if isinstance(message, Behave):
            served.behaviour = message.behaviour
            return
        tables.write(message)
        served.core.lost = tables.lost
        changes = watch.changes(message)
        if changes:
            tell(pipe, Written(wall_ns=time.time_ns(), changes=changes))

    inlet = Inlet(pipe, take)
    await inlet.first_frame.wait()
    try:
        await served.server.serve_forever(background=True)
    except (OSError, RuntimeError) as error:
        tell(pipe, Failed(reason=f"{device}: cannot listen on 127.0.0.1:{port}: {error}"))
        return
    tell(pipe, Listening(address=f"127.0.0.1:{port}"))
    await inlet.ended.wait()
    await served.server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus has no type there


def run(pipe: "Connection[object, object]", device: str, points: Sequence[ModbusPoint], low_word_first: bool,
        unit_id: int, port: int) -> None:  # fmt: skip
    """Main function of the process; ends with the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    asyncio.run(_serve(pipe, device, points, low_word_first, unit_id, port))
