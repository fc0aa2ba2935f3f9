// SecureFleet: what DTLS needs around a shard and around the embedded server: keys by the profiles, randoms by
// the seed.
#pragma once

#include <memory>

#include "profiles/certificates.h"
#include "simulator/engine/shard_links.h"
#include "simulator/net/dtls13_server_transport.h"
#include "simulator/net/dtls13_transport.h"
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
    // `links` must outlive this object.
    explicit ShardKeys(const ShardLinks& links) : links_(links) {}
    std::size_t identity(std::uint32_t link, base::MutableBytes out) const override;
    std::size_t key(std::uint32_t link, base::MutableBytes out) const override;

private:
    const ShardLinks& links_;
};

// The same devices where they have certificates or raw public keys, and what they expect of their server.
class ShardCertificates final : public net::CertificateSource {
public:
    // `model` and `links` must outlive this object. `servers` is where they go.
    ShardCertificates(const FleetModel& model, const ShardLinks& links, const fleet::ServerAddresses& servers);

    net::CertificateType type(std::uint32_t link) const override;
    net::CertificateCiphers ciphers(std::uint32_t link) const override;
    void write_certificate(std::uint32_t link, base::Writer& out) const override;
    void key(std::uint32_t link, base::P256Scalar& out) const override;
    std::string_view server_name(std::uint32_t link) const override;
    base::CertificateFault judge(std::uint32_t link, net::CertificateType type, base::Bytes body,
                                 net::PeerKey& out) const override;

private:
    struct Side {  // of the devices of one profile, towards one of their servers
        std::unique_ptr<profiles::FleetCertificates> made;
        std::unique_ptr<base::CertificateTrust> trust;
        std::vector<std::uint8_t> pinned;  // the server's raw public key
        std::string name;                  // of the server, where it has one
    };
    const Side& side_of(std::uint32_t link) const {
        return sides_[links_.profile_number_of(link)][links_.server_of(link)];
    }
    const std::vector<std::uint8_t>* file_of(std::uint32_t link) const;
    Side make_side(const profiles::SecuritySpec& spec, const std::optional<profiles::ServerUri>& server,
                   const net::Address& address) const;

    const FleetModel& model_;
    const ShardLinks& links_;
    std::vector<std::vector<Side>> sides_;
};

// The generations of keys that a server knows: from `first` on one more for each of `unknown`, which is the share of
// the devices whose key of that generation it does not know.
struct KnownGenerations {
    unsigned first = 0;
    std::vector<double> unknown{};
    std::uint64_t seed = 0;

    // The first of them, from that one on, in which it knows the key of the identity.
    std::optional<unsigned> next(base::Bytes identity, unsigned from) const;
};

// The keys of identities that fit a pattern.
struct KnownKeys {
    std::string pattern;  // as profiles::fits
    profiles::SecuritySpec spec;
    KnownGenerations generations{};
};

// The same keys, as a server knows them: by the first entry that has one for the identity.
class ServerKeys final : public net::PskDirectory {
public:
    explicit ServerKeys(std::vector<KnownKeys> known) : known_(std::move(known)) {}
    std::optional<Known> key_of(base::Bytes identity, unsigned from_generation, base::MutableBytes out) const override;

private:
    std::vector<KnownKeys> known_;
};

// Credentials of the embedded server, and whom it lets in: those whose certificate is of a known CA, and whoever holds
// a raw public key; whether he is the endpoint that he says is seen when he registers.
class EmbeddedCertificates final : public net::ServerCertificates {
public:
    struct Config {
        base::P256Scalar key{};
        std::vector<std::vector<std::uint8_t>> chain;    // of the server; empty: it has a raw public key only
        std::vector<std::vector<std::uint8_t>> anchors;  // who issues certificates of devices
    };
    // The error is a sentence for the user.
    static base::Result<std::unique_ptr<EmbeddedCertificates>, std::string> make(Config config);
    ~EmbeddedCertificates() override { base::wipe(config_.key); }

    base::Bytes certificate(net::CertificateType type) const override {
        return type == net::CertificateType::x509 ? chain_ : raw_;
    }
    bool accepts(net::CertificateType type) const override {
        return type == net::CertificateType::raw_public_key || !config_.anchors.empty();
    }
    const base::P256Scalar& key() const override { return config_.key; }
    base::CertificateFault judge(net::CertificateType type, base::Bytes body, net::PeerKey& out) const override;

private:
    EmbeddedCertificates(Config config, base::CertificateTrust trust);

    Config config_;
    base::CertificateTrust trust_;
    std::vector<std::uint8_t> chain_;
    std::vector<std::uint8_t> raw_;
};

