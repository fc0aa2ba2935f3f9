"""Every header compiles alone: whoever includes it needs to know nothing else.

The flags are those that the build uses for the header's own folder, taken from compile_commands.json.
"""

import concurrent.futures
import json
import os
import shlex
import subprocess


def _flags(tree, build):
    """Folder -> command without source and output; the key None has a command for folders without sources."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        commands = json.load(file)
    flags = {}
    for entry in commands:
        name = os.path.relpath(os.path.join(entry["directory"], entry["file"]), tree.root)
        words = [w for w in shlex.split(entry["command"]) if w not in ("-c", name, entry["file"])]
        while "-o" in words:
            at = words.index("-o")
            del words[at:at + 2]
        if os.path.basename(words[0]) == "ccache":
            del words[0]
        flags.setdefault(os.path.dirname(name), words)
        flags.setdefault(None, words)
    return flags


def check(tree, build):
    flags = _flags(tree, build)

    def compile_one(header):
        command = flags.get(os.path.dirname(header), flags[None])
        result = subprocess.run([*command, f"-I{tree.root}", "-fsyntax-only", "-x", "c++", "-"], cwd=build, text=True,
                                input=f'#include "{header}"\n', capture_output=True, check=False)
        return None if result.returncode == 0 else f"{header}: does not compile alone\n{result.stderr.strip()}"

    headers = [f for f in tree.code() if f.endswith(".h")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [problem for problem in pool.map(compile_one, headers) if problem]
