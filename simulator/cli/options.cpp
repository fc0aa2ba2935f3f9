#include "simulator/cli/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <limits>

#include <fmt/format.h>

#include "profiles/diagnostics.h"
#include "profiles/security.h"
#include "simulator/base/did_you_mean.h"
#include "simulator/base/units.h"
#include "simulator/cli/help_topics.h"

namespace cli {
namespace {

using profiles::printable;
using Args = std::vector<std::string>;
using Problems = std::vector<std::string>;
using Text = std::optional<std::string>;

constexpr std::uint32_t most_threads = 256;

// "error: ..." for each, and what became of the command.
UsageError usage_error(const Problems& problems, std::string_view command) {
    std::string text;
    for (const auto& problem : problems) text += fmt::format("error: {}\n", problem);
    text += fmt::format("{} error{}; nothing was sent. See lwm2m-sim help{}{}\n", problems.size(),
                        problems.size() == 1 ? "" : "s", command.empty() ? "" : " ", command);
    return {std::move(text)};
}

// YAML that stands for this text, whatever is in it.
std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

// Reads the value of a flag, if there is one; what is wrong is noted with the flag's name.
class Reader {
public:
    explicit Reader(Problems& problems) : problems_(problems) {}

    template <class T, class Parse>
    void read(const char* flag, const Text& text, Parse parse, T& out) {
        if (!text) return;
        const auto value = parse(*text);
        if (value) {
            out = *value;
        } else {
            wrong(flag, *text, value.error().what);
        }
    }
    void whole(const char* flag, const Text& text, std::uint32_t least, std::uint32_t most, std::uint32_t& out) {
        if (!text) return;
        const auto value = base::parse_count(*text);
        if (!value || *value < least || *value > most) {
            wrong(flag, *text, fmt::format("a whole number from {} to {} is needed", least, base::format_count(most)));
        } else {
            out = static_cast<std::uint32_t>(*value);
        }
    }
    template <class T, std::size_t N>
    void choice(const char* flag, const Text& text, const std::array<std::pair<std::string_view, T>, N>& choices,
                T& out) {
        if (!text) return;
        std::vector<std::string_view> words;
        for (const auto& [word, value] : choices) {
            if (word == *text) {
                out = value;
                return;
            }
            words.push_back(word);
        }
        wrong(flag, *text, fmt::format("it is one of {}", fmt::join(words, ", ")));
    }
    void wrong(const char* flag, const std::string& text, std::string_view why) {
        problems_.push_back(fmt::format("{}: '{}': {}", flag, printable(text), why));
    }

private:
    Problems& problems_;
};

constexpr std::array summary_kinds{std::pair<std::string_view, SummaryKind>{"compact", SummaryKind::compact},
                                   std::pair<std::string_view, SummaryKind>{"full", SummaryKind::full},
                                   std::pair<std::string_view, SummaryKind>{"json", SummaryKind::json}};

// Secrets come from the environment, never from the arguments, which every user of the host can see.
void read_listen(const Text& listen, bool no_listen, const Environment& environment, Reader& reader,
                 ListenOptions& out) {
    reader.read("--listen", listen, parse_listen, out.address);
    out.given = listen.has_value();
    if (no_listen) out.address.reset();
    out.token = environment("LWM2M_SIM_TOKEN").value_or("");
}

// --- what run and simulate share ------------------------------------------------------------------------------------

struct ScenarioTexts {
    Text source;
    Text devices;
    Text seed;
    Text profile;
    Text length;
    Text over;
    std::vector<std::string> settings;

    void declare(Flags& flags, const char* source_doc) {
        flags.argument("SCENARIO", source, source_doc);
        flags.value("-n,--devices", devices, "COUNT", "how many devices: 100k, 1M");
        flags.value("-s,--seed", seed, "NUMBER", "of every draw: same seed, same run");
        flags.value("-p,--profile", profile, "PROFILE",
                    "all devices follow this one: a name of the catalog, or a file");
        flags.value("--for", length, "DURATION", "length of the hold phase: 60s, 10m");
        flags.value("--over", over, "DURATION", "length of the ramp phase");
        flags.values("--set", settings, "KEY=VALUE",
                     "any value of the scenario: --set phases[0].ramp.arrivals=poisson");
    }

