"""`python -m simulators plant`: the tank farm on real sockets, until interrupted."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from simulators.control.farm import Farm, StartError
from simulators.control.http import serve
from simulators.control.routes import routes
from simulators.control.servers import farm


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulators plant", description=__doc__)
    parser.add_argument("--opcua-port", type=int, default=48400, help="PLC-1, OPC UA")
    parser.add_argument("--modbus-a-port", type=int, default=15020, help="PLC-2, Modbus TCP, low word first")
    parser.add_argument("--modbus-b-port", type=int, default=15021, help="SIS-1, Modbus TCP, high word first")
    parser.add_argument("--control-port", type=int, default=18081, help="HTTP: /truth /log /fault /incident")
    parser.add_argument("--speed", type=float, default=1.0, help="physics seconds per real second")
    parser.add_argument("--seed", type=int, default=20051211, help="of the instrument noise")
    return parser.parse_args(argv)


async def _run(arguments: argparse.Namespace) -> int:
    plant = Farm(
        farm(arguments.opcua_port, arguments.modbus_a_port, arguments.modbus_b_port), arguments.speed, arguments.seed
    )
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        control = await serve("127.0.0.1", arguments.control_port, routes(plant))
    except OSError as error:
        print(f"cannot listen on 127.0.0.1:{arguments.control_port}: {error}", file=sys.stderr)
        return 1
    try:
        await _until(stop, plant)
    except StartError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        control.close()
        plant.stop()
    return 0


async def _until(stop: asyncio.Event, plant: Farm) -> None:
    async with asyncio.TaskGroup() as tasks:
        waiting, living = tasks.create_task(stop.wait()), tasks.create_task(_outcome(plant))
        await asyncio.wait((waiting, living), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        living.cancel()
    if not living.cancelled():
        raise living.result()


async def _outcome(plant: Farm) -> StartError:
    """Live; the only way to end by itself is not to get started."""
    try:
        await _live(plant)
    except StartError as error:
        return error


async def _live(plant: Farm) -> NoReturn:
    await plant.listen()
    addresses = ", ".join(f"{server.device} {server.address}" for server in plant.servers.values())
    print(f"simulated plant ready: {addresses}", flush=True)
    await plant.live()


def main(argv: Sequence[str]) -> int:
    """Run the farm until SIGINT or SIGTERM; 0 when stopped so, 1 when a port is taken."""
    arguments = _arguments(argv)
    if not arguments.speed > 0:
        print("--speed must be above 0", file=sys.stderr)
        return 2
    return asyncio.run(_run(arguments))
