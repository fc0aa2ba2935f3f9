// Atomic file: a file is there whole, or not at all.
#pragma once

#include <string>
#include <string_view>

#include "simulator/base/error.h"

namespace metrics {

// Writes beside `path`, syncs, and renames; what was at `path` stays until then. On an error (a full disk, a missing
// folder) nothing is left behind and the text names the file and the reason. A `path` that is no regular file, such as
// a terminal or a pipe, is written to directly.
base::Result<void, std::string> write_file_atomically(const std::string& path, std::string_view content);

}  // namespace metrics
