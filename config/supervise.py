"""A group of processes that live and die together."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

from config.processes import spawn, stop

_FIRST_DELAY: Final = 0.5
_LONGEST_DELAY: Final = 30.0
_STEADY_SECONDS: Final = 60.0  # who has lived this long starts afresh with short delays
_GRACE_SECONDS: Final = 8
_TICK: Final = 0.1


class Stopped(Exception):
    """Somebody asked the group to stop."""


class Failed(Exception):
    """The group cannot go on; the text says which of its processes ended."""


@dataclass(slots=True)
class Program:
    """One process of the group, started again with growing delays when it ends."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    delay: float = _FIRST_DELAY
    started_at: float = 0.0
    due_at: float = 0.0


@dataclass(slots=True)
class Group:
    """The programs, and the servers that stand under them: the group ends when one of those does."""

    environment: Mapping[str, str]
    programs: list[Program] = field(default_factory=list)
    foundations: list[tuple[str, subprocess.Popen[bytes]]] = field(default_factory=list)
    is_asked_to_stop: bool = False

    def listen_for_signals(self) -> None:
        """Let Ctrl-C and SIGTERM stop the group instead of this process at some random line."""
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, self._note)

    def start(self, program: Program) -> None:
        """Start a program and keep it running from now on."""
        self.programs.append(program)
        self._launch(program)

    def run_to_end(self, program: Program) -> None:
        """
        Run a program that does its work and ends.

        :raises Failed: when its exit status is not 0
        :raises Stopped: when the group is asked to stop meanwhile
        """
        program.process = spawn(program.command, environment=self.environment)
        try:
            self.wait(lambda: program.process is not None and program.process.poll() is not None)
        finally:
            _stop_all([program])
        if program.process.returncode != 0:
            raise Failed(f"{program.name} ended with status {program.process.returncode}; its reason stands above.")

    def wait(self, is_enough: Callable[[], bool], *, until_ready: bool = True) -> None:
        """
        Keep the group running until ``is_enough``.

        :raises Failed: when a foundation ends, or, while ``until_ready``, any program does
        :raises Stopped: when the group is asked to stop
        """
        while not is_enough():
            if self.is_asked_to_stop:
                raise Stopped
            for name, process in self.foundations:
                if process.poll() is not None:
                    raise Failed(f"{name} ended with status {process.returncode}.")
            for program in self.programs:
                self._look_after(program, is_starting=until_ready)
            time.sleep(_TICK)

    def stop(self) -> None:
        """Stop every program, all of them at once."""
        _stop_all(self.programs)

    def _launch(self, program: Program) -> None:
        program.process = spawn(program.command, environment=self.environment)
        program.started_at = time.monotonic()
        program.due_at = 0.0

    def _look_after(self, program: Program, *, is_starting: bool) -> None:
        if program.process is None or program.process.poll() is None:
            return
        now = time.monotonic()
        if is_starting:
            raise Failed(f"{program.name} ended with status {program.process.returncode}; its reason stands above.")
        if not program.due_at:
            stop(program.process, ())  # what it left behind would hold its port
            if now - program.started_at > _STEADY_SECONDS:
                program.delay = _FIRST_DELAY
            program.due_at = now + program.delay
            status = program.process.returncode
            sys.stderr.write(f"{program.name} ended with status {status}; starting again in {program.delay:g} s.\n")
            program.delay = min(program.delay * 2, _LONGEST_DELAY)
        elif now >= program.due_at:
            self._launch(program)

    def _note(self, _sign: int, _frame: FrameType | None) -> None:
        self.is_asked_to_stop = True


def _stop_all(programs: Sequence[Program]) -> None:
    running = [program.process for program in programs if program.process is not None]
    for process in running:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + _GRACE_SECONDS
    while any(process.poll() is None for process in running) and time.monotonic() < deadline:
        time.sleep(_TICK / 2)
    for process in running:
        stop(process, ())
