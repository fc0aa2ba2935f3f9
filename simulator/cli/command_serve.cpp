#include "simulator/cli/command_serve.h"

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <ostream>

#include <fmt/format.h>

#include "metrics/conservation.h"
#include "profiles/object_loader.h"
#include "simulator/base/crypto_pem.h"
#include "simulator/base/units.h"
#include "simulator/cli/command_catalog.h"
#include "simulator/cli/listener.h"
#include "simulator/cli/report_files.h"
#include "simulator/cli/signals.h"
#include "simulator/engine/fleet_model.h"
#include "simulator/engine/oscore_directory.h"
#include "simulator/engine/server_runner.h"

namespace cli {
namespace {

using metrics::ExitCode;

int refuse(const Context& context, ExitCode code, const std::string& message) {
    context.err << fmt::format("error: {}\n", message) << std::flush;
    return static_cast<int>(code);
}

std::string named(const char* what, std::int64_t count) {
    return count == 0 ? "" : fmt::format("   {} {}", what, count);
}

// What the server saw, for people.
std::string figures_text(const metrics::Snapshot& snapshot, base::Duration elapsed) {
    const auto& t = snapshot.server->totals;
    base::Duration cpu{};
    base::Duration busiest{};
    for (const auto thread : snapshot.server->thread_cpu) {
        cpu += thread;
        busiest = std::max(busiest, thread);
    }
    const auto threads = snapshot.server->thread_cpu.size();
    std::string text = fmt::format(
        "served         {}   cpu {}{}   rss {}\n", metrics::to_text(elapsed), metrics::to_text(cpu),
        threads == 1 ? "" : fmt::format(" of {} threads, the busiest {}", threads, metrics::to_text(busiest)),
        base::format_size(static_cast<std::uint64_t>(snapshot.process.resident_bytes)));
    text += fmt::format(
        "registrations  {} ({} in place of another)   updates {}   deregistrations {}   expired {}   "
        "registered now {}\n",
        t.registrations, t.replacements, t.updates, t.deregistrations, t.expirations, t.clients);
    if (t.identity_mismatches != 0) {
        text += fmt::format("refused        {} registers by another name than the one that was proven\n",
                            t.identity_mismatches);
    }
    text += fmt::format("observations   {} now   notifications {}   sends {}\n", t.observations,
                        metrics::total(t.notifications), t.sends);
    std::string requests;
    for (std::size_t r = 0; r < metrics::server_request_count; ++r) {
        requests += named(std::string(metrics::server_request_names[r]).c_str(), t.requests[r]);
    }
    text += fmt::format("requests       {}{}   answered {}   unanswered {}   retransmitted {}\n",
                        metrics::total(t.requests), requests, metrics::total(t.responses),
                        metrics::total(t.timeouts) + metrics::total(t.resets) + metrics::total(t.cancelled),
                        t.retransmissions);
    text += fmt::format("datagrams      sent {}   received {}   discarded {}   own drops {}\n", t.datagrams[0],
                        t.datagrams[1], metrics::total(t.discarded), metrics::total(t.drops));
    const auto bad = metrics::broken(metrics::conservation(t));
    for (const auto& law : bad) text += fmt::format("conservation   {}\n", metrics::to_text(law));
    return text;
}

struct Setup {
    server::ServerConfig config;
    std::unique_ptr<engine::FleetModel> fleet;  // that the scenario speaks of: its keys are the server's too
};

bool has_own_credentials(const ServeCommand& command) { return command.psk_secret != nullptr || command.key_file; }

// The server's configuration, its scenario's `server:` block included; nothing after errors, which are printed.
std::optional<Setup> set_up(const ServeCommand& command, const Context& context) {
    Setup setup;
    server::ServerConfig& config = setup.config;
    config.capacity = command.capacity;
    config.objects = &profiles::builtin_objects();
    if (!command.scenario_file) return setup;
    profiles::Diagnostics diagnostics;
    profiles::YamlOptions yaml;
    yaml.environment = context.environment;
    auto scenario = load_named_scenario(*command.scenario_file, diagnostics, yaml);
    // Without credentials of its own the server is the one that the fleet would have for itself.
    if (scenario && !has_own_credentials(command)) scenario->target.reset();
    for (const auto& campaign : scenario ? scenario->server.campaigns : std::vector<profiles::PlannedCampaign>{}) {
        if (campaign.spec.profile.empty()) continue;
        diagnostics.error(campaign.place, "firmware: 'profile' is known in a run alone",
                          "name the devices: endpoint: \"meter-*\"");
    }
    if (scenario && diagnostics.ok()) {
        setup.fleet = engine::make_fleet_model(*scenario, profiles::builtin_profiles(), profiles::builtin_objects(),
                                               diagnostics, yaml);
    }
    context.err << diagnostics.text();
    if (!setup.fleet || !diagnostics.ok()) {
        context.err << fmt::format("{}; nothing was sent\n", diagnostics.summary()) << std::flush;
        return std::nullopt;
    }
    config.actions = scenario->server;
    config.seed = scenario->seed;
    config.oscore = engine::oscore_directory(*setup.fleet);
    config.oscore.entropy = engine::run_entropy();
    return setup;
}

std::optional<std::string> content_of(const std::string& name) {
    std::ifstream file(name, std::ios::binary);
    if (!file) return std::nullopt;
    return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

base::Result<std::vector<std::vector<std::uint8_t>>, std::string> certificates_of(
    const std::optional<std::string>& name) {
    std::vector<std::vector<std::uint8_t>> found;
    if (!name) return found;
    const auto text = content_of(*name);
    for (const auto& block : base::read_pem(base::as_bytes(text.value_or("")))) {
        const auto der = block.bytes.view();
        if (block.label == "CERTIFICATE") found.emplace_back(der.begin(), der.end());
    }
    if (found.empty()) return tl::unexpected(fmt::format("{}: no certificate is in it, or it is not there", *name));
    return found;
}

// The server's own credentials, where there are files of them.
base::Result<std::optional<engine::EmbeddedCertificates::Config>, std::string> credentials_of(
    const ServeCommand& command) {
    using Credentials = engine::EmbeddedCertificates::Config;
    if (!command.key_file) return std::optional<Credentials>();
    Credentials own;
    auto text = content_of(*command.key_file);
    const base::Secret file{base::as_bytes(text.value_or(""))};
    if (text) base::wipe({reinterpret_cast<std::uint8_t*>(text->data()), text->size()});
    if (!base::read_p256_key(file.view(), own.key)) {
        return tl::unexpected(
            fmt::format("{}: no private key on P-256 is in it, or it is not there", *command.key_file));
    }
    auto chain = certificates_of(command.certificate_file);
    if (!chain) return tl::unexpected(chain.error());
    own.chain = *std::move(chain);
    auto anchors = certificates_of(command.trust_file);
    if (!anchors) return tl::unexpected(anchors.error());
    own.anchors = *std::move(anchors);
    return std::optional<Credentials>(std::move(own));
}

}  // namespace

int serve(const ServeCommand& command, const Context& context) {
    auto setup = set_up(command, context);
    if (!setup) return static_cast<int>(ExitCode::usage);
    const bool by_fleet = setup->fleet != nullptr && setup->fleet->secured_target && !has_own_credentials(command);
    const bool secure = by_fleet || has_own_credentials(command);
    const auto address = net::parse_ip(command.bind, command.port.value_or(secure ? 5684 : 5683));
    if (!address) return refuse(context, ExitCode::usage, address.error().what);

    std::mutex mutex;
    std::condition_variable changed;
    bool interrupted = false;
    SignalWatch signals([&] {
        const std::lock_guard lock(mutex);
        interrupted = true;
        changed.notify_one();
    });
    engine::ServerRunOptions options{*address, std::move(setup->config), describe_run(context.args)};
    options.info.scenario = "serve";
    options.threads = command.threads.value_or(
        options.config.actions.threads.value_or(engine::EmbeddedServer::default_threads(secure)));
    if (by_fleet) options.fleet = setup->fleet.get();
    options.psk_secret = command.psk_secret;
    options.names = command.any_endpoint ? engine::NamesByKey::any : engine::NamesByKey::own;
    options.generations.first = command.first_generation;
    options.generations.unknown.resize(command.last_generation - command.first_generation);
    options.derived_certificates = command.derived_certificates;
    auto credentials = credentials_of(command);
    if (!credentials) return refuse(context, ExitCode::usage, credentials.error());
    options.credentials = *std::move(credentials);
    const std::uint32_t threads = options.threads;
    auto prepared = engine::ServerRunner::prepare(std::move(options));
    if (!prepared) return refuse(context, prepared.error().code, prepared.error().message);
    engine::ServerRunner& runner = **prepared;
    auto listener = listen_to_server(command, runner);
    if (!listener) return refuse(context, ExitCode::host, listener.error());
    if (!listener->warning.empty()) context.err << fmt::format("warning: {}\n", listener->warning);

    runner.start();
    if (!command.quiet) {
        context.err << fmt::format("lwm2m-sim {}   serving {}://{}   room for {}{}{}{}\n", LWM2M_SIM_VERSION,
                                   secure ? "coaps" : "coap", net::to_string(runner.address()),
                                   base::format_count(command.capacity),
                                   threads == 1 ? "" : fmt::format("   threads {} and one", threads),
                                   listener->url.empty() ? "" : "   ", listener->url)
                    << std::flush;
    }
    {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return interrupted; });
    }
    listener->close();
    const base::Duration elapsed = runner.now().time_since_epoch();
    runner.stop();
    const auto snapshot = runner.snapshot();
    context.out << figures_text(snapshot, elapsed) << std::flush;
    const bool balanced = metrics::broken(metrics::conservation(snapshot.server->totals)).empty();
    return static_cast<int>(balanced ? ExitCode::ok : ExitCode::bug);
}

}  // namespace cli
