#include "simulator/base/crypto_certificate.h"

#include <algorithm>
#include <cstring>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/settings.h>

#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>

#include "simulator/base/check.h"

#undef Sha256  // an old name of wc_Sha256

namespace base {
namespace {

// DER, written from its end to its beginning: a length is known when what it counts is there.
class DerWriter {
public:
    explicit DerWriter(MutableBytes memory) : memory_(memory), at_(memory.size()) {}

    std::size_t end() const { return at_; }
    Bytes written() const { return memory_.subspan(at_); }
    void put(Bytes bytes) {
        CHECK(bytes.size() <= at_);
        at_ -= bytes.size();
        if (!bytes.empty()) std::memcpy(memory_.data() + at_, bytes.data(), bytes.size());
    }
    void put_u8(std::uint8_t byte) { put(Bytes(&byte, 1)); }
    // Tag and length in front of all that was written since `end` was where it is.
    void close(std::uint8_t tag, std::size_t end) {
        const std::size_t size = end - at_;
        CHECK(size <= 0xffff);
        if (size > 0x7f) put_u8(static_cast<std::uint8_t>(size));
        if (size > 0xff) put_u8(static_cast<std::uint8_t>(size >> 8));
        put_u8(static_cast<std::uint8_t>(size <= 0x7f ? size : size <= 0xff ? 0x81 : 0x82));
        put_u8(tag);
    }
    void element(std::uint8_t tag, Bytes bytes) {
        const std::size_t end = at_;
        put(bytes);
        close(tag, end);
    }

private:
    MutableBytes memory_;
    std::size_t at_;
};

namespace tag {
constexpr std::uint8_t boolean = 0x01, integer = 0x02, bit_string = 0x03, octet_string = 0x04, oid = 0x06,
                       utf8_string = 0x0c, utc_time = 0x17, generalized_time = 0x18, sequence = 0x30, set = 0x31,
                       version = 0xa0, extensions = 0xa3, key_identifier = 0x80, dns_name = 0x82, ip_address = 0x87;
}  // namespace tag

constexpr std::array<std::uint8_t, 8> ecdsa_with_sha256{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
constexpr std::array<std::uint8_t, 3> common_name_oid{0x55, 0x04, 0x03};
constexpr std::array<std::uint8_t, 3> subject_key_id_oid{0x55, 0x1d, 0x0e};
constexpr std::array<std::uint8_t, 3> key_usage_oid{0x55, 0x1d, 0x0f};
constexpr std::array<std::uint8_t, 3> alternative_name_oid{0x55, 0x1d, 0x11};
constexpr std::array<std::uint8_t, 3> basic_constraints_oid{0x55, 0x1d, 0x13};
constexpr std::array<std::uint8_t, 3> authority_key_id_oid{0x55, 0x1d, 0x23};
constexpr std::array<std::uint8_t, 3> extended_key_usage_oid{0x55, 0x1d, 0x25};
constexpr std::array<std::uint8_t, 8> server_auth{0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01};
constexpr std::array<std::uint8_t, 8> client_auth{0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02};
constexpr std::array<std::uint8_t, 1> truth{0xff};
// BIT STRING of which the low bits are unused: keyCertSign and cRLSign; digitalSignature and keyAgreement.
constexpr std::array<std::uint8_t, 4> authority_usage{tag::bit_string, 2, 1, 0x06};
constexpr std::array<std::uint8_t, 4> end_usage{tag::bit_string, 2, 3, 0x88};

enum class Critical : std::uint8_t { no, yes };

// An extension around what was written since `end`.
void close_extension(DerWriter& out, Bytes id, Critical critical, std::size_t end) {
    out.close(tag::octet_string, end);
    if (critical == Critical::yes) out.element(tag::boolean, truth);
    out.element(tag::oid, id);
    out.close(tag::sequence, end);
}

void put_algorithm(DerWriter& out) {
    const std::size_t end = out.end();
    out.element(tag::oid, ecdsa_with_sha256);
    out.close(tag::sequence, end);
}

void put_name(DerWriter& out, std::string_view common_name) {
    const std::size_t end = out.end();
    out.element(tag::utf8_string, as_bytes(common_name));
    out.element(tag::oid, common_name_oid);
    out.close(tag::sequence, end);
    out.close(tag::set, end);
    out.close(tag::sequence, end);
}

// RFC 5280 4.1.2.5: UTCTime until 2049.
void put_time(DerWriter& out, std::string_view time) {
    if (time < "20500101000000Z") {
        out.element(tag::utc_time, as_bytes(time.substr(2)));
    } else {
        out.element(tag::generalized_time, as_bytes(time));
    }
}

void put_extensions(DerWriter& out, const CertificateSpec& spec) {
    const bool authority = spec.use == CertificateSpec::Use::authority;
    const std::size_t all = out.end();
    std::size_t end = all;
    if (!spec.host.empty() || !spec.ip.empty()) {
        if (!spec.ip.empty()) out.element(tag::ip_address, spec.ip);
        if (!spec.host.empty()) out.element(tag::dns_name, as_bytes(spec.host));
        out.close(tag::sequence, end);
        close_extension(out, alternative_name_oid, Critical::no, end);
    }
    end = out.end();
    out.element(tag::key_identifier, spec.issuer_key_id);
    out.close(tag::sequence, end);
    close_extension(out, authority_key_id_oid, Critical::no, end);
    end = out.end();
    if (authority) {
        out.element(tag::octet_string, key_id_of(spec.key));
        close_extension(out, subject_key_id_oid, Critical::no, end);
    } else {
        out.element(tag::oid, spec.use == CertificateSpec::Use::client ? client_auth : server_auth);
        out.close(tag::sequence, end);
        close_extension(out, extended_key_usage_oid, Critical::no, end);
    }
    end = out.end();
    out.put(authority ? authority_usage : end_usage);
    close_extension(out, key_usage_oid, Critical::yes, end);
    if (authority) {
        end = out.end();
        out.element(tag::boolean, truth);
        out.close(tag::sequence, end);
        close_extension(out, basic_constraints_oid, Critical::yes, end);
    }
    out.close(tag::sequence, all);
    out.close(tag::extensions, all);
}

void put_serial(DerWriter& out, const CertificateSpec& spec) {
    Sha256 hash;
    hash.update(as_bytes(spec.subject));
    hash.update(spec.key);
    hash.update(as_bytes(spec.not_after));
    auto digest = hash.digest();
    digest[0] = static_cast<std::uint8_t>((digest[0] & 0x7f) | 0x40);  // positive, and as short as it can be
    out.element(tag::integer, Bytes(digest).first(16));
}

// wolfSSL's own decoder, for one certificate.
class Decoded {
public:
    explicit Decoded(Bytes der) : certificate_(std::make_unique<DecodedCert>()) {
        wc_InitDecodedCert(certificate_.get(), der.data(), static_cast<word32>(der.size()), nullptr);
        good_ = wc_ParseCert(certificate_.get(), CERT_TYPE, NO_VERIFY, nullptr) == 0;
    }
    Decoded(const Decoded&) = delete;
    Decoded& operator=(const Decoded&) = delete;
    ~Decoded() { wc_FreeDecodedCert(certificate_.get()); }

    explicit operator bool() const { return good_; }
    const DecodedCert* operator->() const { return certificate_.get(); }

private:
    std::unique_ptr<DecodedCert> certificate_;
    bool good_ = false;
};

std::optional<P256Point> key_of(const Decoded& certificate) {
    if (certificate->keyOID != ECDSAk) return std::nullopt;
    ecc_key key;
    CHECK(wc_ecc_init(&key) == 0);
    word32 at = 0;
    P256Point point;
    auto size = static_cast<word32>(point.size());
    const bool good = wc_EccPublicKeyDecode(certificate->publicKey, &at, &key, certificate->pubKeySize) == 0 &&
                      wc_ecc_get_curve_id(key.idx) == ECC_SECP256R1 &&
                      wc_ecc_export_x963(&key, point.data(), &size) == 0 && size == point.size();
    wc_ecc_free(&key);
    if (!good) return std::nullopt;
    return point;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

// RFC 6125 6.4.3: a wildcard stands for the whole first label and nothing else.
bool matches(std::string_view pattern, std::string_view name) {
    if (!pattern.starts_with("*.")) return same_name(pattern, name);
    const auto dot = name.find('.');
    if (dot == std::string_view::npos || dot == 0) return false;
    const std::string_view rest = pattern.substr(1);
    return rest.find('.', 1) != std::string_view::npos && same_name(rest, name.substr(dot));
}

}  // namespace

KeyId key_id_of(const P256Point& key) {
    const auto digest = sha256(key);  // RFC 7093 2
    KeyId id;
    std::copy_n(digest.begin(), id.size(), id.begin());
    return id;
}

std::vector<std::uint8_t> common_name_der(std::string_view name) {
    std::array<std::uint8_t, 256> memory;
    DerWriter out(memory);
    put_name(out, name);
    return {out.written().begin(), out.written().end()};
}

std::size_t issue_certificate(P256& engine, const CertificateSpec& spec, const P256Scalar& issuer_key,
                              MutableBytes out) {
    CHECK(out.size() >= certificate_capacity && spec.subject.size() <= 128);
    std::array<std::uint8_t, certificate_capacity> memory;
    // What is signed...
    DerWriter body(memory);
    const std::size_t all = body.end();
    put_extensions(body, spec);
    body.put(to_public_key(spec.key));
    put_name(body, spec.subject);
    const std::size_t validity = body.end();
    put_time(body, spec.not_after);
    put_time(body, spec.not_before);
    body.close(tag::sequence, validity);
    body.put(spec.issuer);
    put_algorithm(body);
    put_serial(body, spec);
    const std::size_t version = body.end();
    const std::array<std::uint8_t, 1> third{2};
    body.element(tag::integer, third);
    body.close(tag::version, version);
    body.close(tag::sequence, all);
    // ... and the signature behind it.
    std::array<std::uint8_t, p256_signature_capacity> signature;
    const std::size_t size = engine.sign(issuer_key, sha256(body.written()), signature);
    DerWriter whole(out);
    const std::size_t end = whole.end();
    whole.put(Bytes(signature).first(size));
    whole.put_u8(0);  // no unused bits
    whole.close(tag::bit_string, end);
    put_algorithm(whole);
    whole.put(body.written());
    whole.close(tag::sequence, end);
    const auto written = whole.written();
    std::memmove(out.data(), written.data(), written.size());
    return written.size();
}

std::optional<CertificateFacts> read_certificate(Bytes der) {
    const Decoded certificate(der);
    if (!certificate) return std::nullopt;
    CertificateFacts facts;
    if (certificate->subjectCN != nullptr && certificate->subjectCNLen > 0) {
        facts.common_name.assign(certificate->subjectCN, static_cast<std::size_t>(certificate->subjectCNLen));
    }
    if (certificate->subjectRaw != nullptr) {
        // The library keeps what is in the Name; it is a SEQUENCE.
        const Bytes inside(certificate->subjectRaw, static_cast<std::size_t>(certificate->subjectRawLen));
        std::vector<std::uint8_t> memory(inside.size() + 4);
        DerWriter out(memory);
        out.element(tag::sequence, inside);
        facts.subject.assign(out.written().begin(), out.written().end());
    }
    if (certificate->extSubjKeyIdSet) {
        facts.key_id.emplace();
        std::copy_n(certificate->extSubjKeyId, key_id_size, facts.key_id->begin());
    }
    facts.key = key_of(certificate);
    // RFC 5280 4.2.1.3: where the key's use is stated, signing certificates must be one.
    facts.authority =
        certificate->isCA && (!certificate->extKeyUsageSet || (certificate->extKeyUsage & KEYUSE_KEY_CERT_SIGN) != 0);
    return facts;
}

bool is_certificate_of(Bytes der, const HostName& host) {
    const Decoded certificate(der);
    if (!certificate) return false;
    bool named = false;
    for (const DNS_entry* entry = certificate->altNames; entry != nullptr; entry = entry->next) {
        const std::string_view name(entry->name, static_cast<std::size_t>(entry->len));
        if (entry->type == ASN_DNS_TYPE) {
            named = true;
            if (host.ip.empty() && matches(name, host.name)) return true;
        } else if (entry->type == ASN_IP_TYPE) {
            if (!host.ip.empty() && equal(as_bytes(name), host.ip)) return true;
        }
    }
    if (named || certificate->subjectCN == nullptr) return false;
    const std::string_view common(certificate->subjectCN, static_cast<std::size_t>(certificate->subjectCNLen));
    return host.ip.empty() && matches(common, host.name);
}

}  // namespace base
