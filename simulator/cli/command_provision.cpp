#include "simulator/cli/command_provision.h"

#include <algorithm>
#include <optional>
#include <ostream>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "metrics/verdict.h"
#include "profiles/certificates.h"
#include "simulator/base/crypto_pem.h"
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

// What a server must know of one device.
struct Entry {
    std::string endpoint;
    profiles::SecurityMode mode = profiles::SecurityMode::psk;
    std::string identity;  // of a certificate the common name
    std::string key;       // hexadecimal; of raw public keys the public one; of certificates nothing
};

Json leshan_details(const Entry& entry) {
    const std::string mode(name(entry.mode));
    switch (entry.mode) {
        case profiles::SecurityMode::psk:
            return {{"mode", mode}, {"details", {{"identity", entry.identity}, {"key", entry.key}}}};
        case profiles::SecurityMode::rpk: return {{"mode", mode}, {"details", {{"key", entry.key}}}};
        case profiles::SecurityMode::x509: return {{"mode", mode}};
        case profiles::SecurityMode::none: break;
    }
    return {};
}

std::string line_of(ProvisionFormat format, const Entry& entry, bool psk_only) {
    switch (format) {
        case ProvisionFormat::csv:
            return fmt::format("{},{}{},{}", csv_field(entry.endpoint),
                               psk_only ? "" : std::string(name(entry.mode)) + ",", csv_field(entry.identity),
                               entry.key);
        case ProvisionFormat::leshan:
            // PUT /api/security/clients of Leshan's demo server.
            return Json{{"endpoint", entry.endpoint}, {"tls", leshan_details(entry)}}.dump();
        case ProvisionFormat::jsonl: {
            Json line{
                {"endpoint", entry.endpoint}, {"mode", std::string(name(entry.mode))}, {"identity", entry.identity}};
            if (!entry.key.empty()) line["key"] = entry.key;
            return line.dump();
        }
        case ProvisionFormat::firmware:
        case ProvisionFormat::pem: break;
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

// The server that is told, as each profile's devices have it: its place among their servers, if they have it.
using Told = std::vector<std::optional<std::size_t>>;
Told told_of(const engine::FleetModel& model, std::optional<unsigned> server) {
    Told told;
    for (const auto& profile : model.profiles) {
        const auto& servers = profile->servers;
        const auto wanted = [&](const auto& some) { return server && some.uri && some.short_id == *server; };
        const auto found = server ? std::ranges::find_if(servers, wanted) : servers.begin();
        told.push_back(found == servers.end() ? std::nullopt : std::optional(found - servers.begin()));
    }
    return told;
}
const profiles::SecuritySpec& security_of(const profiles::ResolvedProfile& profile, std::optional<std::size_t> server) {
    static const profiles::SecuritySpec none;
    return server ? profiles::security_of(profile, *server) : none;
}
bool protects(const profiles::ResolvedProfile& profile, std::optional<std::size_t> server) {
    return server && profiles::oscore_of(profile, *server) != nullptr;
}

// What devices of these profiles show, made once a profile.
using Made = std::vector<std::unique_ptr<profiles::FleetCertificates>>;

Entry entry_of(const profiles::ResolvedProfile& profile, const profiles::SecuritySpec& security,
               profiles::FleetCertificates* made, const profiles::EndpointVariables& variables, unsigned generation) {
    Entry entry;
    entry.endpoint = profiles::endpoint_name(profile, variables);
    entry.mode = security.mode;
    if (entry.mode == profiles::SecurityMode::none) return entry;
    std::array<std::uint8_t, profiles::endpoint_capacity> memory;
    const auto identity =
        base::Bytes(memory).first(profiles::psk_identity(profile, security, variables, memory, generation));
    entry.identity = base::as_text(identity);
    if (entry.mode == profiles::SecurityMode::psk) {
        base::SecretArray<profiles::key_capacity> key;
        const auto size = profiles::key_of(security, identity, key.memory(), generation);
        entry.key = base::to_hex(key.view().first(size.value_or(0)));
    } else if (entry.mode == profiles::SecurityMode::rpk) {
        base::P256Scalar key;
        made->device_key(identity, key, generation);
        entry.key = base::to_hex(made->public_key(key));
        base::wipe(key);
    }
    return entry;
}

// The CAs that issue the devices' certificates: nothing in it is secret.
int print_authorities(const engine::FleetModel& model, const Made& made, const Told& told, const Context& context) {
    std::vector<std::string> printed;
    for (std::size_t i = 0; i < made.size(); ++i) {
        const auto& security = security_of(*model.profiles[i], told[i]);
        if (security.mode != profiles::SecurityMode::x509 || !security.certificate.file.empty()) continue;
        auto text = base::write_pem("CERTIFICATE", made[i]->authority());
        if (std::ranges::find(printed, text) == printed.end()) printed.push_back(std::move(text));
    }
    if (printed.empty()) {
        context.err << "error: no profile of this fleet issues certificates; there is no CA to trust\n" << std::flush;
        return static_cast<int>(metrics::ExitCode::usage);
    }
    for (const auto& text : printed) context.out << text;
    context.out << std::flush;
    return static_cast<int>(context.out ? metrics::ExitCode::ok : metrics::ExitCode::host);
}

// Of a fleet with OSCORE: the same, with its keys; what a device does not have is empty or left out.
std::string line_of(ProvisionFormat format, const Entry& entry, bool psk_only,
                    const std::optional<OscoreKeys>& oscore) {
    if (format == ProvisionFormat::csv) {
        return fmt::format("{},{}", line_of(format, entry, psk_only), oscore ? oscore_csv(*oscore) : ",,,,");
    }
    if (!oscore) return line_of(format, entry, psk_only);
    const bool secured = entry.mode != profiles::SecurityMode::none;
    // Leshan takes one or the other.
    if (format == ProvisionFormat::leshan) {
        return secured ? line_of(format, entry, psk_only)
                       : Json{{"endpoint", entry.endpoint}, {"oscore", oscore_for_leshan(*oscore)}}.dump();
    }
    Json line = Json::object();
    line["endpoint"] = entry.endpoint;
    if (secured) line = Json::parse(line_of(format, entry, psk_only));
    line["oscore"] = oscore_json(*oscore);
    return line.dump();
}

}  // namespace

int provision(const ProvisionCommand& command, const Context& context) {
    const auto model = load_fleet(command.scenario, context.environment, context.err);
    if (model == nullptr) return static_cast<int>(metrics::ExitCode::usage);
    if (command.format == ProvisionFormat::firmware) return tell_firmware(*model, context);
    const auto told = told_of(*model, command.server);
    bool with_oscore = false;
    bool secured = false;
    for (std::size_t i = 0; i < told.size(); ++i) {
        with_oscore = with_oscore || protects(*model->profiles[i], told[i]);
        secured = secured || security_of(*model->profiles[i], told[i]).mode != profiles::SecurityMode::none;
    }
    if (!secured && !with_oscore) {
        context.err << "error: no profile of this fleet has security; there is nothing to tell a server\n"
                    << std::flush;
        return static_cast<int>(metrics::ExitCode::usage);
    }
    Made made(model->profiles.size());
    bool psk_only = true;
    for (std::size_t i = 0; i < made.size(); ++i) {
        const auto& security = security_of(*model->profiles[i], told[i]);
        if (security.mode != profiles::SecurityMode::none &&
            command.generation.value_or(0) >= profiles::generations_of(security)) {
            context.err << fmt::format("error: the profile '{}' has no generation {} of keys\n",
                                       model->profiles[i]->name, *command.generation)
                        << std::flush;
            return static_cast<int>(metrics::ExitCode::usage);
        }
        if (!profiles::is_by_certificate(security.mode)) continue;
        psk_only = false;
        if (security.key != profiles::SecuritySpec::Key::derived) continue;
        made[i] = std::make_unique<profiles::FleetCertificates>(security);
    }
    if (command.format == ProvisionFormat::pem) return print_authorities(*model, made, told, context);
    if (command.format == ProvisionFormat::csv) {
        context.out << (psk_only ? "endpoint,identity,key" : "endpoint,mode,identity,key") << (with_oscore ? "," : "")
                    << (with_oscore ? oscore_columns : "") << '\n';
    }
    for (std::uint64_t index = 0; index < model->population->size(); ++index) {
        const std::size_t part = model->population->part_of(index);
        const auto& profile = *model->profiles[part];
        const auto& security = security_of(profile, told[part]);
        const bool protected_too = protects(profile, told[part]);
        if (security.mode == profiles::SecurityMode::none && !protected_too) continue;
        const profiles::EndpointVariables variables{.index = index, .seed = model->scenario.seed, .shard = 0};
        const auto generation = command.generation.value_or(security.generation);
        const auto entry = entry_of(profile, security, made[part].get(), variables, generation);
        std::optional<OscoreKeys> oscore;
        if (protected_too) oscore = oscore_keys(profile, variables, *told[part]);
        context.out << (with_oscore ? line_of(command.format, entry, psk_only, oscore)
                                    : line_of(command.format, entry, psk_only))
                    << '\n';
    }
    context.out << std::flush;
    return static_cast<int>(context.out ? metrics::ExitCode::ok : metrics::ExitCode::host);
}

}  // namespace cli
