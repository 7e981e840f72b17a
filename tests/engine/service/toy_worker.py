"""A real worker process with methods that make trouble, as a program."""

from __future__ import annotations

import ctypes
import datetime
import os
import subprocess
import time
from dataclasses import dataclass

from engine.errors import Cancelled, InputError
from engine.service.protocol import LONGEST_LINE, Message
from engine.service.worker import Request, serve

FAILURES = {
    "input": InputError("The expression is empty: type what to find."),
    "memory": MemoryError(),
    "processor memory": RuntimeError("[enforce fail at alloc] DefaultCPUAllocator: not enough"),
    "unforeseen": ZeroDivisionError("division by zero"),
    "exit": SystemExit(7),
    "at length": InputError("x" * LONGEST_LINE),
    "unforeseen and at length": ZeroDivisionError("x" * LONGEST_LINE),
}


@dataclass(frozen=True)
class Step:
    done: int
    total: int
    stage: str = "counting"
    message: str = ""


def initialize(request: Request) -> Message:
    return {"device": "toy"}


def echo(request: Request, value: str) -> str:
    return value


def pid(request: Request) -> int:
    return os.getpid()


def count(request: Request, to: int, pause: float = 0.0) -> int:
    for step in range(1, to + 1):
        if request.cancelled():
            raise Cancelled("Cancelled.")
        request.progress(Step(step, to))
        time.sleep(pause)
    return to


def fall_silent(request: Request) -> None:
    for step in range(1, 4):
        request.progress(Step(step, 9))
    while not request.cancelled():
        time.sleep(0.01)
    raise Cancelled("Cancelled.")


def deaf(request: Request) -> None:
    request.progress(Step(0, 1))
    time.sleep(600)


def noise(request: Request) -> str:
    print("from a stray print")
    os.write(1, b"from the file descriptor\n")
    libc = ctypes.CDLL(None)
    libc.puts(b"from a library in C")
    libc.fflush(None)
    subprocess.run(["/bin/echo", "from a child process"], check=True)
    return os.read(0, 100).decode()


def fail(request: Request, how: str) -> None:
    raise FAILURES[how]


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


UNSENDABLE = {
    "an object": object(),
    "not a number": float("nan"),
    "infinite": {"metrics": [-float("inf")]},
    "a date": {"data": {"when": datetime.date(2026, 1, 2)}},
    "a time": datetime.time(3, 4),
    "bytes": b"x",
    "a set": {"x"},
    "a strange name": {(1, 2): "x"},
    "too deep": nested(100_000),
    "too long": "x" * LONGEST_LINE,
}


def unsendable(request: Request, how: str = "an object") -> object:
    return UNSENDABLE[how]


def long(request: Request) -> str:
    return "x" * LONGEST_LINE


def die(request: Request, code: int) -> None:
    print("these are my last words")
    os._exit(code)


def spawn(request: Request, fifo: str) -> None:
    """Leaves a process behind that holds `fifo` open, and waits."""
    subprocess.Popen(["/bin/sh", "-c", 'exec sleep 600 > "$0"', fifo])
    fall_silent(request)


METHODS = (initialize, echo, pid, count, fall_silent, deaf, noise, fail)
METHODS += (unsendable, long, die, spawn)

if __name__ == "__main__":
    serve(lambda: {method.__name__: method for method in METHODS})
