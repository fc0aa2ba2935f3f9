#include "simulator/engine/secure_fleet.h"

#include <algorithm>

#include "profiles/campaign_spec.h"

namespace engine {
namespace {

static_assert(metrics::handshake_failure_names.size() == net::handshake_failure_count);

using base::Stream;

// What is drawn from Stream::security of a device, by the first of two numbers.
constexpr std::uint64_t wrong_key_draw = 0;
constexpr std::uint64_t resume_draws = 1;
constexpr std::uint64_t unknown_identity_draw = std::uint64_t{1} << 31;
constexpr std::uint64_t random_draws = std::uint64_t{1} << 32;
constexpr std::size_t words_of_random = net::random_size / 8;

}  // namespace

std::uint64_t system_salt() {
    std::array<std::uint8_t, 8> bytes;
    base::fill_random(bytes);
    return *base::Reader(bytes).take_uint(8);
}

const profiles::ResolvedProfile& ShardKeys::profile_of(std::uint32_t device) const {
    return *model_.profiles[members_.profile_of(members_.index_of(device))];
}

bool ShardKeys::is_among(std::uint32_t device, double share, std::uint64_t draw) const {
    return base::to_unit(base::draw(model_.scenario.seed, members_.index_of(device), Stream::security, draw)) < share;
}

std::size_t ShardKeys::right_identity(std::uint32_t device, base::MutableBytes out) const {
    return profiles::psk_identity(profile_of(device),
                                  {.index = members_.index_of(device), .seed = model_.scenario.seed, .shard = 0}, out);
}

std::size_t ShardKeys::identity(std::uint32_t device, base::MutableBytes out) const {
    const auto& security = profile_of(device).security;
    if (security.unknown_identity == 0 || !is_among(device, security.unknown_identity, unknown_identity_draw)) {
        return right_identity(device, out);
    }
    std::array<std::uint8_t, net::max_psk_identity> name;
    const std::size_t size = right_identity(device, name);
    base::Writer writer(out.first(net::max_psk_identity));
    writer.put(profiles::unknown_prefix);
    writer.put(base::Bytes(name).first(std::min(size, net::max_psk_identity - writer.size())));
    return writer.size();
}

std::size_t ShardKeys::key(std::uint32_t device, base::MutableBytes out) const {
    const auto& security = profile_of(device).security;
    std::array<std::uint8_t, net::max_psk_identity> name;
    const std::size_t size = right_identity(device, name);
    const std::size_t key_size = profiles::key_of(security, base::Bytes(name).first(size), out).value_or(0);
    if (key_size != 0 && security.wrong_key != 0 && is_among(device, security.wrong_key, wrong_key_draw)) out[0] ^= 1;
    return key_size;
}

std::optional<std::size_t> ServerKeys::key_of(base::Bytes identity, base::MutableBytes out) const {
    for (const auto& known : known_) {
        if (!profiles::fits(known.pattern, base::as_text(identity))) continue;
        if (const auto size = profiles::key_of(known.spec, identity, out)) return size;
    }
    return std::nullopt;
}

SecureShard secure_shard(const FleetModel& model, const fleet::Membership& members, const net::Address& server,
                         std::uint64_t salt, net::Transport& inner) {
    SecureShard shard;
    if (!model.secured) return shard;
    shard.keys = std::make_unique<ShardKeys>(model, members);
    const auto spec_of = [&model, members](std::uint32_t device) -> const profiles::SecuritySpec& {
        return model.profiles[members.profile_of(members.index_of(device))]->security;
    };
    const auto bits = [&model, members](std::uint32_t device, std::uint64_t counter) {
        return base::draw(model.scenario.seed, members.index_of(device), Stream::security, counter);
    };
    net::DtlsTransport::Config config;
    config.server = server;
    config.devices = members.devices;
    config.keys = shard.keys.get();
    config.secured = [spec_of](std::uint32_t device) { return spec_of(device).mode == profiles::SecurityMode::psk; };
    config.offers_id = [spec_of](std::uint32_t device) { return spec_of(device).connection_id; };
    config.suites = [spec_of](std::uint32_t device) {
        const auto suite = spec_of(device).suite;
        return net::PskSuites{.ccm8 = suite != profiles::PskSuite::cbc_sha256,
                              .cbc = suite != profiles::PskSuite::ccm8};
    };
    config.resumes = [spec_of, bits](std::uint32_t device, std::uint32_t number) {
        return base::to_unit(bits(device, resume_draws + number)) < spec_of(device).resume;
    };
    config.random = [bits, salt](std::uint32_t device, std::uint32_t number) {
        net::RandomBytes random;
        base::Writer out{base::MutableBytes(random)};
        for (std::size_t i = 0; i < words_of_random; ++i) {
            out.put_uint(base::mix(bits(device, random_draws + number * words_of_random + i) ^ salt), 8);
        }
        return random;
    };
    shard.transport = std::make_unique<net::DtlsTransport>(std::move(config), inner);
    return shard;
}

SecureServer secure_server(const SecureServerOptions& options, net::Transport& inner) {
    SecureServer server;
    server.keys = std::make_unique<ServerKeys>(options.known);
    base::SecretArray<32> secret;
    if (options.salt != 0) base::fill_random(secret.memory());
    net::DtlsServerTransport::Config config;
    config.keys = server.keys.get();
    config.sessions = options.sessions;
    config.plain_too = options.plain_too;
    config.random_seed = options.seed ^ options.salt;
    config.secret = secret.view();
    server.transport = std::make_unique<net::DtlsServerTransport>(config, inner);
    return server;
}

SecureServer secure_server(const FleetModel& model, std::uint32_t sessions, std::uint64_t salt, net::Transport& inner) {
    if (!model.secured) return {};
    SecureServerOptions options{
        .known = {}, .sessions = sessions, .plain_too = model.plain, .salt = salt, .seed = model.scenario.seed};
    for (const auto& profile : model.profiles) {
        const auto& security = profile->security;
        const bool listed = security.key == profiles::SecuritySpec::Key::listed;
        if (security.mode == profiles::SecurityMode::psk) {
            options.known.push_back({listed ? "*" : identity_pattern(*profile), security});
        }
        // Links to further servers are plain.
        if (profile->servers.size() > 1) options.plain_too = true;
    }
    return secure_server(options, inner);
}

std::function<bool(const net::Address& from, std::string_view endpoint)> endpoint_check(const FleetModel& model,
                                                                                        const SecureServer& server) {
    const bool same = std::ranges::all_of(model.profiles, [](const auto& profile) {
        const auto& security = profile->security;
        return security.mode == profiles::SecurityMode::none ||
               (security.identity.empty() && security.key != profiles::SecuritySpec::Key::listed);
    });
    if (!server.transport || !same) return nullptr;
    return [&transport = *server.transport](const net::Address& from, std::string_view endpoint) {
        return !transport.contradicts(from, base::as_bytes(endpoint));
    };
}

void sync_security(const SecureServer& dtls, server::Server& server) {
    if (!dtls.transport) return;
    const auto& counts = dtls.transport->dtls_counts();
    auto& figures = server.transport_figures();
    const auto set = [](metrics::Cell& cell, std::uint64_t value) { cell.set(static_cast<std::int64_t>(value)); };
    set(figures.dtls_handshakes[metrics::index(metrics::HandshakeKind::full)], counts.full);
    set(figures.dtls_handshakes[metrics::index(metrics::HandshakeKind::resumed)], counts.resumed);
    for (std::size_t i = 0; i < counts.failures.size(); ++i) set(figures.dtls_failures[i], counts.failures[i]);
    set(figures.dtls_sessions, dtls.transport->sessions());
    set(figures.dtls_rebinds, counts.rebinds);
    for (std::size_t i = 0; i < net::alert_slots; ++i) {
        set(figures.dtls_alerts[metrics::index(metrics::Direction::sent)][i], counts.alerts_sent[i]);
        set(figures.dtls_alerts[metrics::index(metrics::Direction::received)][i], counts.alerts_received[i]);
    }
    for (std::size_t why = 1; why < net::record_discard_count; ++why) {
        set(figures.dtls_records_dropped[why - 1], counts.records_dropped[why]);
    }
}

}  // namespace engine
