#include "simulator/engine/secure_fleet.h"

#include <algorithm>

#include "profiles/campaign_spec.h"
#include "profiles/endpoint_index.h"
#include "simulator/base/check.h"

namespace engine {
namespace {

static_assert(metrics::handshake_failure_names.size() == net::handshake_failure_count);
static_assert(metrics::key_generation_names.size() == net::key_generations);
static_assert(profiles::most_generations == net::key_generations);

using base::Stream;

// What is drawn from Stream::security of a device, by the first of two numbers.
constexpr std::uint64_t wrong_key_draw = 0;
constexpr std::uint64_t resume_draws = 1;
constexpr std::uint64_t unknown_identity_draw = std::uint64_t{1} << 31;
constexpr std::uint64_t expired_draw = unknown_identity_draw + 1;
constexpr std::uint64_t generation_draws = expired_draw + 1;  // of an identity, not of a device
constexpr std::uint64_t random_draws = std::uint64_t{1} << 32;
constexpr std::size_t words_of_random = net::random_size / 8;

base::Bytes ip_of(const net::Address& address) { return base::Bytes(address.ip).first(address.v6 ? 16 : 4); }

// Without a CA of the user's: the one that the embedded server's certificate is from.
profiles::FleetCertificates of_the_secret(profiles::SecuritySpec spec) {
    spec.certificate = {};
    return profiles::FleetCertificates(spec);
}

// What a profile's devices expect of the server at `address`.
base::CertificateTrust::Config expected(const profiles::SecuritySpec& spec, const std::string& host,
                                        const net::Address& address, bool embedded) {
    base::CertificateTrust::Config config;
    config.anchors = spec.server.trust;
    config.pinned = spec.server.certificate;
    config.usage = spec.server.usage;
    config.matching = spec.server.matching;
    config.host = host;
    if (const auto ip = net::parse_ip(host, 0)) {
        config.ip.assign(ip_of(*ip).begin(), ip_of(*ip).end());
    } else if (host.empty()) {
        config.ip.assign(ip_of(address).begin(), ip_of(address).end());
    }
    if (embedded && spec.server.empty()) {
        const auto made = of_the_secret(spec);
        config.anchors.emplace_back(made.authority().begin(), made.authority().end());
    }
    return config;
}

// The hash does not give each front the same number of clients, but nearly.
std::uint32_t sessions_of_a_front(std::uint32_t all, std::uint32_t fronts) {
    const std::uint64_t part = std::uint64_t{all} / fronts;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(part + part / 4 + 1024, 1u << 24));
}

}  // namespace

std::uint64_t system_salt() {
    std::array<std::uint8_t, 8> bytes;
    base::fill_random(bytes);
    return *base::Reader(bytes).take_uint(8);
}

std::size_t ShardKeys::identity(std::uint32_t link, base::MutableBytes out) const {
    if (!links_.is_among(link, links_.spec_of(link).unknown_identity, unknown_identity_draw)) {
        return links_.identity(link, out);
    }
    std::array<std::uint8_t, net::max_psk_identity> name;
    const std::size_t size = links_.identity(link, name);
    base::Writer writer(out.first(net::max_psk_identity));
    writer.put(profiles::unknown_prefix);
    writer.put(base::Bytes(name).first(std::min(size, net::max_psk_identity - writer.size())));
    return writer.size();
}

std::size_t ShardKeys::key(std::uint32_t link, base::MutableBytes out) const {
    const auto& security = links_.spec_of(link);
    std::array<std::uint8_t, net::max_psk_identity> name;
    const auto identity = base::Bytes(name).first(links_.identity(link, name));
    const std::size_t size = profiles::key_of(security, identity, out, links_.generation_of(link)).value_or(0);
    if (size != 0 && links_.is_among(link, security.wrong_key, wrong_key_draw)) out[0] ^= 1;
    return size;
}

