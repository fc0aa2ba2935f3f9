#include "simulator/engine/secure_fleet.h"

namespace engine {
namespace {

using base::Stream;

// What is drawn from Stream::security of a device, by the first of two numbers.
constexpr std::uint64_t wrong_key_draw = 0;
constexpr std::uint64_t resume_draws = 1;
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

std::size_t ShardKeys::identity(std::uint32_t device, base::MutableBytes out) const {
    return profiles::psk_identity(profile_of(device),
                                  {.index = members_.index_of(device), .seed = model_.scenario.seed, .shard = 0}, out);
}

std::size_t ShardKeys::key(std::uint32_t device, base::MutableBytes out) const {
    const auto& security = profile_of(device).security;
    std::array<std::uint8_t, net::max_psk_identity> name;
    const std::size_t size = identity(device, name);
    const std::size_t key_size = profiles::key_of(security, base::Bytes(name).first(size), out);
    const double unit =
        base::to_unit(base::draw(model_.scenario.seed, members_.index_of(device), Stream::security, wrong_key_draw));
    if (unit < security.wrong_key) out[0] ^= 1;
    return key_size;
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
    server.keys = std::make_unique<DerivedKeys>(options.spec);
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
        .sessions = sessions, .plain_too = model.plain, .salt = salt, .seed = model.scenario.seed};
    for (const auto& profile : model.profiles) {
        if (profile->security.mode == profiles::SecurityMode::psk) options.spec = profile->security;
        // Links to further servers are plain.
        if (profile->servers.size() > 1) options.plain_too = true;
    }
    return secure_server(options, inner);
}

}  // namespace engine
