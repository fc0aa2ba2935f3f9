#!/usr/bin/env python3
"""Each rule of tidy.py finds what it is for, and leaves alone what is right."""

import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

import layers  # noqa: E402
import layout  # noqa: E402
import text  # noqa: E402
from tree import Tree, strip_comments_and_strings  # noqa: E402


class RuleTest(unittest.TestCase):
    def tree(self, **files):
        """A tree of the given files; in a name, __ is / and a final _h or _cpp is the ending."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for name, content in files.items():
            self.write(folder.name, self.name_of(name), content)
        return Tree(folder.name)

    @staticmethod
    def name_of(name):
        name = name.replace("__", "/")
        for ending in ("_h", "_cpp", "_sh"):
            if name.endswith(ending):
                return name[:-len(ending)] + "." + ending[1:]
        return name

    @staticmethod
    def write(root, name, content):
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)

    def assert_finds(self, problems, *words):
        self.assertEqual(len(problems), 1, problems)
        for word in words:
            self.assertIn(word, problems[0])


class Layers(RuleTest):
    def test_an_upward_include_is_found(self):
        tree = self.tree(coap__message_h='\n#include "simulator/lwm2m/path.h"\n', simulator__lwm2m__path_h="")
        self.assert_finds(layers.check_folders(tree), "coap/message.h:2", "simulator/lwm2m/path.h", "simulator/base")

    def test_a_downward_include_is_right(self):
        tree = self.tree(simulator__lwm2m__path_h='#include "coap/message.h"\n', coap__message_h="")
        self.assertEqual(layers.check_folders(tree), [])

    def test_of_net_the_fleet_sees_the_packet_only(self):
        tree = self.tree(simulator__fleet__a_h='#include "simulator/net/packet.h"\n#include "simulator/net/tls.h"\n',
                         simulator__net__packet_h="", simulator__net__tls_h="")
        self.assert_finds(layers.check_folders(tree), "simulator/fleet/a.h:2", "simulator/net/tls.h")

    def test_an_include_is_a_path_from_the_root(self):
        tree = self.tree(coap__a_h='#include "b.h"\n', coap__b_h="")
        self.assert_finds(layers.check_folders(tree), "coap/a.h:1", "root")

    def test_code_outside_the_layers_is_found(self):
        self.assert_finds(layers.check_folders(self.tree(simulator__util__a_h="")), "no layer")

    def test_a_library_is_named_in_its_files_only(self):
        tree = self.tree(profiles__yaml_cpp="#include <yaml-cpp/yaml.h>\n",
                         profiles__profile_cpp="#include <yaml-cpp/yaml.h>\n",
                         tests__profiles__a_cpp="#include <yaml-cpp/yaml.h>\n")
        self.assert_finds(layers.check_libraries(tree), "profiles/profile.cpp:1", "profiles/yaml.cpp")

    def test_a_mutex_below_the_engine_is_found(self):
        self.assert_finds(layers.check_libraries(self.tree(coap__a_h="#include <mutex>\n")), "coap/a.h:1", "<mutex>")

    def test_a_cycle_between_files_is_found(self):
        tree = self.tree(coap__a_h='#include "coap/b.h"\n', coap__b_h='#include "coap/a.h"\n')
        self.assert_finds(layers.check_cycles(tree), "coap/a.h -> coap/b.h -> coap/a.h")

    def test_a_cycle_between_folders_is_found(self):
        tree = self.tree(coap__a_h='#include "metrics/a.h"\n', coap__b_h="", metrics__a_h="",
                         metrics__b_h='#include "coap/b.h"\n')
        self.assert_finds(layers.check_cycles(tree), "folders", "coap -> metrics -> coap")


class Text(RuleTest):
    def test_a_long_line_is_found(self):
        tree = self.tree(coap__a_h="x" * 120 + "\n" + "y" * 121 + "\n")
        self.assert_finds(text.check_lines(tree), "coap/a.h:2", "121 columns")

    def test_a_raw_string_may_be_long(self):
        self.assertEqual(text.check_lines(self.tree(coap__a_cpp='auto x = R"(' + "y" * 121 + ')";\n')), [])

    def test_blanks_tabs_and_a_missing_last_newline_are_found(self):
        self.assert_finds(text.check_lines(self.tree(a_h="x \n")), "blanks")
        self.assert_finds(text.check_lines(self.tree(a_h="\tx\n")), "tab")
        self.assert_finds(text.check_lines(self.tree(a_h="x")), "newline")

    def test_a_path_of_one_machine_is_found(self):
        for path in ("/wo" "rk/shared", "/ro" "ot/.cache", "/ho" "me/joe/x", "/tm" "p/b-me/x"):
            self.assert_finds(text.check_machine(self.tree(README="see " + path + " there\n")), "README:1", "machine")

    def test_paths_that_every_machine_has_are_right(self):
        tree = self.tree(README="/usr/include, /etc/apt, /tmp/x, $work/apt, simulator/work/x, /roots, /3/0/homework\n")
        self.assertEqual(text.check_machine(tree), [])

    def test_a_registry_host_is_found(self):
        for host in ("deb.debian." "org", "repo1." "maven.apache.org", "files.python" "hosted.org"):
            self.assert_finds(text.check_machine(self.tree(README=f"http://{host}/x\n")), "README:1", "registry")

    def test_the_clock_is_read_in_the_engine_only(self):
        line = "auto t = std::chrono::steady_clock::now();\n"
        tree = self.tree(coap__a_cpp=line, simulator__engine__a_cpp=line)
        self.assert_finds(text.check_calls(tree), "coap/a.cpp:1", "clock")

    def test_chance_and_environment_and_waiting_are_found(self):
        for line in ("int x = rand();", "std::mt19937 g;", "std::random_device d;", 'getenv("X");', "usleep(3);",
                     "std::this_thread::sleep_for(1s);", "time(nullptr);"):
            self.assert_finds(text.check_calls(self.tree(coap__a_cpp=line + "\n")), "coap/a.cpp:1")

    def test_what_only_looks_like_a_call_is_right(self):
        tree = self.tree(coap__a_cpp='// calls rand() and ::now()\nauto s = "getenv(x)"; turn.now; operand(3);\n')
        self.assertEqual(text.check_calls(tree), [])

    def test_tests_in_virtual_time_do_not_wait(self):
        tree = self.tree(tests__coap__a_cpp="sleep(1);\n", tests__web__a_cpp="sleep(1);\n")
        self.assert_finds(text.check_calls(tree), "tests/coap/a.cpp:1", "advance the clock")

    def test_a_header_without_guard_or_first_comment_is_found(self):
        self.assert_finds(text.check_headers(self.tree(coap__a_h="// A: a.\n")), "#pragma once")
        self.assert_finds(text.check_headers(self.tree(coap__a_h="#pragma once\n")), "comment")

    def test_literals_keep_their_lines(self):
        code = "a(\"x\\\"//\");\n/* rand()\n */ b('\"', 1'000);\nR\"(c\n)\";d\n"
        stripped = strip_comments_and_strings(code).split("\n")
        self.assertEqual([line.strip() for line in stripped], ["a(       );", "", "b(   , 1_000);", "", ";d", ""])


class Layout(RuleTest):
    def test_a_foreign_name_at_the_top_level_is_found(self):
        files = {name: "" for name in ("CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "quickstart",
                                       "check")}
        tree = self.tree(**files, simulator__a="", coap__a="", profiles__a="", scenarios__a="", metrics__a="",
                         tests__a="", utils__a="")
        self.assert_finds(layout.check_top_level(tree), "utils")

    def test_a_missing_name_at_the_top_level_is_found(self):
        problems = layout.check_top_level(self.tree(LICENSE=""))
        self.assertIn("README.md: missing at the top level", problems)

    def test_a_script_that_cannot_run_is_found(self):
        tree = self.tree(tool="#!/bin/sh\n", broken_sh="if true; do\n")
        problems = [p for p in layout.check_scripts(tree) if "missing" not in p]
        self.assertEqual(len(problems), 2, problems)
        self.assertIn("broken.sh", problems[0])
        self.assertIn("tool: begins with #! but is not executable", problems[1])


if __name__ == "__main__":
    unittest.main()