    void read(ScenarioOptions& out, Problems& problems) const {
        const auto override_with = [&](const char* key, const Text& value) {
            if (value) out.overrides.push_back({key, *value});
        };
        if (source && source->find("://") != std::string::npos) {
            override_with("target", quoted(*source));
        } else {
            out.file = source;
        }
        if (profile) out.overrides.push_back({"fleet", fmt::format("[{{profile: {}}}]", quoted(*profile))});
        override_with("devices", devices);
        override_with("seed", seed);
        override_with("for", length);
        override_with("over", over);
        for (const auto& setting : settings) {
            const auto equals = setting.find('=');
            if (equals == 0 || equals == std::string::npos) {
                problems.push_back(
                    fmt::format("--set: '{}': it is KEY=VALUE, as in --set devices=20k", printable(setting)));
            } else {
                out.overrides.push_back({setting.substr(0, equals), setting.substr(equals + 1)});
            }
        }
    }
};

base::Result<std::pair<base::Duration, base::Duration>> parse_moment_and_length(std::string_view text) {
    const auto comma = text.find(',');
    if (comma == std::string_view::npos) return base::fail("it is AT,LENGTH, as in 3s,2s");
    const auto at = base::parse_duration(text.substr(0, comma));
    if (!at) return tl::unexpected(at.error());
    const auto length = base::parse_duration(text.substr(comma + 1));
    if (!length) return tl::unexpected(length.error());
    return std::pair(*at, *length);
}

// --- the commands ---------------------------------------------------------------------------------------------------

// What parse() makes of the flags: help, errors, or nothing and the slots are filled.
std::optional<base::Result<Command, UsageError>> parse_flags(Flags& flags, std::string_view command, const Args& args,
                                                             const Environment& environment, Problems& problems) {
    problems = flags.parse(args, environment);
    if (flags.help_wanted()) return ShowText{flags.help() + std::string(help_footer(command))};
    // Later reading could only blame what has been blamed already.
    if (!problems.empty()) return tl::unexpected(usage_error(problems, command));
    return std::nullopt;
}

constexpr std::array later_run_flags{"--shard",    "--threshold", "--baseline", "--push",
                                     "--start-at", "--late",      "--json-log"};

void read_captures(const std::vector<std::string>& texts, RunCommand& out, Problems& problems) {
    for (const auto& text : texts) {
        const auto equals = text.rfind('=');
        if (equals == 0 || equals == std::string::npos || equals + 1 == text.size()) {
            problems.push_back(
                fmt::format("--capture: '{}': it is DEVICE=FILE, as in --capture 17=f.pcap", printable(text)));
        } else {
            out.captures.emplace_back(text.substr(0, equals), text.substr(equals + 1));
        }
    }
}

base::Result<Command, UsageError> parse_run(const Args& args, const Environment& environment) {
    Flags flags("run", "Runs a scenario in real time, against a server of yours or the embedded one.");
    RunCommand out;
    ScenarioTexts scenario;
    Text target, threads, dir, grace, listen, addresses, pool, server_port, summary, freeze;
    std::vector<std::string> captures;
    bool no_listen = false;
    bool no_color = false;
    scenario.declare(flags, "a scenario file, or coap://host[:port]; omitted: the default scenario");
    flags.value("-t,--target", target, "URI", "the server under test; omitted: the embedded server");
    flags.value("--threads", threads, "N", "threads for devices [1]");
    flags.value("--out", dir, "DIR", "folder for result.json, summary.txt and metrics.prom; made if missing");
    flags.value("--grace", grace, "DURATION", "for the devices to leave after an interrupt, or at the end [30s]");
    flags.value("--listen", listen, "HOST:PORT", "HTTP: /metrics, /v1/run ... [127.0.0.1:9700]");
    flags.toggle("--no-listen", no_listen, "no HTTP");
    flags.toggle("--i-own-the-target", out.own_target,
                 "needed for more than 10 devices off loopback and private ranges");
    flags.value("--addresses", addresses, "pool|ports",
                "source addresses: many of a pool on a few sockets, or a socket a device [what suits the target]");
    flags.value("--address-pool", pool, "PREFIX",
                "of the pool [127.0.0.0/8]; elsewhere: ip route add local PREFIX dev lo");
    flags.value("--server-port", server_port, "PORT", "of the embedded server [any that is free]");
    flags.values("--capture", captures, "DEVICE=FILE",
                 "a device's datagrams as pcap; with DTLS FILE.keys has the secrets of its sessions");
    flags.value("--summary", summary, "compact|full|json", "what is printed at the end [full]");
    flags.toggle("-q,--quiet", out.quiet, "no live view");
    flags.toggle("-v,--verbose", out.verbose, "say what is set up");
    flags.toggle("--no-color", no_color, "no colours, no redrawing");
    flags.toggle("--strict", out.scenario.strict, "a warning is an error");
    flags.hidden_value("--test-freeze-server", freeze);
    flags.hidden_toggle("--test-leak-operation", out.test_leak_operation);
    flags.not_supported_yet(later_run_flags);

    Problems problems;
    if (auto done = parse_flags(flags, "run", args, environment, problems)) return *std::move(done);
    if (target) out.scenario.overrides.push_back({"target", quoted(*target)});
    if (dir) out.scenario.overrides.push_back({"report.dir", quoted(*dir)});
    scenario.read(out.scenario, problems);
    Reader reader(problems);
    reader.whole("--threads", threads, 1, most_threads, out.threads);
    reader.read("--grace", grace, base::parse_duration, out.grace);
    read_listen(listen, no_listen, environment, reader, out.listen);
    constexpr std::array kinds{
        std::pair<std::string_view, std::optional<net::AddressPlan::Kind>>{"pool", net::AddressPlan::Kind::pool},
        std::pair<std::string_view, std::optional<net::AddressPlan::Kind>>{"ports", net::AddressPlan::Kind::ports}};
    reader.choice("--addresses", addresses, kinds, out.addresses);
    reader.read("--address-pool", pool, net::parse_prefix, out.pool);
    reader.read("--server-port", server_port, parse_port, out.server_port);
    read_captures(captures, out, problems);
    reader.choice("--summary", summary, summary_kinds, out.summary);
    reader.read("--test-freeze-server", freeze, parse_moment_and_length, out.test_freeze_server);
    // https://no-color.org: set and not empty.
    out.color = !no_color && environment("NO_COLOR").value_or("").empty();
    if (!problems.empty()) return tl::unexpected(usage_error(problems, "run"));
    return out;
}

base::Result<Command, UsageError> parse_simulate(const Args& args, const Environment& environment) {
    Flags flags("simulate",
                "Runs a scenario in virtual time: no socket is opened, and the same seed gives the same trace.");
    SimulateCommand out;
    ScenarioTexts scenario;
    Text threads, summary;
    scenario.declare(flags, "a scenario file; omitted: the default scenario");
    flags.value("--threads", threads, "N", "shards [1]; the trace does not depend on it");
    flags.value("--summary", summary, "compact|full|json", "what is printed at the end [full]");
    flags.toggle("-q,--quiet", out.quiet, "say nothing but the result");
    flags.toggle("--strict", out.scenario.strict, "a warning is an error");
    Problems problems;
    if (auto done = parse_flags(flags, "simulate", args, environment, problems)) return *std::move(done);
    scenario.read(out.scenario, problems);
    if (scenario.source && !out.scenario.file) {
        problems.emplace_back("simulate needs no target: it talks to the embedded server in memory");
    }
    Reader reader(problems);
    reader.whole("--threads", threads, 1, most_threads, out.threads);
    reader.choice("--summary", summary, summary_kinds, out.summary);
    if (!problems.empty()) return tl::unexpected(usage_error(problems, "simulate"));
    return out;
}

// "1", or "0-1".
std::optional<std::pair<unsigned, unsigned>> parse_generations(std::string_view text) {
    const auto digit = [](char c) { return static_cast<unsigned>(static_cast<unsigned char>(c) - '0'); };
    const bool one = text.size() == 1;
    if (!one && !(text.size() == 3 && text[1] == '-')) return std::nullopt;
    const std::pair known{digit(text.front()), digit(text.back())};
    const bool good = known.first <= known.second && known.second < profiles::most_generations;
    return good ? std::optional(known) : std::nullopt;
}

base::Result<Command, UsageError> parse_serve(const Args& args, const Environment& environment) {
    Flags flags("serve", "Runs the embedded LwM2M server alone, until it is interrupted.");
    ServeCommand out;
    Text port, bind, capacity, threads, listen, psk_secret, generations;
    bool no_listen = false;
    flags.value("--port", port, "PORT", "UDP port [5683, with DTLS 5684]; 0: any that is free");
    flags.value("--bind", bind, "ADDRESS", "that it listens at [127.0.0.1]");
    flags.value("-f,--file", out.scenario_file, "SCENARIO",
                "its server: block says what is asked of each device, its profiles which keys they have");
    flags.value("--psk-secret-env", psk_secret, "NAME",
                "DTLS with pre-shared keys, derived from the secret in this environment variable");
    flags.value("--generations", generations, "FIRST-LAST",
                "generations of those keys that are known [0-1]: the current and the next one, in a roll-over");
    flags.toggle("--any-endpoint", out.any_endpoint,
                 "devices with those keys may register by other names than their PSK identities");
    flags.toggle("--certificates", out.derived_certificates,
                 "takes the certificates and raw public keys that follow from that secret too");
    flags.value("--key", out.key_file, "FILE",
                "DTLS with this private key (PEM, P-256) of the server: certificates and raw public keys are taken");
    flags.value("--certificate", out.certificate_file, "FILE", "its certificate, and those of its issuers (PEM)");
    flags.value("--trust", out.trust_file, "FILE", "CAs that may issue devices' certificates (PEM)");
    flags.value("-n,--capacity", capacity, "COUNT", "registrations that it has room for [100k]");
    flags.value("--threads", threads, "N",
                "that take in datagrams and speak DTLS [what suits the machine]; more than one: LwM2M has one more");
    flags.value("--listen", listen, "HOST:PORT", "HTTP: /metrics, /v1/clients [127.0.0.1:9701]");
    flags.toggle("--no-listen", no_listen, "no HTTP");
    flags.toggle("-q,--quiet", out.quiet, "say nothing but the figures at the end");
    Problems problems;
    if (auto done = parse_flags(flags, "serve", args, environment, problems)) return *std::move(done);
    Reader reader(problems);
    if (port) reader.read("--port", port, parse_port, out.port.emplace());
    reader.whole("--capacity", capacity, 1, 100'000'000, out.capacity);
    if (threads) reader.whole("--threads", threads, 1, profiles::most_server_threads, out.threads.emplace());
    read_listen(listen, no_listen, environment, reader, out.listen);
    if (psk_secret) {
        const auto secret = environment(*psk_secret);
        if (!secret || secret->size() < profiles::least_secret) {
            problems.push_back(fmt::format("--psk-secret-env: the variable {} must hold a secret of {} bytes or more",
                                           printable(*psk_secret), profiles::least_secret));
        } else {
            out.psk_secret = std::make_shared<const base::Secret>(base::as_bytes(*secret));
        }
    }
    if (generations) {
        const auto known = parse_generations(*generations);
        if (!known) {
            reader.wrong("--generations", *generations,
                         fmt::format("two numbers from 0 to {}, as 0-1, or one", profiles::most_generations - 1));
        } else {
            std::tie(out.first_generation, out.last_generation) = *known;
        }
        if (!psk_secret) problems.emplace_back("--generations goes with --psk-secret-env");
    }
    if (out.any_endpoint && !psk_secret) problems.emplace_back("--any-endpoint goes with --psk-secret-env");
    if (out.derived_certificates && !psk_secret) problems.emplace_back("--certificates goes with --psk-secret-env");
    if ((out.certificate_file || out.trust_file) && !out.key_file) {
        problems.emplace_back("--certificate and --trust go with --key");
    }
    if (out.trust_file && !out.certificate_file) problems.emplace_back("--trust goes with --certificate");
    if (bind) {
        out.bind = *bind;
        if (const auto address = net::parse_ip(*bind, 0); !address) reader.wrong("--bind", *bind, address.error().what);
    }
    if (!problems.empty()) return tl::unexpected(usage_error(problems, "serve"));
    return out;
}

constexpr std::array<std::pair<std::string_view, ProvisionFormat>, 5> provision_formats{
    {{"csv", ProvisionFormat::csv},
     {"leshan", ProvisionFormat::leshan},
     {"jsonl", ProvisionFormat::jsonl},
     {"pem", ProvisionFormat::pem},
     {"firmware", ProvisionFormat::firmware}}};

base::Result<Command, UsageError> parse_provision(const Args& args, const Environment& environment) {
    Flags flags(
        "provision",
        "Prints what a server must know of a fleet's devices: endpoints, identities and keys. They are secret.");
    ProvisionCommand out;
    ScenarioTexts scenario;
    Text format, generation, server;
    scenario.declare(flags, "a scenario file; omitted: the default scenario");
    flags.value("--generation", generation, "NUMBER", "of the keys, from 0 on [that devices start with]");
    flags.value("--server", server, "ID", "short server id of the one of `servers:` that is to know them [the target]");
    flags.value(
        "--format", format, "csv|leshan|jsonl|pem|firmware",
        "how [csv]; leshan: bodies for its REST interface; pem: the CAs of the devices' certificates; firmware: "
        "no keys, but how each device's update ends");
    Problems problems;
    if (auto done = parse_flags(flags, "provision", args, environment, problems)) return *std::move(done);
    scenario.read(out.scenario, problems);
    Reader reader(problems);
    reader.choice("--format", format, provision_formats, out.format);
    if (server) reader.whole("--server", server, 1, 65534, out.server.emplace());
    if (generation) {
        const auto known = parse_generations(*generation);
        if (known && known->first == known->second && generation->size() == 1) {
            out.generation = known->first;
        } else {
            reader.wrong("--generation", *generation,
                         fmt::format("a number from 0 to {}", profiles::most_generations - 1));
        }
    }
    if (!problems.empty()) return tl::unexpected(usage_error(problems, "provision"));
    return out;
}

base::Result<std::uint64_t> parse_whole(std::string_view text) {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end) return base::fail("a whole number from 0 is needed");
    return number;
}

base::Result<Command, UsageError> parse_device(const Args& args, const Environment& environment) {
    Flags flags("device", "Runs one device in the foreground: every message decoded, its values shown and changed.");
    DeviceCommand out;
    Text first, second, seed, index, listen;
    bool no_listen = false;
    flags.argument("PROFILE", first, "a name of the catalog, or a file [temperature-sensor]");
    flags.argument("URI", second, "coap://host[:port]; omitted: the embedded server");
    flags.value("-s,--seed", seed, "NUMBER", "of the fleet whose device it is [1]");
    flags.value("-i,--index", index, "NUMBER", "of the device in that fleet: same name, same values [0]");
    flags.values("--objects", out.objects, "PATH", "object definitions to know besides: a file or a folder");
    flags.value("--listen", listen, "HOST:PORT", "HTTP: /v1/devices [127.0.0.1:9702]");
    flags.toggle("--no-listen", no_listen, "no HTTP");
    Problems problems;
    if (auto done = parse_flags(flags, "device", args, environment, problems)) return *std::move(done);
    // The profile may be left out.
    if (first && !second && first->find("://") != std::string::npos) std::swap(first, second);
    if (first) out.profile = *first;
    Reader reader(problems);
    if (second) {
        const auto target = scenarios::parse_target(*second);
        if (target) {
            out.target = *target;
        } else {
            reader.wrong("URI", *second, target.error().what);
        }
    }
    reader.read("--seed", seed, parse_whole, out.seed);
    reader.read("--index", index, parse_whole, out.index);
    read_listen(listen, no_listen, environment, reader, out.listen);
    if (!problems.empty()) return tl::unexpected(usage_error(problems, "device"));
    return out;
}

base::Result<Command, UsageError> parse_validate(const Args& args, const Environment& environment) {
    Flags flags("validate",
                "Checks profiles, scenarios and object definitions, and says what they come to. Sends nothing.");
    ValidateOptions out;
    out.environment = environment;
    flags.arguments("FILE", out.files, "profiles, scenarios, object definitions, or names of the catalog");
    flags.values("--objects", out.objects, "PATH", "object definitions to know besides: a file or a folder");
    flags.toggle("--expand", out.expand, "print what each file comes to, whole");
    flags.toggle("--json", out.json, "one JSON object instead of text");
    flags.toggle("--strict", out.strict, "a warning is an error");
    Problems problems;
    if (auto done = parse_flags(flags, "validate", args, environment, problems)) return *std::move(done);
    if (out.files.empty()) return tl::unexpected(usage_error({"which file? validate FILE..."}, "validate"));
    return out;
}

base::Result<Command, UsageError> parse_list(const Args& args, const Environment& environment) {
    Flags flags("list", "Lists what there is.");
    ListOptions out;
    std::optional<std::string> what;
    flags.argument("WHAT", what, "profiles, objects, generators, keys, metrics or scenarios");
    flags.argument("NAME", out.name, "one of them: a profile or scenario as YAML, the resources of an object");
    flags.values("--objects", out.objects, "PATH", "object definitions to know besides: a file or a folder");
    flags.toggle("--json", out.json, "JSON instead of text");
    Problems problems;
    if (auto done = parse_flags(flags, "list", args, environment, problems)) return *std::move(done);
    if (!what) {
        return tl::unexpected(
            usage_error({"list what? profiles, objects, generators, keys, metrics or scenarios"}, "list"));
    }
    out.what = *what;
    return out;
}

base::Result<Command, UsageError> parse_decode(const Args& args, const Environment& environment) {
    Flags flags("decode", "Says as JSON what bytes of the protocol mean, or where they are wrong.");
    DecodeOptions out;
    Text as;
    flags.argument("HEX", out.input, "the bytes; omitted: standard input");
    flags.value("--as", as, "FORMAT",
                "coap, tlv, senml-cbor, senml-json, json, cbor, lwm2m-cbor, text, opaque, link, ...");
    flags.value("--path", out.path, "PATH", "what the payload is addressed to: /3/0, device/0");
    flags.toggle("--text", out.text, "the input is the payload itself, not hexadecimal");
    flags.toggle("--batch", out.batch,
                 "one JSON object a line on standard input: {\"name\", \"as\", \"hex\" or \"text\", \"path\"}");
    Problems problems;
    if (auto done = parse_flags(flags, "decode", args, environment, problems)) return *std::move(done);
    out.as = as.value_or("");
    if (!as && !out.batch) return tl::unexpected(usage_error({"--as FORMAT is needed: --as tlv"}, "decode"));
    return out;
}

base::Result<Command, UsageError> parse_encode(const Args& args, const Environment& environment) {
    Flags flags("encode", "The inverse of decode: prints the bytes for its JSON, as hexadecimal.");
    EncodeOptions out;
    flags.argument("JSON", out.input, "what decode prints; omitted: standard input");
    flags.toggle("--batch", out.batch, "one JSON object a line on standard input");
    Problems problems;
    if (auto done = parse_flags(flags, "encode", args, environment, problems)) return *std::move(done);
    return out;
}

base::Result<Command, UsageError> parse_version(const Args&, const Environment&) { return ShowText{version_text()}; }

base::Result<Command, UsageError> parse_help(const Args& args, const Environment& environment);

struct CommandEntry {
    std::string_view name;
    base::Result<Command, UsageError> (*parse)(const Args&, const Environment&);
    std::string_view doc;
};
constexpr std::array commands{
    CommandEntry{"run", parse_run, "run a scenario, or a bare target: run coap://host -n 10k --for 5m"},
    CommandEntry{"device", parse_device, "one device in the foreground, every message decoded"},
    CommandEntry{"serve", parse_serve, "the embedded LwM2M server alone"},
    CommandEntry{"simulate", parse_simulate, "a scenario in virtual time: no socket, same seed, same trace"},
    CommandEntry{"provision", parse_provision, "the identities and keys of a fleet, for a server to know"},
    CommandEntry{"validate", parse_validate, "check and explain files; send nothing"},
    CommandEntry{"list", parse_list, "profiles, objects, generators, metrics, scenarios"},
    CommandEntry{"decode", parse_decode, "what bytes say, as JSON"},
    CommandEntry{"encode", parse_encode, "the inverse of decode"},
    CommandEntry{"version", parse_version, "what this is"},
    CommandEntry{"help", parse_help, "this text; help COMMAND; help TOPIC"},
};

std::string overview() {
    std::string text =
        "lwm2m-sim: a fleet of LwM2M devices for load and scale tests of a server\n\nusage: lwm2m-sim "
        "COMMAND [ARGUMENT...] [FLAG...]\n\n";
    for (const auto& command : commands) text += fmt::format("  {:<10}{}\n", command.name, command.doc);
    text += "\ntopics of help:\n";
    for (const auto& topic : help_topics()) text += fmt::format("  {:<12}{}\n", topic.name, topic.doc);
    return text;
}

const CommandEntry* find_command(std::string_view name) {
    const auto found = std::ranges::find(commands, name, &CommandEntry::name);
    return found == commands.end() ? nullptr : &*found;
}

base::Result<Command, UsageError> parse_help(const Args& args, const Environment& environment) {
    if (args.empty() || args.front() == "-h" || args.front() == "--help") return ShowText{overview()};
    if (const auto* command = find_command(args.front()); command != nullptr && command->name != "help") {
        if (command->name == "version") return ShowText{"lwm2m-sim version: what this is\n"};
        return command->parse({"--help"}, environment);
    }
    std::vector<std::string_view> words;
    for (const auto& topic : help_topics()) {
        if (topic.name == args.front()) return ShowText{topic.text()};
        words.push_back(topic.name);
    }
    for (const auto& command : commands) words.push_back(command.name);
    return tl::unexpected(usage_error({fmt::format("no help on '{}'{}", printable(args.front()),
                                                   base::did_you_mean(base::nearest(args.front(), words)))},
                                      ""));
}

UsageError unknown_command(const std::string& name) {
    std::vector<std::string_view> words;
    for (const auto& command : commands) words.push_back(command.name);
    return usage_error({fmt::format("unknown command '{}'{}; there is {}", printable(name),
                                    base::did_you_mean(base::nearest(name, words)), fmt::join(words, ", "))},
                       "");
}

}  // namespace

