"""What a newcomer meets first: the top level, and scripts that run."""

import os
import subprocess

# The visible top level is this and no more.
TOP_LEVEL = ["CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "quickstart", "check",
             "simulator", "coap", "profiles", "scenarios", "metrics", "tests", "charts"]
NOT_YET = ["charts"]  # allowed, and there once the chart is
MUST_RUN = ["quickstart", "check", ".ci/run"]


def check_top_level(tree):
    visible = {f.split("/")[0] for f in tree.tracked if not f.startswith(".")}
    problems = [f"{name}: not a name of the top level; its place is in one of the folders" for name in
                sorted(visible - set(TOP_LEVEL))]
    problems += [f"{name}: missing at the top level" for name in TOP_LEVEL
                 if name not in visible and name not in NOT_YET]
    return problems


def check_scripts(tree):
    """A file that begins with #! may be run, and bash understands it."""
    problems = [f"{name}: missing" for name in MUST_RUN if name not in tree.files]
    for file in tree.files:
        first = (tree.read(file) or "").split("\n", 1)[0]
        if first.startswith("#!") and not os.access(tree.path(file), os.X_OK):
            problems.append(f"{file}: begins with #! but is not executable (chmod +x)")
        if first.startswith("#!") and first.endswith("bash") or file.endswith(".sh"):
            parsed = subprocess.run(["bash", "-n", tree.path(file)], capture_output=True, text=True, check=False)
            if parsed.returncode != 0:
                problems.append(f"{file}: {parsed.stderr.strip()}")
    return problems
