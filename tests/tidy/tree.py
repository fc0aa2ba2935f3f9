"""The files of the project as the rules see them: what git knows or would add, or all but build/ without git."""

import os
import re
import subprocess

CODE = (".h", ".cpp")


class Tree:
    def __init__(self, root):
        self.root = os.path.abspath(root)
        tracked = self._git("ls-files", "--cached")
        if tracked is None:
            self.files = sorted(self._walk())
            self.tracked = self.files
        else:
            others = self._git("ls-files", "--others", "--exclude-standard")
            self.files = sorted(f for f in set(tracked + others) if os.path.isfile(self.path(f)))
            self.tracked = sorted(f for f in tracked if os.path.lexists(self.path(f)))

    def path(self, name):
        return os.path.join(self.root, name)

    def read(self, name):
        """The text of a file, or None when it is not text."""
        with open(self.path(name), "rb") as file:
            data = file.read()
        try:
            return None if b"\0" in data else data.decode("utf-8")
        except UnicodeDecodeError:
            return None

    def code(self):
        return [f for f in self.files if f.endswith(CODE)]

    def product(self):
        """The code that ships: everything but the tests."""
        return [f for f in self.code() if not f.startswith("tests/")]

    def _git(self, *arguments):
        # A tree inside somebody else's repository is not that repository's: only the top level counts.
        top = subprocess.run(["git", "-C", self.root, "rev-parse", "--show-toplevel"], capture_output=True, text=True,
                             check=False) if os.path.exists(self.path(".git")) else None
        if top is None or top.returncode != 0:
            return None
        out = subprocess.run(["git", "-C", self.root, *arguments, "-z"], capture_output=True, text=True, check=True)
        return [f for f in out.stdout.split("\0") if f]

    def _walk(self):
        for folder, folders, names in os.walk(self.root):
            folders[:] = [f for f in folders if f not in ("build", ".git", "__pycache__", "target")]
            for name in names:
                yield os.path.relpath(os.path.join(folder, name), self.root)


_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def _blank(match):
    text = match.group(0)
    # 1'000'000: a quote between digits is no character literal.
    return re.sub(r"[^\n]", " ", text)


def strip_comments_and_strings(text):
    """The code alone, comments and literals as blanks, line numbers unchanged."""
    text = re.sub(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])", "_", text)
    return _TOKEN.sub(_blank, text)


_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def includes(text):
    """(line, quoted, name) of each include."""
    for match in _INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start(2)) + 1, match.group(1) == '"', match.group(2)
