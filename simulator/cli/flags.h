// Flags: the command line of one command: its flags and arguments, what the environment says instead, and all that is
// wrong with either.
//
//   Flags flags("run", "run a scenario");
//   flags.value("-n,--devices", devices, "COUNT", "how many devices");
//   const auto problems = flags.parse(args, environment);
//
// A flag that is not given is looked for in the environment: --address-pool as LWM2M_SIM_ADDRESS_POOL.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

// The value of a variable, or nothing.
using Environment = std::function<std::optional<std::string>(std::string_view)>;

class Flags {
public:
    Flags(std::string command, std::string description);
    Flags(const Flags&) = delete;
    Flags& operator=(const Flags&) = delete;
    ~Flags();

    // `names` is "-n,--devices" or "--devices"; `type` stands for the value in the help. Slots must outlive parse().
    void value(const char* names, std::optional<std::string>& slot, const char* type, const char* doc);
    void values(const char* names, std::vector<std::string>& slot, const char* type,
                const char* doc);  // may be repeated
    void toggle(const char* names, bool& slot, const char* doc);
    void argument(const char* name, std::optional<std::string>& slot, const char* doc);
    void arguments(const char* name, std::vector<std::string>& slot, const char* doc);
    // In no help, and not in the environment: for tests.
    void hidden_value(const char* name, std::optional<std::string>& slot);
    void hidden_toggle(const char* name, bool& slot);
    // Known, and refused.
    void not_supported_yet(std::span<const char* const> names);

    // Fills the slots. What is wrong comes back as sentences; empty: nothing. -h and --help are noted, not acted on.
    std::vector<std::string> parse(const std::vector<std::string>& args, const Environment& environment);
    bool help_wanted() const { return help_wanted_; }
    std::string help() const;

private:
    struct Impl;
    std::vector<std::string> unknown_flags(const std::vector<std::string>& args) const;
    void read_environment(const Environment& environment, std::vector<std::string>& problems);

    std::unique_ptr<Impl> impl_;
    std::vector<std::string_view> later_;
    bool help_wanted_ = false;
};

// --address-pool -> LWM2M_SIM_ADDRESS_POOL
std::string variable_of(std::string_view flag);

}  // namespace cli
