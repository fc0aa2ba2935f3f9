"""What may stand in a file: line length, paths of one machine, and calls that would end determinism."""

import os
import re

from tree import strip_comments_and_strings

MAX_COLUMNS = 120
SOURCES = (".h", ".cpp", ".py", ".sh", ".cmake", ".js", ".css")
SOURCE_NAMES = ("CMakeLists.txt", "quickstart", "check", "run")

# Written with brackets so that this file does not contain what it looks for.
MACHINE_PATHS = re.compile(
    r"(?<![\w$}.*)/-])/(w[o]rk|r[o]ot|h[o]me/[a-z]\w*|t[m]p/(t[e]am|b-\w+))(?=[/\s\"'`:;,)]|$)", re.M)
REGISTRIES = re.compile(
    r"(deb|security|ftp|snapshot|archive)\.(debian|ubuntu)\.[oc][ro][gm]|pypi\.[o]rg|python[h]osted|repo1?\.maven|"
    r"npm[j]s\.|crates\.[i]o|proxy\.gol[a]ng|pkg\.d[e]v|conan\.[i]o", re.I)

ENGINE, WEB, CLI, NET = "simulator/engine/", "simulator/web/", "simulator/cli/", "simulator/net/"

# What, its pattern, where it may stand, and what to do instead.
BANNED = [
    ("the clock", re.compile(r"::\s*now\s*\(|\b(clock_gettime|gettimeofday|time\s*\(\s*(nullptr|NULL|0)?\s*\))"),
     (ENGINE, WEB, CLI, NET), "take the time as an argument; the clock is read in engine/"),
    ("chance", re.compile(r"\b(s?rand|rand_r|drand48)\s*\(|std::(mt19937|minstd|ranlux|knuth_b|default_random_engine|"
                          r"\w+_distribution\b)|\brandom_device\b"),
     (CLI,), "use base/random.h, a pure function of seed, device, stream and number"),
    ("the environment", re.compile(r"\b(secure_)?getenv\s*\("), (CLI,), "take the value as an argument; cli/ reads it"),
    ("waiting", re.compile(r"\b(sleep|usleep|nanosleep|sleep_for|sleep_until)\s*\("),
     (WEB, CLI, "simulator/engine/scenario_runner.cpp", "simulator/engine/worker_thread.cpp"),
     "arm a timer; in tests, advance the clock"),
]
# Tests of these folders run in virtual time, so they must not wait either.
VIRTUAL_TIME_TESTS = tuple(f"tests/{f}/" for f in ("base", "coap", "metrics", "lwm2m", "profiles", "scenarios", "fleet",
                                                   "spec", "sim"))


def _is_source(name):
    return name.endswith(SOURCES) or os.path.basename(name) in SOURCE_NAMES


def _lines(tree, wanted):
    for file in filter(wanted, tree.files):
        for number, line in enumerate((tree.read(file) or "").split("\n"), 1):
            yield file, number, line


def check_lines(tree):
    """Lines fit, do not end in blanks, have no tabs; a file ends with one newline."""
    problems = []
    for file, number, line in _lines(tree, _is_source):
        # A raw string is real bytes as they travel, and stays in one piece.
        if len(line) > MAX_COLUMNS and 'R"(' not in line:
            problems.append(f"{file}:{number}: {len(line)} columns; at most {MAX_COLUMNS}")
        if line != line.rstrip():
            problems.append(f"{file}:{number}: blanks at the end of the line")
        if "\t" in line:
            problems.append(f"{file}:{number}: a tab; indent with blanks")
    for file in filter(_is_source, tree.files):
        text = tree.read(file)
        if text and not text.endswith("\n"):
            problems.append(f"{file}: no newline at the end of the file")
    return problems


def check_machine(tree):
    """No path of one machine and no package registry's host name: neither would be there elsewhere."""
    problems = []
    for file, number, line in _lines(tree, lambda name: True):
        for what, pattern in (("a path of one machine", MACHINE_PATHS), ("a package registry's host", REGISTRIES)):
            match = pattern.search(line)
            if match:
                problems.append(f"{file}:{number}: {what}: {match.group(0)}")
    return problems


def check_calls(tree):
    """Time, chance and the world come in as arguments: their sources are read in the few places given above."""
    problems = []
    for file in tree.code():
        lines = None
        for what, pattern, places, instead in BANNED:
            if file.startswith(places):
                continue
            if file.startswith("tests/") and not (what == "waiting" and file.startswith(VIRTUAL_TIME_TESTS)):
                continue
            lines = lines or strip_comments_and_strings(tree.read(file) or "").split("\n")
            for number, line in enumerate(lines, 1):
                match = pattern.search(line)
                if match:
                    problems.append(f"{file}:{number}: {what}: {match.group(0).strip()}: {instead}")
    return problems


def check_headers(tree):
    """A header says in its first line what it is, and is guarded."""
    problems = []
    for file in tree.code():
        text = tree.read(file) or ""
        if file.endswith(".h") and not re.search(r"^#pragma once$", text, re.M):
            problems.append(f"{file}: no #pragma once")
        if file.endswith(".h") and not text.startswith("// "):
            problems.append(f"{file}:1: begin with a comment that says what this is")
    return problems
