#!/usr/bin/env python3
"""Shows ci/layering.py right and wrong includes and looks at its answer."""

import pathlib
import tempfile
import unittest

import layering


class Layering(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, path, *lines):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(lines) + "\n", "utf-8")

    def problems(self):
        return list(layering.check(self.root))

    def refuses(self, path, include):
        self.write(path, "#pragma once", include)
        found = self.problems()
        self.assertEqual(len(found), 1, f"{path} with {include}: {found}")
        self.assertTrue(found[0].startswith(f"{path}:2: "), found[0])
        (self.root / path).unlink()

    def accepts(self, path, include):
        self.write(path, include)
        self.assertEqual(self.problems(), [])

    def test_a_library_in_the_wrong_layer_is_refused(self):
        self.refuses("core/a.hpp", "#include <caf/actor.hpp>")
        self.refuses("core/a.cpp", "#include <boost/asio/post.hpp>")
        self.refuses("actors/a.cpp", "#include <boost/asio.hpp>")
        self.refuses("actors/a.cpp", '#include "boost/beast/core.hpp"')
        self.refuses("net/a.cpp", "#  include <hiredis/hiredis.h>")
        self.refuses("cluster/a.cpp", "#include <boost/beast/http.hpp>")

    def test_an_arrow_up_or_sideways_is_refused(self):
        self.refuses("core/a.cpp", '#include "actors/room.hpp"')
        self.refuses("actors/a.cpp", '#include "net/loop.hpp"')
        self.refuses("net/a.cpp", '#include "cluster/bus.hpp"')
        self.refuses("net/a.cpp", '#include "actors/room.hpp"')
        self.refuses("cluster/a.cpp", '#include "net/loop.hpp"')
        self.refuses("cluster/deep/a.cpp", '#include "app/node.hpp"')
        self.refuses("tests/net/a_test.cpp", '#include "app/node.hpp"')
        self.refuses("core/a.hpp", "#include <tests/support/catch.hpp>")
        self.refuses("watch/a.cpp", '#include "actors/supervisor.hpp"')
        self.refuses("actors/a.cpp", '#include "watch/life.hpp"')

    def test_a_relative_path_is_no_way_round(self):
        self.write("net/loop.hpp")
        self.refuses("actors/a.cpp", '#include "../net/loop.hpp"')

    def test_the_arrows_of_the_design_are_accepted(self):
        self.accepts("core/a.cpp", "#include <simdjson.h>")
        self.accepts("actors/a.cpp", '#include "core/log.hpp"')
        self.accepts("actors/b.cpp", "#include <caf/actor.hpp>")
        self.accepts("net/a.cpp", '#include "actors/interfaces.hpp"')
        self.accepts("net/b.cpp", "#include <boost/beast/core.hpp>")
        self.accepts("cluster/a.cpp", "#include <boost/asio/post.hpp>")
        self.accepts("app/a.cpp", '#include "net/loop.hpp"')
        self.accepts("tests/app/a_test.cpp", '#include "app/node.hpp"')
        self.accepts("tests/net/b_test.cpp", '#include "actors/room.hpp"')


if __name__ == "__main__":
    unittest.main()
