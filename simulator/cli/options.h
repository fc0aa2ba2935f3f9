// Options: what the user asks for on the command line: one struct a command, each value in its type. Files and hosts
// are not looked at here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "scenarios/scenario.h"
#include "simulator/base/crypto.h"
#include "simulator/base/error.h"
#include "simulator/base/time.h"
#include "simulator/cli/command_codec.h"
#include "simulator/cli/command_list.h"
#include "simulator/cli/command_validate.h"
#include "simulator/cli/flags.h"
#include "simulator/net/address_plan.h"

namespace cli {

// A value of the scenario that a flag changes: scenarios::apply_override() takes it.
struct Override {
    std::string key;
    std::string value;
    friend bool operator==(const Override&, const Override&) = default;
};

// Of `run` and `simulate`: which scenario, and what is different in it.
struct ScenarioOptions {
    std::optional<std::string> file;  // none: the default scenario
    std::vector<Override> overrides;  // in the order in which they apply
    bool strict = false;              // a warning is an error
};

enum class SummaryKind : std::uint8_t { compact, full, json };

struct ListenAddress {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

// Of the HTTP listener.
struct ListenOptions {
    std::optional<ListenAddress> address;  // none: --no-listen
    bool given = false;                    // the user asked for this address: it must be free, and may be off loopback
    std::string token;                     // off loopback, of requests that change something: LWM2M_SIM_TOKEN
};

struct RunCommand {
    ScenarioOptions scenario;
    std::uint32_t threads = 1;
    base::Duration grace = std::chrono::seconds(30);
    ListenOptions listen{ListenAddress{.port = 9700}, false, {}};
    bool own_target = false;
    std::optional<net::AddressPlan::Kind> addresses;  // none: what suits the target
    std::optional<net::Prefix> pool;
    std::uint16_t server_port = 0;  // of the embedded server; 0: any that is free
    bool quiet = false;
    bool verbose = false;
    bool color = true;
    SummaryKind summary = SummaryKind::full;
    std::vector<std::pair<std::string, std::string>> captures;  // index or endpoint name of a device; file
    std::optional<std::pair<base::Duration, base::Duration>> test_freeze_server;
    bool test_leak_operation = false;
};

struct SimulateCommand {
    ScenarioOptions scenario;
    std::uint32_t threads = 1;
    bool quiet = false;
    SummaryKind summary = SummaryKind::full;
};

struct ServeCommand {
    std::optional<std::string> scenario_file;  // its `server:` block
    std::string bind = "127.0.0.1";
    std::optional<std::uint16_t> port;  // none: 5683, with DTLS 5684
    std::uint32_t capacity = 100'000;
    std::optional<std::uint32_t> threads;            // none: the scenario's, or what suits the machine
    std::shared_ptr<const base::Secret> psk_secret;  // it speaks DTLS then, and nothing else
    bool any_endpoint = false;                       // whoever has one of those keys may register by any name
    bool derived_certificates = false;               // certificates and raw public keys by the same secret too
    unsigned first_generation = 0;                   // of the keys that are known
    unsigned last_generation = 1;
    // Files of the server's own; it speaks DTLS then.
    std::optional<std::string> certificate_file;
    std::optional<std::string> key_file;
    std::optional<std::string> trust_file;
    ListenOptions listen{ListenAddress{.port = 9701}, false, {}};
    bool quiet = false;
};

// `pem`: the CAs of certificates alone; `firmware`: no keys, but what each device's update comes to.
enum class ProvisionFormat : std::uint8_t { csv, leshan, jsonl, pem, firmware };

struct ProvisionCommand {
    ScenarioOptions scenario;
    ProvisionFormat format = ProvisionFormat::csv;
    std::optional<unsigned> generation;  // of the keys; none: that the devices start with
    std::optional<unsigned> server;      // short id of the further server that is told; none: the target
};

struct DeviceCommand {
    std::string profile = "temperature-sensor";  // a name of the catalog, or a file
    std::optional<scenarios::Target> target;     // none: the embedded server
    std::uint64_t seed = 1;
    std::uint64_t index = 0;  // in the fleet whose device it is
    std::vector<std::string> objects;
    ListenOptions listen{ListenAddress{.port = 9702}, false, {}};
};

// Text for standard output, and that is all: help, version.
struct ShowText {
    std::string text;
};

using Command = std::variant<RunCommand, SimulateCommand, ServeCommand, ProvisionCommand, DeviceCommand,
                             ValidateOptions, ListOptions, DecodeOptions, EncodeOptions, ShowText>;

// Why the command line says nothing that can be done: text for standard error, whole; exit code 2.
struct UsageError {
    std::string text;
};

// `args` without the program's name.
base::Result<Command, UsageError> parse_command_line(const std::vector<std::string>& args,
                                                     const Environment& environment);

// The environment of this process.
Environment process_environment();

// Values of flags; the error is a whole phrase.
base::Result<ListenAddress> parse_listen(std::string_view text);  // "127.0.0.1:9700", ":9700", "[::1]:9700"
base::Result<std::uint16_t> parse_port(std::string_view text);    // 0 to 65535

std::string version_text();

}  // namespace cli