base::Result<Command, UsageError> parse_command_line(const Args& args, const Environment& environment) {
    if (args.empty()) return tl::unexpected(UsageError{overview()});
    const std::string& first = args.front();
    if (first == "-h" || first == "--help") return ShowText{overview()};
    if (first == "--version") return ShowText{version_text()};
    const auto* command = find_command(first);
    if (command == nullptr) return tl::unexpected(unknown_command(first));
    return command->parse(Args(args.begin() + 1, args.end()), environment);
}

Environment process_environment() {
    return [](std::string_view name) -> std::optional<std::string> {
        const char* value = std::getenv(std::string(name).c_str());
        if (value == nullptr) return std::nullopt;
        return value;
    };
}

base::Result<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, port);
    if (error != std::errc{} || stop != end) return base::fail("a port is a number from 0 to 65535");
    return port;
}

base::Result<ListenAddress> parse_listen(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return base::fail("it is HOST:PORT, as in 127.0.0.1:9700");
    const auto port = parse_port(text.substr(colon + 1));
    if (!port) return tl::unexpected(port.error());
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host.empty()) host = "127.0.0.1";
    if (!net::parse_ip(host, 0)) return base::fail("the host is an address, as in 127.0.0.1:9700 or [::1]:9700");
    return ListenAddress{std::string(host), *port};
}

std::string version_text() { return "lwm2m-sim " LWM2M_SIM_VERSION "\n"; }

}  // namespace cli
