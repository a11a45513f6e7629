"""The command `redline`: one function a command; exit 0 good, 1 failed, 2 wrong use; errors on standard error."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli import account, journal, look, modbus, opcua
from monitor.cli.check import check_folder
from monitor.cli.endpoint import Language, checked
from monitor.cli.run import run_service
from monitor.version import VERSION

# what other commands need is imported by them: a service that starts again does not wait for it

app = typer.Typer(
    name="redline",
    help="Redline 红线: watches major hazard sources. Read-only towards the plant; it is not a protection layer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for looking in (look.browse, look.read, look.watch):
    app.command()(looking)
app.add_typer(account.app, name="account")
app.add_typer(journal.app, name="journal")
app.add_typer(modbus.app, name="modbus")
app.add_typer(opcua.app, name="opcua")

Folder = Annotated[Path, typer.Argument(help="plant folder with plant.toml, tags.csv, alarms.csv, interlocks.toml")]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"redline {VERSION}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    """Options before the command."""
    del version


@app.command()
def check(plant: Folder, language: Language = "zh") -> None:
    """Check a plant folder: every mistake at once, with file, line and column."""
    raise typer.Exit(check_folder(plant, checked(language)))


@app.command()
def approve(
    plant: Folder,
    person: Annotated[str, typer.Option(help="person id of plant.toml who approves")],
    reason: Annotated[str, typer.Option(help="why, e.g. the number of the management of change")],
    state: Annotated[Path | None, typer.Option(help="folder of journal and history (REDLINE_STATE_DIR)")] = None,
    language: Language = "zh",
) -> None:
    """Approve the plant folder as it stands: what runs is compared with it from the next start on (service stopped)."""
    from monitor.cli.approve import approve_folder

    raise typer.Exit(approve_folder(plant, person, reason, state, checked(language)))


@app.command()
def run(
    plant: Folder,
    state: Annotated[Path | None, typer.Option(help="folder of journal and history (REDLINE_STATE_DIR)")] = None,
    host: Annotated[str | None, typer.Option(help="address to listen on (REDLINE_HOST)")] = None,
    port: Annotated[int | None, typer.Option(help="port to listen on (REDLINE_PORT)")] = None,
    accept_missing_rows: Annotated[bool, typer.Option(help="start although journal rows are missing")] = False,
    shadow: Annotated[
        Path | None,
        typer.Option(help="folder with other rules (alarms.csv, rules.toml) to judge beside; raises nothing"),
    ] = None,
    language: Language = "zh",
) -> None:
    """Run the monitor on a plant folder until it is stopped."""
    given: dict[str, object] = {"state_dir": state, "host": host, "port": port}
    if accept_missing_rows:
        given["accept_missing_rows"] = True
    chosen = {key: value for key, value in given.items() if value is not None}
    raise typer.Exit(run_service(plant, chosen, checked(language), shadow))


@app.command()
def backup(
    state: Annotated[Path, typer.Argument(help="state folder", exists=True, file_okay=False)],
    target: Annotated[Path, typer.Argument(help="new or empty folder for the copy")],
    with_history: Annotated[bool, typer.Option("--with-history", help="history too (service stopped)")] = False,
    language: Language = "zh",
) -> None:
    """Copy the journal with board, outbox and accounts while the service runs, and verify the copy."""
    from monitor.cli.backup import run_backup

    raise typer.Exit(run_backup(state, target, checked(language), with_history=with_history))


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(metavar="BACKUP", help="folder that `backup` made", exists=True)],
    state: Annotated[Path, typer.Argument(help="state folder of a stopped service")],
    overwrite_newer: Annotated[
        bool, typer.Option("--overwrite-newer", help="although the journal there knows newer rows")
    ] = False,
    language: Language = "zh",
) -> None:
    """Put a backup back; what stood in the state folder is moved aside."""
    from monitor.cli.backup import run_restore

    raise typer.Exit(run_restore(source, state, checked(language), overwrite_newer=overwrite_newer))


@app.command()
def replay(  # noqa: PLR0913 - each is an option of the command
    plant: Folder,
    history: Annotated[
        Path, typer.Option(help="recording: .csv, history.duckdb, or the folder that holds it", exists=True)
    ],
    rules: Annotated[Path | None, typer.Option(help="plant folder with the new rules: what would differ")] = None,
    period: Annotated[float, typer.Option(help="seconds of one sweep of a history", min=0.01)] = 1.0,
    begin: Annotated[str | None, typer.Option("--from", help="RFC 3339; a history only")] = None,
    end: Annotated[str | None, typer.Option("--to", help="RFC 3339; a history only")] = None,
    limit: Annotated[int, typer.Option(help="how many alarms are listed", min=0)] = 50,
    machine: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
    language: Language = "zh",
) -> None:
    """Play a recording through the rules as fast as the machine can: alarms, counts, ISA-18.2 figures, differences."""
    from monitor.cli.replay import Asked, run_replay

    asked = Asked(period_s=period, span=(begin, end), limit=limit, machine=machine, language=checked(language))
    raise typer.Exit(run_replay(plant, history, rules, asked))


@app.command("demo")
def demo_command(
    port: Annotated[int, typer.Option(help="port of the console")] = 8000,
    once: Annotated[
        bool, typer.Option("--once", help="play one incident, print the table and one line of JSON")
    ] = False,
    state: Annotated[Path | None, typer.Option(help="keep journal and logs in this folder")] = None,
) -> None:
    """Run the whole chain on this machine: simulated plant, WeCom, MQTT broker, monitor, console."""
    from monitor.cli.demo import run_demo

    raise typer.Exit(run_demo(port=port, once=once, state=state))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def simulate(context: typer.Context) -> None:
    """Start one simulator: `redline simulate plant|wecom|observe ...` (its own options follow)."""
    raise typer.Exit(subprocess.call([sys.executable, "-m", "simulators", *context.args]))
