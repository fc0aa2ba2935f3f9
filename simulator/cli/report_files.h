// Report files: what a run leaves in the folder of --out, and what it prints.
#pragma once

#include <string>
#include <vector>

#include "metrics/run_result.h"
#include "simulator/cli/options.h"

namespace cli {

// Makes the folder if it is missing, and sees that files can be made in it. An error, else an empty text.
std::string prepare_folder(const std::string& folder);

// Writes result.json, summary.txt and metrics.prom, each whole or not at all. `result.files` is what was written
// afterwards; the errors come back.
std::vector<std::string> write_report(const std::string& folder, metrics::RunResult& result);

std::string summary_text(SummaryKind kind, const metrics::RunResult& result);

// The identity of a run that begins now: id, version, host, start time.
metrics::RunInfo describe_run(const std::vector<std::string>& args);

}  // namespace cli
