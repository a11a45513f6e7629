"""Opens what a line runs over: a TCP connection, or a serial port through pymodbus's asyncio transport."""

import asyncio
from typing import Final

from pymodbus.transport.serialtransport import SerialTransport

from drivers.errors import LinkLostError
from drivers.modbus.mbap import MbapExchange
from drivers.modbus.rtu import RtuExchange
from drivers.modbus.settings import LineSettings
from drivers.modbus.transport import Asked, Connection, Dispatcher
from drivers.modbus.wire import Exchange

PARITY: Final = {"none": "N", "even": "E", "odd": "O"}

_CHARACTER_BITS: Final = 11
"""Start, eight data, parity or second stop, stop: what the specification counts a character as."""

_LEAST_SILENCE_S: Final = 0.00175
"""Silence between frames above 19 200 baud, where three and a half characters would be too short to keep."""


def silence_s(baud_rate: int) -> float:
    """The pause between two RTU frames: three and a half characters, seconds."""
    return max(_LEAST_SILENCE_S, 3.5 * _CHARACTER_BITS / baud_rate)


async def connect(settings: LineSettings, window: int, dispatcher: Dispatcher, into: list[Connection]) -> None:
    """Open all connections of a line; each stands in `into` as soon as there is something to close.

    :raises LinkLostError: one of them could not be opened, in words.
    """
    pause_s = settings.request_pause_s
    if settings.serial_port:
        pause_s = max(pause_s, silence_s(settings.baud_rate))
    for _ in range(settings.connections):
        exchange: Exchange[Asked] = RtuExchange() if settings.is_rtu else MbapExchange(window)
        connection = Connection(dispatcher, exchange, pause_s)
        into.append(connection)
        await open_connection(settings, connection)
    if settings.connect_pause_s:
        await asyncio.sleep(settings.connect_pause_s)
    if any(connection.is_closed for connection in into):
        raise LinkLostError("the device closed the connection")


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
        raise LinkLostError(f"no connection to {settings.where} within {settings.connect_timeout_s:g} s") from error
    except (
        OSError,
        ValueError,
    ) as error:  # pyserial's own error is an OSError; a ValueError is a rate it does not know
        reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise LinkLostError(f"no connection to {settings.where}: {reason}") from error


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