struct SecureShard {
    std::unique_ptr<ShardLinks> links;
    std::unique_ptr<ShardKeys> keys;
    std::unique_ptr<ShardCertificates> certificates;
    std::unique_ptr<net::Dtls13Transport> newer;  // below `transport`; null where nobody speaks DTLS 1.3
    std::unique_ptr<net::DtlsTransport> transport;

    // What devices speak through, and what they ask; `below` and null where nobody speaks DTLS.
    net::Transport& outermost(net::Transport& below) const;
    net::SecureLink* link() const;
};
// Null members where no device of the fleet speaks DTLS. `inner` must outlive it.
SecureShard secure_shard(const FleetModel& model, const fleet::Membership& members,
                         const fleet::ServerAddresses& servers, std::uint64_t salt, net::Transport& inner);

struct SecureServer {
    std::unique_ptr<ServerKeys> keys;
    std::unique_ptr<EmbeddedCertificates> certificates;
    std::unique_ptr<net::PeerIdentities> identities;    // what marks of datagrams mean
    std::unique_ptr<net::Dtls13ServerTransport> newer;  // below `transport`; null where nobody may speak DTLS 1.3
    std::unique_ptr<net::DtlsServerTransport> transport;

    // What stands on top: DTLS, or the network itself where there is none.
    net::Transport& outermost(net::Transport& inner) const;
};
// Which one of several layers of DTLS of one server; all of them have one secret.
struct SecureFront {
    std::uint32_t number = 0;
    std::uint32_t count = 1;
    base::Bytes secret{};  // empty, of a single one: it makes its own
};
struct SecureServerOptions {
    std::vector<KnownKeys> known;
    // By certificate or raw public key: whose secret they follow from, and the server's own with them.
    std::optional<profiles::SecuritySpec> certificates{};
    KnownGenerations generations{};                    // of the raw public keys
    std::vector<std::vector<std::uint8_t>> anchors{};  // further CAs that issue certificates of devices
    // Of the user's own, instead of a key and a certificate that are made from the secret.
    std::optional<EmbeddedCertificates::Config> credentials{};
    net::Address address{};      // that a certificate of the server is made for
    std::uint32_t sessions = 0;  // of all fronts
    bool plain_too = false;
    bool dtls13 = false;  // beside DTLS 1.2
    std::uint64_t salt = 0;
    std::uint64_t seed = 0;
};
// The error is a sentence for the user.
base::Result<SecureServer, std::string> secure_server(const SecureServerOptions& options, net::Transport& inner,
                                                      const SecureFront& front = {});
// Who comes to a server: devices of a profile, with the security that they have towards it.
struct Clients {
    const profiles::ResolvedProfile* profile = nullptr;
    const profiles::SecuritySpec* security = nullptr;
    std::size_t part = 0;    // the profile's place in the fleet
    std::size_t server = 0;  // its place among the servers of the profile
};
// To the server at that address, which is one of those of the fleet.
std::vector<Clients> clients_of(const FleetModel& model, const fleet::ServerAddresses& servers,
                                const net::Address& address);
// For the embedded server of a fleet at that address; null members where none of its clients speaks DTLS.
SecureServer secure_server(const FleetModel& model, const std::vector<Clients>& clients, const net::Address& address,
                           std::uint32_t sessions, std::uint64_t salt, net::Transport& inner,
                           const SecureFront& front = {});
// May whoever has proven that register by that name? A server holds each device to what it has proven to be by its
// key or certificate (Transport 1.1.1, 5.2.6). Null where there is no DTLS. All must outlive it.
using EndpointCheck = std::function<bool(net::PeerMark proven, std::string_view endpoint)>;
// As the profiles of the fleet say which identity goes with which name.
EndpointCheck endpoint_check(const FleetModel& model, const std::vector<Clients>& clients, const SecureServer& server);
// Identities are names; those of pre-shared keys may be any others.
enum class NamesByKey : std::uint8_t { own, any };
EndpointCheck endpoint_check(const SecureServer& server, NamesByKey names);

// What layers of DTLS have counted.
struct SecurityCounts {
    net::DtlsCounts counts{};
    std::uint64_t sessions = 0;

    SecurityCounts& operator+=(const SecurityCounts& other) {
        counts += other.counts;
        sessions += other.sessions;
        return *this;
    }
};
SecurityCounts security_counts(const SecureServer& dtls);
// It joins the server's figures; about once a second.
void set_security(const SecurityCounts& security, server::Server& server);
inline void sync_security(const SecureServer& dtls, server::Server& server) {
    if (dtls.transport) set_security(security_counts(dtls), server);
}

}  // namespace engine
