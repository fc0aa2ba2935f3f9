#include "simulator/cli/command_provision.h"

#include <ostream>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "metrics/verdict.h"
#include "simulator/cli/fleet_loader.h"
#include "simulator/cli/provision_oscore.h"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;

// RFC 4180: quotes where a comma or a quote stands in the value.
std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + '"';
}

std::string line_of(ProvisionFormat format, const std::string& endpoint, const std::string& identity,
                    const std::string& key) {
    switch (format) {
        case ProvisionFormat::csv: return fmt::format("{},{},{}", csv_field(endpoint), csv_field(identity), key);
        case ProvisionFormat::leshan:
            // PUT /api/security/clients of Leshan's demo server.
            return Json{{"endpoint", endpoint},
                        {"tls", {{"mode", "psk"}, {"details", {{"identity", identity}, {"key", key}}}}}}
                .dump();
        case ProvisionFormat::firmware: break;
        case ProvisionFormat::jsonl:
            return Json{{"endpoint", endpoint}, {"mode", "psk"}, {"identity", identity}, {"key", key}}.dump();
    }
    return "";
}

// What the script of each device says: its fault, and state and result after a push and after a pull.
int tell_firmware(const engine::FleetModel& model, const Context& context) {
    const auto end = [&](const profiles::FirmwareSpec& spec, std::uint64_t index, profiles::FirmwareWay way) {
        const auto at_end = profiles::scripted_end(spec, model.scenario.seed, index, way);
        return fmt::format("{},{}", static_cast<int>(at_end.state), static_cast<int>(at_end.result));
    };
    bool any = false;
    for (std::uint64_t index = 0; index < model.population->size(); ++index) {
        const auto& profile = model.population->profile_of(index);
        const auto& spec = profile.behaviour.firmware;
        if (!spec.behaves) continue;
        if (!std::exchange(any, true)) {
            context.out << "endpoint,profile,fault,push_state,push_result,pull_state,pull_result\n";
        }
        const profiles::EndpointVariables variables{.index = index, .seed = model.scenario.seed, .shard = 0};
        context.out << fmt::format(
            "{},{},{},{},{}\n", csv_field(profiles::endpoint_name(profile, variables)), csv_field(profile.name),
            profiles::name(profiles::scripted_fault(spec, model.scenario.seed, index)),
            end(spec, index, profiles::FirmwareWay::push), end(spec, index, profiles::FirmwareWay::pull));
    }
    context.out << std::flush;
    if (!any) {
        context.err << "error: no profile of this fleet has an object 5 that updates itself\n" << std::flush;
        return static_cast<int>(metrics::ExitCode::usage);
    }
    return static_cast<int>(context.out ? metrics::ExitCode::ok : metrics::ExitCode::host);
}

// Identity and key.
std::pair<std::string, std::string> psk_of(const profiles::ResolvedProfile& profile,
                                           const profiles::EndpointVariables& variables) {
    std::array<std::uint8_t, profiles::endpoint_capacity> identity;
    const auto name = base::Bytes(identity).first(profiles::psk_identity(profile, variables, identity));
    base::SecretArray<profiles::key_capacity> key;
    const auto size = profiles::key_of(profile.security, name, key.memory()).value_or(0);
    return {std::string(base::as_text(name)), base::to_hex(key.view().first(size))};
}

// Of a fleet with OSCORE: the same, with its keys; what a device does not have is empty or left out.
std::string line_of(ProvisionFormat format, const std::string& endpoint, const std::string& identity,
                    const std::string& key, const std::optional<OscoreKeys>& oscore) {
    if (format == ProvisionFormat::csv) {
        return fmt::format("{},{}", line_of(format, endpoint, identity, key), oscore ? oscore_csv(*oscore) : ",,,,");
    }
    if (!oscore) return line_of(format, endpoint, identity, key);
    // Leshan takes one or the other.
    if (format == ProvisionFormat::leshan) {
        return key.empty() ? Json{{"endpoint", endpoint}, {"oscore", oscore_for_leshan(*oscore)}}.dump()
                           : line_of(format, endpoint, identity, key);
    }
    Json line = Json::object();
    line["endpoint"] = endpoint;
    if (!key.empty()) line = Json::parse(line_of(format, endpoint, identity, key));
    line["oscore"] = oscore_json(*oscore);
    return line.dump();
}

}  // namespace

int provision(const ProvisionCommand& command, const Context& context) {
    const auto model = load_fleet(command.scenario, context.environment, context.err);
    if (model == nullptr) return static_cast<int>(metrics::ExitCode::usage);
    if (command.format == ProvisionFormat::firmware) return tell_firmware(*model, context);
    if (!model->secured && model->oscore == nullptr) {
        context.err << "error: no profile of this fleet has security; there is nothing to tell a server\n"
                    << std::flush;
        return static_cast<int>(metrics::ExitCode::usage);
    }
    if (command.format == ProvisionFormat::csv) {
        context.out << "endpoint,identity,key" << (model->oscore ? "," : "") << (model->oscore ? oscore_columns : "")
                    << '\n';
    }
    for (std::uint64_t index = 0; index < model->population->size(); ++index) {
        const auto& profile = model->population->profile_of(index);
        const bool secured = profile.security.mode != profiles::SecurityMode::none;
        if (!secured && profile.oscore == nullptr) continue;
        const profiles::EndpointVariables variables{.index = index, .seed = model->scenario.seed, .shard = 0};
        std::optional<OscoreKeys> oscore;
        if (profile.oscore) oscore = oscore_keys(profile, variables);
        const auto [name, key] = secured ? psk_of(profile, variables) : std::pair<std::string, std::string>();
        const auto endpoint = profiles::endpoint_name(profile, variables);
        context.out << (model->oscore ? line_of(command.format, endpoint, name, key, oscore)
                                      : line_of(command.format, endpoint, name, key))
                    << '\n';
    }
    context.out << std::flush;
    return static_cast<int>(context.out ? metrics::ExitCode::ok : metrics::ExitCode::host);
}

}  // namespace cli
