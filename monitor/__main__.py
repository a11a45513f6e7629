"""Entry point of `redline` and `python -m monitor`."""

import gc


def main() -> None:
    """Run the command line."""
    gc.disable()  # all that an import makes stays
    from monitor.cli.app import app

    gc.enable()
    app()


if __name__ == "__main__":
    main()