ShardCertificates::ShardCertificates(const FleetModel& model, const ShardLinks& links,
                                     const fleet::ServerAddresses& servers)
    : model_(model), links_(links), sides_(model.profiles.size()) {
    for (std::size_t i = 0; i < sides_.size(); ++i) {
        const auto& profile = *model.profiles[i];
        for (std::size_t j = 0; j < profile.servers.size(); ++j) {
            const auto& uri = j == 0 ? model.scenario.target : profile.servers[j].uri;
            const auto& address = j == 0 ? servers.first : servers.further[i][j - 1];
            sides_[i].push_back(make_side(profiles::security_of(profile, j), uri, address));
        }
    }
}

ShardCertificates::Side ShardCertificates::make_side(const profiles::SecuritySpec& spec,
                                                     const std::optional<profiles::ServerUri>& server,
                                                     const net::Address& address) const {
    Side side;
    const bool embedded = !model_.scenario.target.has_value();
    if (!profiles::is_by_certificate(spec.mode)) return side;
    if (spec.key == profiles::SecuritySpec::Key::derived) {
        side.made = std::make_unique<profiles::FleetCertificates>(spec);
    }
    if (spec.mode == profiles::SecurityMode::rpk) {
        side.pinned = spec.server.certificate;
        if (!embedded || !side.pinned.empty()) return side;
        base::P256Scalar key;
        side.made->server_key(key);
        const auto point = side.made->public_key(key);
        base::wipe(key);
        side.pinned.assign(point.begin(), point.end());
        return side;
    }
    std::string host = spec.server.name;
    if (host.empty() && !embedded) host = server->host;
    // RFC 6066 3: addresses are no names.
    if (!host.empty() && !net::parse_ip(host, 0)) side.name = host;
    auto trust = base::CertificateTrust::make(expected(spec, host, address, embedded));
    CHECK(trust.has_value());  // see check_security
    side.trust = std::make_unique<base::CertificateTrust>(std::move(*trust));
    return side;
}

net::CertificateType ShardCertificates::type(std::uint32_t link) const {
    return links_.spec_of(link).mode == profiles::SecurityMode::rpk ? net::CertificateType::raw_public_key
                                                                    : net::CertificateType::x509;
}

net::CertificateCiphers ShardCertificates::ciphers(std::uint32_t link) const {
    switch (links_.spec_of(link).suite) {
        case profiles::SuiteChoice::both: return net::CertificateCiphers::both;
        case profiles::SuiteChoice::gcm_sha256: return net::CertificateCiphers::gcm;
        case profiles::SuiteChoice::cbc_sha256:
        case profiles::SuiteChoice::ccm:
        case profiles::SuiteChoice::ccm8: break;
    }
    return net::CertificateCiphers::ccm8;
}

// Certificates from files are for the target alone.
const std::vector<std::uint8_t>* ShardCertificates::file_of(std::uint32_t link) const {
    return model_.files && links_.server_of(link) == 0 ? model_.files->certificate(links_.index_of(link)) : nullptr;
}

// A wrong key is one that does not go with the certificate, or is nobody's where there is none.
void ShardCertificates::key(std::uint32_t link, base::P256Scalar& out) const {
    if (file_of(link) != nullptr) {
        model_.files->key(links_.index_of(link), out);
    } else {
        std::array<std::uint8_t, profiles::endpoint_capacity> name;
        side_of(link).made->device_key(base::Bytes(name).first(links_.identity(link, name)), out,
                                       links_.generation_of(link));
    }
    if (links_.is_among(link, links_.spec_of(link).wrong_key, wrong_key_draw)) out.back() ^= 1;
}

