// Context: where a command reads and writes. Results go to `out`, everything else to `err`.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "simulator/cli/flags.h"

namespace cli {

struct Context {
    std::istream& in;
    std::ostream& out;
    std::ostream& err;
    bool terminal = false;          // is `err` a terminal, which can be redrawn?
    std::vector<std::string> args;  // as given, for the report
    Environment environment;
};

}  // namespace cli
