"""Entry point of `redline` and `python -m monitor`."""

import gc
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer


def main() -> None:
    """Run the command line."""
    gc.disable()  # all that an import makes stays
    from monitor.cli.app import app

    gc.enable()
    if sys.argv[1:2] == ["run"] and "--help" not in sys.argv:
        app()  # a service that starts again does not wait for words that nobody reads
    else:
        speak(app)


def speak(app: "typer.Typer") -> None:
    """Run the command line with its help in the language asked for."""
    import typer

    from monitor.cli.chinese import asked_for, translate

    command = typer.main.get_command(app)
    if asked_for(sys.argv[1:], os.environ) == "zh":
        translate(command)
    command()


if __name__ == "__main__":
    main()
