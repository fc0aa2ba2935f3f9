// FleetCertificates: what devices of modes rpk and x509, and the embedded server, prove themselves by: key pairs and
// certificates, all made from the fleet's secret when they are asked for. Nothing is kept for a device, so that a fleet
// of any size starts at once; the same device has the same key and certificate in every run.
#pragma once

#include "profiles/security.h"

namespace profiles {

class FleetCertificates {
public:
    // REQUIRES: spec.key == derived.
    explicit FleetCertificates(const SecuritySpec& spec);
    FleetCertificates(FleetCertificates&&) noexcept = default;
    FleetCertificates& operator=(FleetCertificates&&) noexcept = default;
    ~FleetCertificates();

    void device_key(base::Bytes identity, base::P256Scalar& out, unsigned generation = 0) const;
    base::P256PublicKey public_key(const base::P256Scalar& key);
    // The certificate of that key for a device; its length. `out` has base::certificate_capacity bytes.
    enum class Validity : std::uint8_t { now, over };
    std::size_t device_certificate(base::Bytes identity, const base::P256Scalar& key, Validity validity,
                                   base::MutableBytes out);
    // The CA that issues them, in DER: what a server must trust.
    base::Bytes authority() const { return authority_; }

    // Of the embedded server: the same secret gives the same key, in other processes too.
    void server_key(base::P256Scalar& out) const;
    std::size_t server_certificate(std::string_view host, base::Bytes ip, base::MutableBytes out);

private:
    base::P256 engine_;
    std::shared_ptr<const base::Secret> secret_;
    base::P256Scalar authority_key_{};
    std::vector<std::uint8_t> authority_;
    std::vector<std::uint8_t> authority_name_;
    base::KeyId authority_key_id_{};
};

}  // namespace profiles
