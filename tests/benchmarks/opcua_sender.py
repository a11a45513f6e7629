"""`python -m tests.benchmarks.opcua_sender PORT SIZE COUNT PAUSE_S`: sends messages to a socket that waits, for the benchmark."""

import socket
import sys
import time


def send(port: int, size: int, count: int, pause_s: float) -> None:
    """Send so many messages, with a pause after each unless it is 0, and close."""
    message = bytes(size)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for _ in range(count):
            connection.sendall(message)
            if pause_s:
                time.sleep(pause_s)


if __name__ == "__main__":
    port, size, count = (int(argument) for argument in sys.argv[1:4])
    send(port, size, count, float(sys.argv[4]))
