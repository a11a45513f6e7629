"""A process with one MQTT channel, to be killed: `python -m tests.monitor.notify.mqtt_process PORT`."""

import asyncio
import sys
from dataclasses import replace

from monitor.clock import SystemClock
from monitor.hazards.view import ChannelStatus
from monitor.notify.registry import open_senders
from tests.monitor.notify.support import MQTT, MemoryOutbox, alarm, definition, notification


async def main(port: int) -> None:
    of = definition()

    def told(status: ChannelStatus) -> None:
        print("up" if status.up else "down", flush=True)

    (sender,) = open_senders(notification(replace(MQTT, port=port)), (of,), MemoryOutbox(), SystemClock(), told)
    sender.notifier.publish_board([alarm(of)])
    await sender.run()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
