// Runs the program in this process: arguments in; exit code, output and errors out.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "simulator/cli/program.h"

namespace cli {

struct Outcome {
    int code = 0;
    std::string out;
    std::string err;
    bool says(std::string_view part) const {
        return out.find(part) != std::string::npos || err.find(part) != std::string::npos;
    }
};

inline std::ostream& operator<<(std::ostream& stream, const Outcome& outcome) {
    return stream << "exit " << outcome.code << "\n--- out\n" << outcome.out << "--- err\n" << outcome.err;
}

inline Outcome run_in_process(std::vector<std::string> args) {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    const Context context{.in = in,
                          .out = out,
                          .err = err,
                          .terminal = false,
                          .args = std::move(args),
                          .environment = [](std::string_view) { return std::nullopt; }};
    const int code = run_program(context);
    return {code, out.str(), err.str()};
}

// The same until the machine lets it keep its schedule: of a few operations one that a machine holds up for 10 ms makes
// a run invalid (exit 98), and rightly so.
inline Outcome run_unhindered(const std::vector<std::string>& args) {
    Outcome outcome = run_in_process(args);
    for (int again = 0; again < 4 && outcome.code == 98; ++again) outcome = run_in_process(args);
    return outcome;
}

// A folder of the test's own that is gone afterwards.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "lwm2m-sim-XXXXXX").string();
        path_ = mkdtemp(name.data());
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    std::string operator/(const std::string& name) const { return (path_ / name).string(); }
    std::string write(const std::string& name, const std::string& content) const {
        std::ofstream(path_ / name, std::ios::binary) << content;
        return *this / name;
    }

private:
    std::filesystem::path path_;
};

inline std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace cli
