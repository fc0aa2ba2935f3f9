// Report: what a run showed, as result.json for programs and as a summary for people.
#pragma once

#include <string>

#include "metrics/run_result.h"
#include "simulator/base/error.h"

namespace metrics {

// {"schema": "lwm2m-sim/result/v1", ...}; metrics/README.md lists the keys. Times are seconds; a time that falls among
// the timeouts is the string "Infinity", and one without samples is null.
std::string to_json(const RunResult& result);

// Writes to_json() to `path` whole or not at all; an error names the file and the reason.
base::Result<void, std::string> write_result(const std::string& path, const RunResult& result);

// The final summary: verdict, devices, operations, failures with the command that replays the first device of each,
// conservation, generator, server, files. Ends with a newline; without colours.
std::string summary(const RunResult& result);

}  // namespace metrics
