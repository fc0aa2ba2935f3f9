// Trust: whom a peer's certificate may come from. Paths of certificates are checked by wolfSSL's certificate manager,
// never by code of our own; what stands around that (names, pins, purposes) is here.
#pragma once

#include "simulator/base/crypto_certificate.h"

namespace base {

// Why a peer's certificate, or raw public key, is not taken.
enum class CertificateFault : std::uint8_t {
    none,
    malformed,   // no certificate, or a chain that is too long
    missing,     // the peer has sent none
    key_kind,    // its key is not on P-256
    unknown_ca,  // nobody who is trusted has issued it
    signature,   // a signature in its chain is wrong
    path,        // an issuer in its chain may not issue, or not so
    expired,
    not_yet_valid,
    purpose,     // it is not for this use (extended key usage)
    wrong_name,  // it is for another host
    not_pinned,  // it is not the one that is expected
};
inline constexpr std::size_t certificate_fault_count = 12;
std::string_view name(CertificateFault fault);

inline constexpr std::size_t longest_chain = 8;  // certificates

// LwM2M 1.1's Certificate Usage (0/x/15), which is RFC 6698 2.1.1.
enum class CertificateUsage : std::uint8_t {
    ca_constraint = 0,       // the path goes through the given CA, and to one that is trusted
    service_constraint = 1,  // it is the given certificate, and its path goes to one that is trusted
    trust_anchor = 2,        // the given CA is the one that is trusted
    domain_issued = 3,       // it is the given certificate
};
// Matching Type (0/x/13).
enum class CertificateMatching : std::uint8_t { exact = 0, sha256 = 1, sha384 = 2, sha512 = 3 };

// What one side expects of the other. Immutable; keep one a thread.
class CertificateTrust {
public:
    struct Config {
        std::vector<std::vector<std::uint8_t>> anchors;  // CA certificates in DER
        // The given certificate, or a hash of it; empty: none, any that the anchors vouch for is taken.
        std::vector<std::uint8_t> pinned;
        CertificateUsage usage = CertificateUsage::domain_issued;
        CertificateMatching matching = CertificateMatching::exact;
        CertificateSpec::Use peer = CertificateSpec::Use::server;  // what it is used as
        std::string host;              // that the peer is called by; empty: names are not looked at
        std::vector<std::uint8_t> ip;  // where the host is an address
    };
    // The error is a sentence for the user.
    static Result<CertificateTrust, std::string> make(Config config);
    CertificateTrust(CertificateTrust&&) noexcept;
    CertificateTrust& operator=(CertificateTrust&&) noexcept;
    ~CertificateTrust();

    // The peer's own certificate first, at most longest_chain. `key` and `common_name` are set where it is taken.
    CertificateFault check(std::span<const Bytes> chain, P256Point& key, std::string& common_name) const;

private:
    struct Paths;
    CertificateTrust(Config config, std::unique_ptr<Paths> anchors);
    bool matches(Bytes certificate) const;
    CertificateFault check_path(std::span<const Bytes> chain) const;
    CertificateFault check_pinned_issuer(std::span<const Bytes> chain) const;

    Config config_;
    std::unique_ptr<Paths> anchors_;
};

}  // namespace base
