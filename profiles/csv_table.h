// CsvTable: a table of text by rows and columns (RFC 4180: commas, quotes, the first row has the names of the columns).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/diagnostics.h"
#include "profiles/yaml.h"
#include "simulator/base/error.h"

namespace profiles {

struct CsvTable {
    std::vector<std::string> names;
    std::vector<std::vector<std::string>> rows;  // each as long as `names`
    std::vector<std::size_t> lines;              // of each row in the text, from 1

    std::optional<std::size_t> column(std::string_view name) const;
};

// Empty lines are skipped. Fails, with the line as the offset, when a row is longer or shorter than the first, a quote
// is not closed or two columns have one name.
base::Result<CsvTable> parse_csv(std::string_view text);

// The table in the file that the text of `node` names, as seen from where the node stands. Errors go to `diagnostics`:
// no such file, larger than 64 MiB, no table, no rows.
std::optional<CsvTable> load_csv(const Node& node, Diagnostics& diagnostics);

}  // namespace profiles