void ShardCertificates::write_certificate(std::uint32_t link, base::Writer& out) const {
    const Side& side = side_of(link);
    if (const auto* file = file_of(link)) return out.put(base::Bytes(*file));
    base::P256Scalar own;
    if (type(link) == net::CertificateType::raw_public_key) {
        key(link, own);
        net::write_raw_public_key(side.made->public_key(own), out);
    } else {
        std::array<std::uint8_t, profiles::endpoint_capacity> memory;
        const auto name = base::Bytes(memory).first(links_.identity(link, memory));
        side.made->device_key(name, own, links_.generation_of(link));
        const auto validity = links_.is_among(link, links_.spec_of(link).certificate.expired, expired_draw)
                                  ? profiles::FleetCertificates::Validity::over
                                  : profiles::FleetCertificates::Validity::now;
        std::array<std::uint8_t, base::certificate_capacity> certificate;
        const auto size = side.made->device_certificate(name, own, validity, certificate);
        const base::Bytes chain = base::Bytes(certificate).first(size);
        net::write_certificate_chain(std::span(&chain, 1), out);
    }
    base::wipe(own);
}

std::string_view ShardCertificates::server_name(std::uint32_t link) const { return side_of(link).name; }

base::CertificateFault ShardCertificates::judge(std::uint32_t link, net::CertificateType type, base::Bytes body,
                                                net::PeerKey& out) const {
    const Side& side = side_of(link);
    if (type == net::CertificateType::x509) return net::judge_x509(*side.trust, body, out);
    return net::judge_raw_public_key(body, side.pinned, out);
}

EmbeddedCertificates::EmbeddedCertificates(Config config, base::CertificateTrust trust)
    : config_(std::move(config)), trust_(std::move(trust)) {}

base::Result<std::unique_ptr<EmbeddedCertificates>, std::string> EmbeddedCertificates::make(Config config) {
    base::CertificateTrust::Config clients;
    clients.anchors = config.anchors;
    clients.peer = base::CertificateSpec::Use::client;
    auto trust = base::CertificateTrust::make(std::move(clients));
    if (!trust) return tl::unexpected(trust.error());
    std::unique_ptr<EmbeddedCertificates> made(new EmbeddedCertificates(std::move(config), std::move(*trust)));
    base::P256 engine;
    base::P256Point point;
    if (!engine.public_of(made->config_.key, point)) return tl::unexpected(std::string("the key is none on P-256"));
    made->raw_.resize(3 + base::p256_public_key_size);
    base::Writer raw{base::MutableBytes(made->raw_)};
    net::write_raw_public_key(base::to_public_key(point), raw);
    const auto& chain = made->config_.chain;
    if (chain.empty()) return made;
    const auto facts = base::read_certificate(chain.front());
    if (!facts || facts->key != point) return tl::unexpected(std::string("the key is not that of the certificate"));
    const std::vector<base::Bytes> views(chain.begin(), chain.end());
    made->chain_.resize(net::own_certificate_capacity);
    base::Writer out{base::MutableBytes(made->chain_)};
    net::write_certificate_chain(views, out);
    if (out.failed()) return tl::unexpected(std::string("the certificates are longer than 4 KB"));
    made->chain_.resize(out.size());
    return made;
}

base::CertificateFault EmbeddedCertificates::judge(net::CertificateType type, base::Bytes body,
                                                   net::PeerKey& out) const {
    if (type == net::CertificateType::x509) return net::judge_x509(trust_, body, out);
    return net::judge_raw_public_key(body, {}, out);
}

std::optional<unsigned> KnownGenerations::next(base::Bytes identity, unsigned from) const {
    const auto who = profiles::device_key(base::as_text(identity));
    for (unsigned generation = std::max(from, first); generation <= first + unknown.size(); ++generation) {
        if (generation == first) return generation;
        const double share = unknown[generation - first - 1];
        const auto bits = base::draw(seed, who, Stream::security, generation_draws + generation);
        if (base::to_unit(bits) >= share) return generation;
    }
    return std::nullopt;
}

