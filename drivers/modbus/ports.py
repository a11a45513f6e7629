"""Opens what a line runs over: a TCP connection, or a serial port through pymodbus's asyncio transport."""

import asyncio
from typing import Final

from pymodbus.transport.serialtransport import SerialTransport

from drivers.causes import of_system
from drivers.errors import LinkLostError
from drivers.modbus.line_settings import LineSettings
from drivers.modbus.mbap import MbapExchange
from drivers.modbus.rtu import RtuExchange
from drivers.modbus.transport import Asked, Connection, Dispatcher
from drivers.modbus.wire import Exchange

PARITY: Final = {"none": "N", "even": "E", "odd": "O"}

QUIET_FRAMES: Final = 4
"""Silences between frames that a serial line must keep after a timeout before it is used again."""

_CHARACTER_BITS: Final = 11
"""Start, eight data, parity or second stop, stop: what the specification counts a character as."""

_LEAST_SILENCE_S: Final = 0.00175
"""Silence between frames above 19 200 baud, where three and a half characters would be too short to keep."""


def silence_s(baud_rate: int) -> float:
    """The pause between two RTU frames: three and a half characters, seconds."""
    return max(_LEAST_SILENCE_S, 3.5 * _CHARACTER_BITS / baud_rate)


class Ports:
    """The sockets or the serial port of one line, all open or all closed."""

    def __init__(self, settings: LineSettings, dispatcher: Dispatcher) -> None:
        self._settings = settings
        self._dispatcher = dispatcher
        self._connections: list[Connection] = []
        self._late_answers = 0

    @property
    def late_answers(self) -> int:
        """Answers that came when nobody waited for them any more, and were dropped."""
        return self._late_answers + sum(connection.late_answers for connection in self._connections)

    async def open(self, window: int) -> None:
        """Close what is open and connect anew, with room for `window` transactions on each connection.

        :raises LinkLostError: one of them could not be opened, in words.
        """
        await self.close()
        settings = self._settings
        pause_s = settings.request_pause_s
        if settings.serial_port:
            pause_s = max(pause_s, silence_s(settings.baud_rate))
        for _ in range(settings.connections):
            exchange: Exchange[Asked] = RtuExchange() if settings.is_rtu else MbapExchange(window)
            connection = Connection(self._dispatcher, exchange, pause_s)
            self._connections.append(connection)
            await open_connection(settings, connection)
        if settings.connect_pause_s:
            await asyncio.sleep(settings.connect_pause_s)
        if any(connection.is_closed for connection in self._connections):
            raise LinkLostError("the device closed the connection", "设备关闭了连接")

    def ask(self) -> None:
        """Let every connection begin what it has room for."""
        for connection in self._connections:
            connection.ask()

    def listen(self) -> None:
        """Ask nothing until a serial line was quiet for a few frames' silence."""
        quiet_s = QUIET_FRAMES * silence_s(self._settings.baud_rate)
        for connection in self._connections:
            connection.rest(quiet_s, quiet_s)

    def end(self) -> None:
        """Close all without waiting."""
        for connection in self._connections:
            connection.end()

    async def close(self) -> None:
        """Close all; returns when the sockets are gone."""
        closing, self._connections = self._connections, []
        for connection in closing:
            await connection.close()
            self._late_answers += connection.late_answers


async def open_connection(settings: LineSettings, connection: Connection) -> None:
    """Connect a protocol that was just made.

    :raises LinkLostError: nobody listens, no such port, or the time is over; in words.
    """
    try:
        async with asyncio.timeout(settings.connect_timeout_s):
            if settings.serial_port:
                await _open_serial(settings, connection)
            else:
                loop = asyncio.get_running_loop()
                await loop.create_connection(lambda: connection, settings.host, settings.port)
    except TimeoutError as error:
        limit = f"{settings.connect_timeout_s:g} s"
        zh = f"{limit} 内未能连接 {settings.where}"
        raise LinkLostError(f"no connection to {settings.where} within {limit}", zh) from error
    except (
        OSError,
        ValueError,
    ) as error:  # pyserial's own error is an OSError; a ValueError is a rate it does not know
        zh, en = of_system(error)
        raise LinkLostError(f"no connection to {settings.where}: {en}", f"无法连接 {settings.where}：{zh}") from error


async def _open_serial(settings: LineSettings, connection: Connection) -> None:
    loop = asyncio.get_running_loop()
    opening = (settings.baud_rate, 8, PARITY[settings.parity], settings.stop_bits, 0)
    # opening a port can block for as long as its driver likes
    transport = await asyncio.to_thread(_SerialPort, loop, connection, settings.serial_port, *opening)
    transport.setup()
    await asyncio.sleep(0)  # connection_made comes in the next turn of the loop


class _SerialPort(SerialTransport):
    """pymodbus's transport, which tells nobody when it was aborted."""

    def abort(self) -> None:
        """Close now, and say so."""
        if self.sync_serial:
            self.close()
            self.async_loop.call_soon(self.intern_protocol.connection_lost, None)
