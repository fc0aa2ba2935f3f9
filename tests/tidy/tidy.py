#!/usr/bin/env python3
"""Holds the tree to its own rules: tidy.py RULE ROOT [BUILD]. Prints one line a problem; exit 1 when there is one.

Only the standard library. `tidy.py --list` names the rules; tidy_test.py proves that each can fail.
"""

import sys

sys.dont_write_bytecode = True

import compile_alone  # noqa: E402
import layers  # noqa: E402
import layout  # noqa: E402
import text  # noqa: E402
from tree import Tree  # noqa: E402

RULES = {
    "folders": layers.check_folders,
    "libraries": layers.check_libraries,
    "cycles": layers.check_cycles,
    "lines": text.check_lines,
    "machine": text.check_machine,
    "calls": text.check_calls,
    "headers": text.check_headers,
    "top_level": layout.check_top_level,
    "scripts": layout.check_scripts,
}


def main(arguments):
    if arguments == ["--list"]:
        print("\n".join([*RULES, "compile_alone"]))
        return 0
    if len(arguments) == 2 and arguments[0] in RULES:
        problems = RULES[arguments[0]](Tree(arguments[1]))
    elif len(arguments) == 3 and arguments[0] == "compile_alone":
        problems = compile_alone.check(Tree(arguments[1]), arguments[2])
    else:
        print(__doc__, file=sys.stderr)
        return 2
    print("\n".join(problems) if problems else "clean")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