std::optional<net::PskDirectory::Known> ServerKeys::key_of(base::Bytes identity, unsigned from_generation,
                                                           base::MutableBytes out) const {
    for (const auto& known : known_) {
        if (!profiles::fits(known.pattern, base::as_text(identity))) continue;
        auto generation = known.generations.next(identity, from_generation);
        for (; generation; generation = known.generations.next(identity, *generation + 1)) {
            const auto size = profiles::key_of(known.spec, identity, out, *generation);
            if (size) return Known{.size = *size, .generation = static_cast<std::uint8_t>(*generation)};
        }
    }
    return std::nullopt;
}

namespace {

// As the link's profile has it; nothing where it speaks something else.
std::optional<net::Dtls13Session::Client> client_of(const ShardLinks& links, std::uint32_t link) {
    const auto& spec = links.spec_of(link);
    if (spec.mode == profiles::SecurityMode::none || spec.dtls != profiles::DtlsVersion::v13) return std::nullopt;
    net::Dtls13Session::Client client{.link = link, .offers_id = spec.connection_id};
    if (spec.mode == profiles::SecurityMode::x509) client.proof = net::Dtls13Proof::x509;
    if (spec.mode == profiles::SecurityMode::rpk) client.proof = net::Dtls13Proof::raw_public_key;
    if (spec.suite == profiles::SuiteChoice::gcm_sha256) client.suite = net::Dtls13Suite::gcm;
    if (spec.suite == profiles::SuiteChoice::both) client.suite = net::Dtls13Suite::both;
    return client;
}

}  // namespace

net::Transport& SecureShard::outermost(net::Transport& below) const {
    if (newer) return *newer;
    return transport ? static_cast<net::Transport&>(*transport) : below;
}

net::SecureLink* SecureShard::link() const {
    return newer ? static_cast<net::SecureLink*>(newer.get()) : transport.get();
}

net::Transport& SecureServer::outermost(net::Transport& inner) const {
    if (newer) return *newer;
    return transport ? static_cast<net::Transport&>(*transport) : inner;
}

SecureShard secure_shard(const FleetModel& model, const fleet::Membership& members,
                         const fleet::ServerAddresses& servers, std::uint64_t salt, net::Transport& inner) {
    SecureShard shard;
    if (!model.secured) return shard;
    shard.links = std::make_unique<ShardLinks>(model, members);
    const ShardLinks& links = *shard.links;
    shard.keys = std::make_unique<ShardKeys>(links);
    const bool certificates = std::ranges::any_of(model.profiles, [](const auto& profile) {
        for (std::size_t i = 0; i < profile->servers.size(); ++i) {
            if (profiles::is_by_certificate(profiles::security_of(*profile, i).mode)) return true;
        }
        return false;
    });
    if (certificates) shard.certificates = std::make_unique<ShardCertificates>(model, links, servers);
    net::DtlsTransport::Config config;
    config.server = servers.first;
    config.devices = members.devices;
    for (std::uint32_t link = links.devices(); link < links.size(); ++link) {
        const auto& addresses = servers.further[links.profile_number_of(link)];
        config.further.push_back({links.device_of(link), addresses[links.server_of(link) - 1]});
    }
    config.keys = shard.keys.get();
    config.rotate = [&links = *shard.links](std::uint32_t link) { links.take_next_key(link); };
    config.secured = [&links](std::uint32_t link) {
        return links.spec_of(link).mode != profiles::SecurityMode::none && !client_of(links, link);
    };
    config.certificates = shard.certificates.get();
    config.by_certificate = [&links](std::uint32_t link) {
        return profiles::is_by_certificate(links.spec_of(link).mode);
    };
    // Nobody who sees a run from outside can foresee its keys; in virtual time they are those of the seed.
    auto secret = std::make_shared<base::SecretArray<32>>();
    if (salt != 0) base::fill_random(secret->memory());
    config.ephemeral = [&links, secret](std::uint32_t link, std::uint32_t number) {
        std::array<std::uint8_t, 12> name{};
        base::Writer out{base::MutableBytes(name)};
        out.put_uint(links.draw(link, random_draws), 8);
        out.put_u32(number);
        base::P256Scalar scalar;
        base::derive_p256_key(secret->view(), name, scalar);
        return scalar;
    };
    config.offers_id = [&links](std::uint32_t link) { return links.spec_of(link).connection_id; };
    config.suites = [&links](std::uint32_t link) {
        const auto suite = links.spec_of(link).suite;
        return net::PskSuites{.ccm8 = suite != profiles::SuiteChoice::cbc_sha256,
                              .cbc = suite != profiles::SuiteChoice::ccm8};
    };
    config.resumes = [&links](std::uint32_t link, std::uint32_t number) {
        return base::to_unit(links.draw(link, resume_draws + number)) < links.spec_of(link).resume;
    };
    config.random = [&links, salt](std::uint32_t link, std::uint32_t number) {
        net::RandomBytes random;
        base::Writer out{base::MutableBytes(random)};
        for (std::size_t i = 0; i < words_of_random; ++i) {
            out.put_uint(base::mix(links.draw(link, random_draws + number * words_of_random + i) ^ salt), 8);
        }
        return random;
    };
    if (!model.dtls13) {
        shard.transport = std::make_unique<net::DtlsTransport>(std::move(config), inner);
        return shard;
    }
    net::Dtls13Transport::Config newer;
    newer.server = config.server;
    newer.devices = config.devices;
    newer.further = config.further;
    newer.keys = config.keys;
    newer.certificates = config.certificates;
    newer.rotate = config.rotate;
    newer.resumes = config.resumes;
    newer.client = [&links](std::uint32_t link) { return client_of(links, link); };
    shard.newer = std::make_unique<net::Dtls13Transport>(std::move(newer), inner);
    shard.transport = std::make_unique<net::DtlsTransport>(std::move(config), shard.newer->rest());
    shard.newer->join(*shard.transport);
    return shard;
}

