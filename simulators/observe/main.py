"""`python -m simulators observe`: an outside observer of a running monitor; plays the incident, or only follows."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from simulators.observe.connections import Addresses, Api, Logs, ObserverError, http_client, mqtt_events
from simulators.observe.observer import MUST_HAVE, Observer
from simulators.observe.timeline import NS_PER_MS, STAGES, Seen, Timeline

START_S = 60.0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulators observe", description=__doc__)
    parser.add_argument("--api", required=True, help="address of the monitor, http://127.0.0.1:8000")
    parser.add_argument("--username", required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--mqtt-host", default="127.0.0.1")
    parser.add_argument("--mqtt-port", type=int, required=True)
    parser.add_argument(
        "--wecom-log", required=True, help="address of the WeCom server's log, http://127.0.0.1:18080/log"
    )
    parser.add_argument("--control", required=True, help="address of the simulated plant, http://127.0.0.1:18081")
    parser.add_argument("--follow", action="store_true", help="play nothing: print alarms and pushes until interrupted")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--language", choices=("zh", "en"), default="zh")
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds after which the incident has failed")
    return parser.parse_args(argv)


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} ms"


def _line(what: str, seen: Seen, language: str) -> str:
    message = seen.message_zh if language == "zh" else seen.message_en
    words = {
        ("alarm", "zh"): f"报警 P{seen.priority} {message}  {seen.id}#{seen.occurrence}  判定 {_ms(seen.decision_ms)}",
        (
            "alarm",
            "en",
        ): f"alarm P{seen.priority} {message}  {seen.id}#{seen.occurrence}  decided {_ms(seen.decision_ms)}",
        ("push", "zh"): f"推送 {seen.id}#{seen.occurrence}  企业微信已接收  {_ms(seen.push_ms)}",
        ("push", "en"): f"push {seen.id}#{seen.occurrence}  accepted by WeCom  {_ms(seen.push_ms)}",
    }
    return words[what, language]


def stage_table(timeline: Timeline, alarm_ids: Sequence[str]) -> Table:
    """Stages as rows, alarms as columns: milliseconds after the write at the controller."""
    table = Table(title="Buncefield")
    table.add_column("stage")
    for alarm_id in alarm_ids:
        table.add_column(alarm_id, justify="right")
    for stage in STAGES:
        table.add_row(stage, *(_offset(timeline.occurrence_of(alarm_id), stage) for alarm_id in alarm_ids))
    return table


def _offset(seen: Seen | None, stage: str) -> str:
    if seen is None or stage not in seen.at:
        return "null"
    first = seen.at.get("tripped", min(seen.at.values()))
    return f"+{max(seen.at[stage] - first, 0) / NS_PER_MS:.1f} ms"


async def _observe(arguments: argparse.Namespace) -> Timeline:
    addresses = Addresses(
        api=arguments.api,
        username=arguments.username,
        password=arguments.password,
        mqtt_host=arguments.mqtt_host,
        mqtt_port=arguments.mqtt_port,
        wecom_log=arguments.wecom_log,
        control=arguments.control,
    )

    def tell(what: str, seen: Seen) -> None:
        print(_line(what, seen, arguments.language), flush=True)

    async with http_client() as http, mqtt_events(addresses, START_S) as events:
        api = Api(http, addresses)
        await api.log_in(START_S)
        observer = Observer(api, Logs(http, addresses), events, tell)
        if arguments.follow:
            await observer.follow()
        else:
            await observer.play(arguments.timeout)
        return observer.timeline


def main(argv: Sequence[str]) -> int:
    """Run the observer; 0 when every stage was seen (or following was interrupted), 1 otherwise."""
    arguments = _arguments(argv)
    try:
        timeline = asyncio.run(_observe(arguments))
    except KeyboardInterrupt:
        return 0
    except (ObserverError, ExceptionGroup) as error:
        print(f"observer: {_words(error)}", file=sys.stderr)
        return 1
    summary = timeline.summary(MUST_HAVE)
    Console().print(stage_table(timeline, MUST_HAVE))
    if arguments.json:
        print(json.dumps(summary, ensure_ascii=False), flush=True)
    return 0 if summary["ok"] else 1


def _words(error: BaseException) -> str:
    """The observer's own errors in a line; anything else is a defect and is raised again."""
    if isinstance(error, ExceptionGroup):
        known, unknown = error.split(ObserverError)
        if unknown is not None:
            raise unknown
        return "; ".join(str(item) for item in known.exceptions) if known else str(error)
    return str(error)
