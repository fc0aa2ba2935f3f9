#!/usr/bin/env python3
"""A real Prometheus scrapes a short run, and promtool reads what it exposes.

usage: prometheus_scrape.py LWM2M_SIM     exit 77: prometheus or promtool is not installed
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

DEVICES = 30
SKIPPED = 77
PATIENCE_S = 30

CONFIG = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: lwm2m-sim
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode(), answer.headers


def query(prometheus, expression):
    """The value of an expression that has one series, or None."""
    text, _ = get(f"http://127.0.0.1:{prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
    result = json.loads(text)["data"]["result"]
    return float(result[0]["value"][1]) if len(result) == 1 else None


def wait_for(what, condition):
    deadline = time.monotonic() + PATIENCE_S
    last = None
    while time.monotonic() < deadline:
        try:
            last = condition()
            if last:
                return
        except OSError as error:
            last = error
        time.sleep(0.2)
    sys.exit(f"FAILED: {what} within {PATIENCE_S} s; last: {last}")


def check_exposition(listener):
    text, headers = get(f"http://127.0.0.1:{listener}/metrics")
    if not headers["Content-Type"].startswith("text/plain; version=0.0.4"):
        sys.exit(f"FAILED: content type {headers['Content-Type']}")
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    print(checked.stdout + checked.stderr, end="")
    if checked.returncode != 0:
        sys.exit("FAILED: promtool check metrics")


def check_series(prometheus):
    equal = {
        "up": 1,
        'sum(lwm2msim_devices{state="registered"})': DEVICES,
        "lwm2msim_embedded_clients": DEVICES,
        "lwm2msim_embedded_registrations_total": DEVICES,
        'sum(lwm2msim_operations_total{op="register",result="ok"})': DEVICES,
        'sum(lwm2msim_operation_latency_seconds_count{op="register"})': DEVICES,
        "lwm2msim_conservation_ok": 1,
    }
    for expression, wanted in equal.items():
        wait_for(f"{expression} == {wanted}", lambda e=expression, w=wanted: query(prometheus, e) == w)
        print(f"ok: {expression} == {wanted}")


def main(program):
    if not shutil.which("prometheus") or not shutil.which("promtool"):
        print("skipped: prometheus and promtool are not installed")
        return SKIPPED
    listener, prometheus = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, "prometheus.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(port=listener))
        run = subprocess.Popen([program, "run", "-n", str(DEVICES), "--over", "0s", "--for", "10m", "--grace", "3s",
                                "--listen", f"127.0.0.1:{listener}", "-q"])
        with open(os.path.join(folder, "log"), "w", encoding="utf-8") as log:
            scraper = subprocess.Popen(["prometheus", f"--config.file={config}",
                                        f"--storage.tsdb.path={os.path.join(folder, 'data')}",
                                        f"--web.listen-address=127.0.0.1:{prometheus}"], stdout=log, stderr=log)
        try:
            wait_for("the listener answers", lambda: get(f"http://127.0.0.1:{listener}/metrics"))
            check_exposition(listener)
            check_series(prometheus)
        finally:
            run.send_signal(signal.SIGINT)
            scraper.terminate()
            scraper.wait()
            code = run.wait()
        # 98: interrupted as well, on a machine that held it up.
        if code not in (105, 98):
            sys.exit(f"FAILED: the interrupted run ended with {code}, not with 105")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