base::Result<SecureServer, std::string> secure_server(const SecureServerOptions& options, net::Transport& inner,
                                                      const SecureFront& front) {
    SecureServer server;
    server.keys = std::make_unique<ServerKeys>(options.known);
    base::SecretArray<32> secret;
    if (options.salt != 0) base::fill_random(secret.memory());
    net::DtlsServerTransport::Config config;
    config.front = static_cast<std::uint8_t>(front.number);
    config.keys = server.keys.get();
    config.sessions = front.count == 1 ? options.sessions : sessions_of_a_front(options.sessions, front.count);
    config.plain_too = options.plain_too;
    config.random_seed = options.seed ^ options.salt;
    config.secret = front.secret.empty() ? secret.view() : front.secret;
    config.handshake.accept_ccm8 = config.handshake.accept_cbc = !options.known.empty();
    net::PeerIdentities::RawKeysOf raw_keys_of;
    if (options.certificates || options.credentials) {
        std::shared_ptr<profiles::FleetCertificates> made;
        if (options.certificates) {
            made = std::make_shared<profiles::FleetCertificates>(of_the_secret(*options.certificates));
        }
        EmbeddedCertificates::Config own;
        if (options.credentials) {
            own = *options.credentials;
        } else {
            made->server_key(own.key);
            own.chain.emplace_back(base::certificate_capacity);
            const auto ip = ip_of(options.address);
            own.chain.front().resize(made->server_certificate("localhost", ip, own.chain.front()));
        }
        own.anchors.insert(own.anchors.end(), options.anchors.begin(), options.anchors.end());
        if (made) own.anchors.emplace_back(made->authority().begin(), made->authority().end());
        auto certificates = EmbeddedCertificates::make(std::move(own));
        if (!certificates) return tl::unexpected(certificates.error());
        server.certificates = std::move(*certificates);
        config.handshake.certificates = server.certificates.get();
        if (made) {
            raw_keys_of = [made, generations = options.generations](std::string_view endpoint) {
                const auto name = base::as_bytes(endpoint.substr(0, profiles::endpoint_capacity));
                std::vector<base::Digest> digests;
                for (auto next = generations.next(name, 0); next; next = generations.next(name, *next + 1)) {
                    base::P256Scalar key;
                    made->device_key(name, key, *next);
                    digests.push_back(base::sha256(made->public_key(key)));
                    base::wipe(key);
                }
                return digests;
            };
        }
    }
    server.identities = std::make_unique<net::PeerIdentities>(config.secret, std::move(raw_keys_of));
    if (!options.dtls13) {
        server.transport = std::make_unique<net::DtlsServerTransport>(config, inner);
        return server;
    }
    net::Dtls13ServerTransport::Config newer;
    newer.keys = config.keys;
    newer.certificates = server.certificates.get();
    // Connection ids have two bytes, which all fronts share.
    newer.sessions = std::min({config.sessions, net::most_dtls13_sessions, 65'000 / front.count});
    newer.front = front.number;
    newer.fronts = front.count;
    newer.secret = config.secret;
    server.newer = std::make_unique<net::Dtls13ServerTransport>(newer, inner);
    server.transport = std::make_unique<net::DtlsServerTransport>(config, server.newer->rest());
    server.newer->join(*server.transport);
    return server;
}

std::vector<Clients> clients_of(const FleetModel& model, const fleet::ServerAddresses& servers,
                                const net::Address& address) {
    std::vector<Clients> clients;
    for (std::size_t i = 0; i < model.profiles.size(); ++i) {
        const auto& profile = *model.profiles[i];
        for (std::size_t j = 0; j < profile.servers.size(); ++j) {
            const bool comes =
                j == 0 ? address == servers.first : i < servers.further.size() && servers.further[i][j - 1] == address;
            if (comes) clients.push_back({&profile, &profiles::security_of(profile, j), i, j});
        }
    }
    return clients;
}

SecureServer secure_server(const FleetModel& model, const std::vector<Clients>& clients, const net::Address& address,
                           std::uint32_t sessions, std::uint64_t salt, net::Transport& inner,
                           const SecureFront& front) {
    SecureServerOptions options;
    options.address = address;
    options.sessions = sessions;
    options.salt = salt;
    options.seed = model.scenario.seed;
    bool any = false;
    for (const Clients& some : clients) {
        const auto* const profile = some.profile;
        const auto& security = *some.security;
        const bool listed = security.key == profiles::SecuritySpec::Key::listed;
        const KnownGenerations generations{security.generation, model.plan->rotations(), model.scenario.seed};
        any = any || security.mode != profiles::SecurityMode::none;
        options.dtls13 = options.dtls13 || security.dtls == profiles::DtlsVersion::v13;
        if (security.mode == profiles::SecurityMode::none) {
            options.plain_too = true;
        } else if (security.mode == profiles::SecurityMode::psk) {
            options.known.push_back({listed ? "*" : identity_pattern(*profile, security), security, generations});
        } else {
            options.certificates = security;
            options.generations = generations;
            if (!security.certificate.ca.empty()) options.anchors.push_back(security.certificate.ca);
        }
    }
    if (!any) return {};
    auto server = secure_server(options, inner, front);
    CHECK(server.has_value());  // see check_security
    return std::move(*server);
}

EndpointCheck endpoint_check(const FleetModel& model, const std::vector<Clients>& clients, const SecureServer& server) {
    if (!server.transport) return nullptr;
    const auto& identities = *server.identities;
    const bool same = std::ranges::all_of(clients, [](const Clients& some) {
        return some.security->mode == profiles::SecurityMode::none ||
               some.security->mode == profiles::SecurityMode::x509 ||
               (some.security->identity.empty() && some.security->key != profiles::SecuritySpec::Key::listed);
    });
    if (same) {
        return [&identities](net::PeerMark proven, std::string_view endpoint) {
            return !identities.contradicts(proven, base::as_bytes(endpoint));
        };
    }
    auto index = std::make_shared<profiles::EndpointIndex>(*model.population, model.scenario.seed);
    return [&model, &identities, index, clients](net::PeerMark proven, std::string_view endpoint) {
        const auto device = index->device_of(endpoint);
        const auto* profile = device ? &model.population->profile_of(*device) : nullptr;
        const auto owner = std::ranges::find(clients, profile, &Clients::profile);
        // Whoever has proven to be somebody is not one who has nothing to prove it by.
        if (owner == clients.end() || owner->security->mode == profiles::SecurityMode::none) {
            return !identities.contradicts(proven, {});
        }
        const auto& security = *owner->security;
        // Core 1.1.1, 6.2: of a certificate it is the common name itself.
        if (security.mode == profiles::SecurityMode::x509) {
            return !identities.contradicts(proven, base::as_bytes(endpoint));
        }
        const bool listed = security.key == profiles::SecuritySpec::Key::listed;
        const auto last = security.generation + (listed ? model.plan->rotations().size() : 0);
        for (auto generation = security.generation; generation <= last; ++generation) {
            std::array<std::uint8_t, profiles::endpoint_capacity> memory;
            const profiles::EndpointVariables variables{.index = *device, .seed = model.scenario.seed, .shard = 0};
            const auto size = profiles::psk_identity(*profile, security, variables, memory, generation);
            if (!identities.contradicts(proven, base::Bytes(memory).first(size))) return true;
        }
        return false;
    };
}

EndpointCheck endpoint_check(const SecureServer& server, NamesByKey names) {
    if (!server.transport) return nullptr;
    return [&identities = *server.identities, names](net::PeerMark proven, std::string_view endpoint) {
        if (names == NamesByKey::any && !net::PeerIdentities::by_certificate(proven)) return true;
        return !identities.contradicts(proven, base::as_bytes(endpoint));
    };
}

SecurityCounts security_counts(const SecureServer& dtls) {
    if (!dtls.transport) return {};
    SecurityCounts security{dtls.transport->dtls_counts(), dtls.transport->sessions()};
    if (dtls.newer) security += {dtls.newer->dtls_counts(), dtls.newer->sessions()};
    return security;
}

void set_security(const SecurityCounts& security, server::Server& server) {
    const auto& counts = security.counts;
    auto& figures = server.transport_figures();
    const auto set = [](metrics::Cell& cell, std::uint64_t value) { cell.set(static_cast<std::int64_t>(value)); };
    set(figures.dtls_handshakes[metrics::index(metrics::HandshakeKind::full)], counts.full);
    set(figures.dtls_handshakes[metrics::index(metrics::HandshakeKind::resumed)], counts.resumed);
    for (std::size_t i = 0; i < counts.failures.size(); ++i) set(figures.dtls_failures[i], counts.failures[i]);
    for (std::size_t i = 0; i < counts.generations.size(); ++i) {
        set(figures.dtls_key_generations[i], counts.generations[i]);
    }
    set(figures.dtls_connection_ids, counts.with_id);
    set(figures.dtls_sessions, security.sessions);
    set(figures.dtls_rebinds, counts.rebinds);
    for (std::size_t i = 0; i < net::alert_slots; ++i) {
        set(figures.dtls_alerts[metrics::index(metrics::Direction::sent)][i], counts.alerts_sent[i]);
        set(figures.dtls_alerts[metrics::index(metrics::Direction::received)][i], counts.alerts_received[i]);
    }
    for (std::size_t why = 1; why < net::record_discard_count; ++why) {
        set(figures.dtls_records_dropped[why - 1], counts.records_dropped[why]);
    }
    for (std::size_t fault = 1; fault < base::certificate_fault_count; ++fault) {
        set(figures.dtls_certificates_refused[fault - 1], counts.certificate_faults[fault]);
    }
}

}  // namespace engine
