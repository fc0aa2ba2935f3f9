#!/usr/bin/env python3
"""Does the generator tell the truth about itself? Whole runs of the program on loopback, against its embedded server.

    tests/honesty/honesty.py build/release/lwm2m-sim               each case once
    tests/honesty/honesty.py build/release/lwm2m-sim --tries 20    starved and unhurried runs twenty times each

Ends with `N passed, N failed, N skipped`, and 1 when something failed. Skipped is what could not be judged, since the
hypervisor gave more than 3 % of the machine's CPU time to others in each of five attempts; the run must have named it.
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
STALL = 2.0  # seconds that the server stands still
STOLEN = 0.03  # share of the machine's CPU time from which on its lag is not the program's
ATTEMPTS = 5  # of a case on a machine that is not quiet
INVALID, INTERRUPTED, BUG = 98, 105, 1


class Run:
    """One run of the program: its exit code, its output and what result.json says."""

    def __init__(self, program, arguments, before=(), interrupt_after=None):
        with tempfile.TemporaryDirectory() as out:
            command = [*before, program, "run", *arguments, "--no-listen", "--out", out]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if interrupt_after is not None:
                time.sleep(interrupt_after)
                process.send_signal(signal.SIGINT)
            self.output, _ = process.communicate(timeout=300)
            self.code = process.returncode
            path = os.path.join(out, "result.json")
            self.result = json.load(open(path)) if os.path.exists(path) else {}

    def operation(self, name):
        return next(row for row in self.result["by_operation"] if row["op"] == name)

    def said(self):
        return "\n".join(self.output.splitlines()[-14:])


def expect(condition, what, run):
    if not condition:
        raise AssertionError(f"{what}\n{run.said()}")


class Unquiet(Exception):
    """The machine itself lost so much CPU time that a run on it shows nothing."""


def judge_schedule(run):
    """Raises when the run is invalid and the hypervisor gave CPU time to others; the run must have said so."""
    generator = run.result["generator"]
    stolen = generator["stolen_ratio"]
    if run.code == INVALID and stolen > STOLEN:
        reasons = run.result["invalid_reasons"]
        expect(any("steal" in reason for reason in reasons), f"{stolen:.0%} stolen, and not named in {reasons}", run)
        raise Unquiet(f"{stolen:.0%} of the CPU time stolen, lag p99 {generator['lag']['p99'] * 1e3:.2f} ms")


def stall(program):
    """The server stands still for 2 s: what was meant to happen then took that long, what was sent took no longer."""
    run = Run(program, [os.path.join(HERE, "stall.yaml"), "--test-freeze-server", f"6s,{STALL}s"])
    judge_schedule(run)
    notify = run.operation("notify")
    latency, service = notify["latency"]["p99"], notify["service"]["p99"]
    expect(run.code == 0, f"exit {run.code}: the server's delay was taken for the generator's", run)
    expect(0.75 * STALL < latency < 1.1 * STALL, f"latency p99 {latency} s", run)
    expect(service < 0.1 * STALL, f"service p99 {service} s", run)
    return f"latency p99 {latency:.3f} s, service p99 {service * 1e3:.2f} ms"


def leak(program):
    """An operation that never ends breaks the conservation law."""
    run = Run(program, ["-n", "100", "--over", "1s", "--for", "1s", "--test-leak-operation"])
    expect(run.code == BUG, f"exit {run.code}", run)
    return f"exit {run.code}"


def interrupt(program):
    """The first SIGINT lets all devices de-register, and reports."""
    run = Run(program, ["-n", "5k", "--over", "1s", "--for", "5m"], interrupt_after=4)
    # An invalid run is still one that was interrupted, and its report is as whole.
    expect(run.code in (INTERRUPTED, INVALID), f"exit {run.code}", run)
    expect(run.operation("deregister")["by_result"]["ok"] == 5000, "not all have de-registered", run)
    return f"exit {run.code}, 5,000 de-registered"


def starved(program):
    """One core for the fleet, its server and three busy loops: the schedule cannot be kept."""
    core = str(min(os.sched_getaffinity(0)))
    # A loop ends with whoever began it, however that ends.
    busy = f"import os\nwhile os.getppid() == {os.getpid()}: pass"
    loops = [subprocess.Popen(["taskset", "-c", core, sys.executable, "-c", busy]) for _ in range(3)]
    try:
        run = Run(program, ["-n", "60k", "--over", "3s", "--for", "2s"], before=("taskset", "-c", core))
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    expect(run.code == INVALID, f"exit {run.code}", run)
    return f"exit {run.code}"


def unhurried(program):
    """Well below what one core can do: valid."""
    run = Run(program, ["-n", "15k", "--over", "3s", "--for", "2s"])
    judge_schedule(run)
    expect(run.code == 0, f"exit {run.code}", run)
    generator = run.result["generator"]
    return f"exit 0, lag p99 {generator['lag']['p99'] * 1e3:.2f} ms, {generator['stolen_ratio']:.0%} stolen"


def attempt(case, program):
    """Runs the case, again while the machine is not quiet; whether it held, None when that could not be seen."""
    for _ in range(ATTEMPTS):
        try:
            said, held = case(program), True
        except AssertionError as error:
            said, held = f"FAILED: {error}", False
        except Unquiet as error:
            said, held = f"not judged: {error}", None
        print(f"{case.__name__:<10} {said}", flush=True)
        if held is not None:
            return held
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--tries", type=int, default=1, help="of starved and unhurried runs")
    arguments = parser.parse_args()
    program = os.path.abspath(arguments.program)
    passed = failed = skipped = 0
    many = arguments.tries
    for case, tries in ((stall, 1), (leak, 1), (interrupt, 1), (starved, many), (unhurried, many)):
        held = [attempt(case, program) for _ in range(tries)]
        print(f"{case.__name__:<10} as expected in {held.count(True)} of {tries}", flush=True)
        passed += held.count(True)
        failed += held.count(False)
        skipped += held.count(None)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
