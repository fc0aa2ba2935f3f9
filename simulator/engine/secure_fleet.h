// SecureFleet: what DTLS needs around a shard and around the embedded server: keys by the profiles, randoms by
// the seed.
#pragma once

#include <memory>

#include "simulator/engine/fleet_model.h"
#include "simulator/net/dtls_server_transport.h"
#include "simulator/net/dtls_transport.h"
#include "simulator/server/server.h"

namespace engine {

// Mixed into what is random in handshakes. In virtual time 0, so that a run can be repeated; else from the system.
std::uint64_t system_salt();

// Who the devices of a shard are. A device whose key is wrong has one bit of it turned; an identity that no server
// knows begins with profiles::unknown_prefix.
class ShardKeys final : public net::PskSource {
public:
    // `model` must outlive this object.
    ShardKeys(const FleetModel& model, fleet::Membership members) : model_(model), members_(std::move(members)) {}
    std::size_t identity(std::uint32_t device, base::MutableBytes out) const override;
    std::size_t key(std::uint32_t device, base::MutableBytes out) const override;

private:
    const profiles::ResolvedProfile& profile_of(std::uint32_t device) const;
    std::size_t right_identity(std::uint32_t device, base::MutableBytes out) const;
    bool is_among(std::uint32_t device, double share, std::uint64_t draw) const;

    const FleetModel& model_;
    fleet::Membership members_;
};

// The keys of identities that fit a pattern.
struct KnownKeys {
    std::string pattern;  // as profiles::fits
    profiles::SecuritySpec spec;
};

// The same keys, as a server knows them: by the first entry that has one for the identity.
class ServerKeys final : public net::PskDirectory {
public:
    explicit ServerKeys(std::vector<KnownKeys> known) : known_(std::move(known)) {}
    std::optional<std::size_t> key_of(base::Bytes identity, base::MutableBytes out) const override;

private:
    std::vector<KnownKeys> known_;
};

struct SecureShard {
    std::unique_ptr<ShardKeys> keys;
    std::unique_ptr<net::DtlsTransport> transport;
};
// Null members where no device of the fleet speaks DTLS. `inner` must outlive it.
SecureShard secure_shard(const FleetModel& model, const fleet::Membership& members, const net::Address& server,
                         std::uint64_t salt, net::Transport& inner);

struct SecureServer {
    std::unique_ptr<ServerKeys> keys;
    std::unique_ptr<net::DtlsServerTransport> transport;
};
struct SecureServerOptions {
    std::vector<KnownKeys> known;
    std::uint32_t sessions = 0;
    bool plain_too = false;
    std::uint64_t salt = 0;
    std::uint64_t seed = 0;
};
SecureServer secure_server(const SecureServerOptions& options, net::Transport& inner);
// For the embedded server of a fleet; null members where nobody speaks DTLS.
SecureServer secure_server(const FleetModel& model, std::uint32_t sessions, std::uint64_t salt, net::Transport& inner);
// Where the identities of a fleet are its endpoint names, the server holds each device to its own (Transport 1.1.1,
// 5.2.6). Null else.
std::function<bool(const net::Address& from, std::string_view endpoint)> endpoint_check(const FleetModel& model,
                                                                                        const SecureServer& server);

// What the transport has counted joins the server's figures; about once a second.
void sync_security(const SecureServer& dtls, server::Server& server);

}  // namespace engine
