"""`python -m tests.benchmarks.opcua_sender PORT SIZE COUNT`: sends so many messages to a socket that waits, for the benchmark."""

import socket
import sys


def send(port: int, size: int, count: int) -> None:
    """Send and close."""
    message = bytes(size)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for _ in range(count):
            connection.sendall(message)


if __name__ == "__main__":
    send(*(int(argument) for argument in sys.argv[1:4]))
