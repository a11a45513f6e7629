"""Entry point of `redline` and `python -m monitor`."""


def main() -> None:
    """Run the command line."""
    from monitor.cli.app import app

    app()


if __name__ == "__main__":
    main()
