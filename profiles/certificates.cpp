#include "profiles/certificates.h"

#include <algorithm>

#include "simulator/base/check.h"

namespace profiles {
namespace {

constexpr std::string_view authority_subject = "lwm2m-sim test CA";
constexpr std::string_view server_subject = "lwm2m-sim";
// What keys are derived by; a device's begins otherwise than all of ours.
constexpr std::string_view authority_info = "lwm2m-sim ca";
constexpr std::string_view server_info = "lwm2m-sim server";
constexpr std::string_view device_info = "device ";

}  // namespace

FleetCertificates::FleetCertificates(const SecuritySpec& spec) : secret_(spec.secret) {
    CHECK(spec.key == SecuritySpec::Key::derived);
    if (!spec.certificate.ca.empty()) {
        const auto facts = base::read_certificate(spec.certificate.ca);
        const auto key = spec.certificate.ca_key->view();
        authority_ = spec.certificate.ca;
        authority_name_ = facts->subject;
        authority_key_id_ = facts->key_id.value_or(base::key_id_of(facts->key.value_or(base::P256Point{})));
        std::copy(key.begin(), key.end(), authority_key_.begin());
        return;
    }
    base::derive_p256_key(secret_->view(), base::as_bytes(authority_info), authority_key_);
    base::P256Point point;
    CHECK(engine_.public_of(authority_key_, point));
    authority_name_ = base::common_name_der(authority_subject);
    authority_key_id_ = base::key_id_of(point);
    base::CertificateSpec authority;
    authority.use = base::CertificateSpec::Use::authority;
    authority.subject = authority_subject;
    authority.key = point;
    authority.issuer = authority_name_;
    authority.issuer_key_id = authority_key_id_;
    authority_.resize(base::certificate_capacity);
    authority_.resize(base::issue_certificate(engine_, authority, authority_key_, authority_));
}

FleetCertificates::~FleetCertificates() { base::wipe(authority_key_); }

void FleetCertificates::device_key(base::Bytes identity, base::P256Scalar& out, unsigned generation) const {
    std::array<std::uint8_t, device_info.size() + key_info_capacity> memory;
    base::Writer info{base::MutableBytes(memory)};
    info.put(device_info);
    put_key_info(identity, generation, info);
    CHECK(!info.failed());
    base::derive_p256_key(secret_->view(), info.written(), out);
}

base::P256PublicKey FleetCertificates::public_key(const base::P256Scalar& key) {
    base::P256Point point;
    CHECK(engine_.public_of(key, point));
    return base::to_public_key(point);
}

std::size_t FleetCertificates::device_certificate(base::Bytes identity, const base::P256Scalar& key, Validity validity,
                                                  base::MutableBytes out) {
    base::CertificateSpec spec;
    spec.subject = base::as_text(identity);
    CHECK(engine_.public_of(key, spec.key));
    spec.issuer = authority_name_;
    spec.issuer_key_id = authority_key_id_;
    if (validity == Validity::over) spec.not_after = "20210101000000Z";
    return base::issue_certificate(engine_, spec, authority_key_, out);
}

void FleetCertificates::server_key(base::P256Scalar& out) const {
    base::derive_p256_key(secret_->view(), base::as_bytes(server_info), out);
}

std::size_t FleetCertificates::server_certificate(std::string_view host, base::Bytes ip, base::MutableBytes out) {
    base::P256Scalar key;
    server_key(key);
    base::CertificateSpec spec;
    spec.use = base::CertificateSpec::Use::server;
    spec.subject = server_subject;
    CHECK(engine_.public_of(key, spec.key));
    base::wipe(key);
    spec.issuer = authority_name_;
    spec.issuer_key_id = authority_key_id_;
    spec.host = host;
    spec.ip = ip;
    return base::issue_certificate(engine_, spec, authority_key_, out);
}

}  // namespace profiles
