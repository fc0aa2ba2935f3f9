"""Judges the simulator by aiocoap, cbor2 and json: see README.md."""

import argparse
import asyncio
import collections
import os
import sys
import tempfile

import device
import oscore
import server
import vectors


class Verdicts:
    def __init__(self):
        self.passed, self.failed, self.skipped = 0, [], collections.Counter()

    def expect(self, name, holds, why):
        if holds:
            self.passed += 1
            print(f"passed  {name}", flush=True)
        else:
            self.failed.append(name)
            print(f"failed  {name}: {why()}"[:2000], flush=True)

    def skip(self, name, reason):
        self.skipped[reason] += 1
        print(f"skipped {name}: {reason}", flush=True)

    def table(self):
        print()
        for reason, count in sorted(self.skipped.items()):
            print(f"skipped  {count} x {reason}")
        for name in self.failed:
            print(f"failed   {name}")
        print(f"passed {self.passed}, failed {len(self.failed)}, skipped {sum(self.skipped.values())}")
        return 1 if self.failed or not self.passed else 0


def main():
    parser = argparse.ArgumentParser(description="LwM2M 1.2 judged by aiocoap, cbor2 and json")
    parser.add_argument("--program", required=True, help="the simulator (default: build/release/lwm2m-sim)")
    parser.add_argument("--seed", type=int, default=1, help="of the random trees")
    parser.add_argument("--trees", type=int, default=2000, help="random trees for each format")
    parser.add_argument("--out", help="where the simulator's output goes (default: a new folder under /tmp)")
    options = parser.parse_args()
    if not os.access(options.program, os.X_OK):
        parser.error(f"{options.program} is not there or no program; build it, or say --program PATH")
    verdicts = Verdicts()
    vectors.judge(verdicts, options.program, options.seed, options.trees)
    out = options.out or tempfile.mkdtemp(prefix="python-judge-")
    os.makedirs(out, exist_ok=True)
    asyncio.run(device.judge(verdicts, options.program, out))
    asyncio.run(server.judge(verdicts, options.program, out))
    asyncio.run(oscore.judge(verdicts, options.program, out))
    return verdicts.table()


if __name__ == "__main__":
    sys.exit(main())
