#!/usr/bin/env python3
"""A firmware campaign of 10,000 devices over UDP on loopback, held to its script device by device.

    tests/scale/firmware_campaign.py build/release/lwm2m-sim                  10,000 devices, 256 KiB each, 1 % fail
    tests/scale/firmware_campaign.py build/release/lwm2m-sim --devices 500    the same, sooner
    tests/scale/firmware_campaign.py build/release/lwm2m-sim --mode pull      each device fetches it

What every device must come to is what `lwm2m-sim provision --format firmware` says before anything is sent. The
embedded server says by its HTTP interface what became of each, the report says it by result code, from the devices'
side; and the process must not grow by 1 KiB a device from the moment before the campaign to the one after it. (With
fewer than 10,000 that is only told: most of it is then the memory of the last 32,768 messages, which is taken once.)
Ends with `ok`, or with what is wrong and 1.
"""
import argparse
import collections
import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
RESULTS = {1: "success", 2: "no_storage", 3: "out_of_memory", 4: "connection_lost", 5: "integrity", 6: "package",
           8: "update_failed"}
MOST_BYTES = 1024  # that the process may grow by for each device
LEAST_DEVICES = 10000  # for that to mean something
PATIENCE = 40 * 60


def script_of(program, scenario, mode):
    """endpoint -> (fault, state, result) at the end of a package that is pushed or pulled"""
    listed = subprocess.run([program, "provision", *scenario, "--format", "firmware"], check=True, text=True,
                            stdout=subprocess.PIPE).stdout
    return {row["endpoint"]: (row["fault"], int(row[mode + "_state"]), int(row[mode + "_result"]))
            for row in csv.DictReader(listed.splitlines())}


class Listener:
    """The HTTP interface of the run."""

    def __init__(self, address):
        self.root = "http://" + address

    def get(self, path):
        with urllib.request.urlopen(self.root + path, timeout=10) as answer:
            return answer.read().decode()

    def json(self, path):
        return json.loads(self.get(path))

    def resident(self):
        for line in self.get("/metrics").splitlines():
            if line.startswith("process_resident_memory_bytes "):
                return int(float(line.split()[1]))
        raise RuntimeError("no process_resident_memory_bytes in /metrics")

    def devices(self, campaign):
        cursor = 0
        while cursor is not None:
            page = self.json(f"/v1/campaigns/{campaign}/devices?limit=1000&cursor={cursor}")
            yield from page["devices"]
            cursor = page["next"]


def watch(listener, process):
    """Until the campaign is over. Resident memory before, at most and after; the campaign as it ended."""
    before = most = 0
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE:
        if process.poll() is not None:
            raise RuntimeError("the program has ended before the campaign")
        time.sleep(0.5)
        try:
            campaigns = listener.json("/v1/campaigns")["campaigns"]
            resident = listener.resident()
        except OSError:
            continue  # not there yet
        most = max(most, resident)
        if not campaigns:
            before = resident
        elif campaigns[0]["state"] != "running":
            return before, most, resident, campaigns[0]
    raise RuntimeError("the campaign does not end")


def judge(script, told, result):
    """What is wrong; the server's word for each device, and the devices' own in the report."""
    wrong = []
    if set(told) != set(script):
        wrong.append(f"{len(script)} devices were meant, {len(told)} were in the campaign")
    for endpoint, (fault, _, code) in script.items():
        wanted = ("succeeded" if code == 1 else "failed", RESULTS[code])
        if endpoint in told and told[endpoint] != wanted:
            wrong.append(f"{endpoint} ({fault}): {told[endpoint]}, the script says {wanted}")
    meant = collections.Counter((state, code) for _, state, code in script.values())
    reported = {(row["state"], row["result"]): row["devices"] for row in result["firmware"]}
    if reported != dict(meant):
        wrong.append(f"the report has {reported}, the script {dict(meant)}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--devices", default="10000")
    parser.add_argument("--mode", choices=("push", "pull"), default="push")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as for lwm2m-sim run")
    parser.add_argument("--listen", default="127.0.0.1:9789", help="where the run's HTTP interface is")
    options = parser.parse_args()

    scenario = [os.path.join(HERE, "firmware_campaign.yaml"), "-n", options.devices,
                "--set", "server.firmware.mode=" + options.mode]
    for setting in options.set:
        scenario += ["--set", setting]
    script = script_of(options.program, scenario, options.mode)
    with tempfile.TemporaryDirectory() as out:
        log = open(os.path.join(out, "log"), "w+")
        process = subprocess.Popen([options.program, "run", *scenario, "--listen", options.listen, "--out", out],
                                   stdout=log, stderr=subprocess.STDOUT)
        try:
            listener = Listener(options.listen)
            before, most, after, campaign = watch(listener, process)
            told = {device["endpoint"]: (device["state"], device["result"])
                    for device in listener.devices(campaign["id"])}
            process.send_signal(signal.SIGINT)
            process.wait(timeout=300)
        except Exception:
            process.kill()
            process.wait()
            log.seek(0)
            print(log.read()[-4000:])
            raise
        result = json.load(open(os.path.join(out, "result.json")))

    wrong = judge(script, told, result)
    print(f"{options.mode} to {len(script)} devices, {campaign['lasted_seconds']:.0f} s, {campaign['at_once']} at once")
    print("by the script of each device:")
    for (fault, state, code), count in sorted(collections.Counter(script.values()).items(), key=lambda e: e[0][2]):
        print(f"  {count:>6}  {fault:<20} state {state} result {code}")
    print("by the report (firmware of result.json):")
    for row in result["firmware"]:
        print(f"  {row['devices']:>6}  state {row['state']} {row['state_name']}, result {row['result']} "
              f"{row['result_name']}")
    grown = (after - before) / len(script)
    print(f"resident before {before}, after {after}, at most {most} bytes: {grown:.0f} bytes a device")
    if grown >= MOST_BYTES and len(script) >= LEAST_DEVICES:
        wrong.append(f"the process has grown by {grown:.0f} bytes a device")
    if not result["conservation"]["ok"]:
        wrong.append("the counts do not add up")
    for line in wrong[:20]:
        print("wrong:", line)
    print("ok" if not wrong else f"{len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
