import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.processes import free_port, is_free, spawn, stop
from config.supervise import Failed, Group, Program, Stopped


@pytest.fixture
def group():
    group = Group(environment=dict(os.environ))
    yield group
    group.stop()


def python(code, *arguments):
    return [sys.executable, "-c", code, *map(str, arguments)]


def lines_of(path):
    return path.read_text().splitlines() if path.exists() else []


WRITE_AND_END = "import sys; open(sys.argv[1], 'a').write('x\\n')"
SLEEP = "import time; time.sleep(60)"


def test_a_program_that_ends_is_started_again_with_growing_delays(group, tmp_path, capfd):
    file = tmp_path / "starts"
    group.start(Program("crasher", python(WRITE_AND_END, file)))
    started = time.monotonic()

    group.wait(lambda: len(lines_of(file)) == 3, until_ready=False)

    assert time.monotonic() - started >= 0.5 + 1.0
    assert "crasher ended with status 0; starting again in 0.5 s." in capfd.readouterr().err


def test_a_program_that_ends_while_the_group_starts_fails_the_group(group):
    group.start(Program("web", python("raise SystemExit(3)")))

    with pytest.raises(Failed, match=r"^web ended with status 3"):
        group.wait(lambda: False)


def test_a_foundation_that_ends_fails_the_group(group):
    foundation = spawn(python("raise SystemExit(7)"))
    group.foundations = [("PostgreSQL", foundation)]

    with pytest.raises(Failed, match=r"^PostgreSQL ended with status 7\."):
        group.wait(lambda: False, until_ready=False)


def test_a_preparation_that_fails_fails_the_group(group):
    with pytest.raises(Failed, match=r"^The preparation ended with status 5"):
        group.run_to_end(Program("The preparation", python("raise SystemExit(5)")))


def test_a_signal_stops_the_group_and_every_program(group):
    before = {sign: signal.getsignal(sign) for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    programs = [Program(name, python(SLEEP)) for name in ("web", "worker")]
    try:
        group.listen_for_signals()
        for program in programs:
            group.start(program)
        os.kill(os.getpid(), signal.SIGTERM)

        with pytest.raises(Stopped):
            group.wait(lambda: False)
        group.stop()
    finally:
        for sign, action in before.items():
            signal.signal(sign, action)

    assert [program.process.poll() for program in programs] == [-signal.SIGTERM, -signal.SIGTERM]


def test_a_program_that_ignores_the_request_to_end_is_killed(tmp_path):
    deaf = f"import signal; signal.signal(15, signal.SIG_IGN); {WRITE_AND_END}; {SLEEP}"
    process = spawn(python(deaf, tmp_path / "deaf"))
    deadline = time.monotonic() + 20
    while not lines_of(tmp_path / "deaf") and time.monotonic() < deadline:
        time.sleep(0.02)

    stop(process, [(signal.SIGTERM, 1)])

    assert process.poll() == -signal.SIGKILL


def test_what_a_killed_program_leaves_is_ended_too():
    leaving = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {SLEEP!r}]).pid, flush=True)"
    process = spawn(python(f"{leaving}; {SLEEP}"))
    deadline = time.monotonic() + 20
    while not (children := children_of(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.05)

    process.kill()
    process.wait()
    stop(process, ())

    deadline = time.monotonic() + 20
    while Path(f"/proc/{children[0]}/cmdline").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{children[0]}").exists()


def children_of(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_child_ends_when_its_parent_is_killed():
    code = (
        "import sys; from config.processes import spawn; import time\n"
        f"print(spawn([sys.executable, '-c', {SLEEP!r}]).pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(python(code), stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    os.kill(child, 0)

    parent.kill()
    parent.wait()

    deadline = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{child}").exists()


def test_a_port_with_a_listener_is_not_free():
    import socket

    port = free_port()
    assert is_free("127.0.0.1", port)

    with socket.create_server(("127.0.0.1", port)):
        assert not is_free("127.0.0.1", port)
