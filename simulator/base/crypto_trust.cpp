#include "simulator/base/crypto_trust.h"

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/sha512.h>

#include <algorithm>

#include "simulator/base/check.h"

namespace base {
namespace {

CertificateFault fault_of(int error) {
    switch (error) {
        case WOLFSSL_SUCCESS: return CertificateFault::none;
        case ASN_AFTER_DATE_E: return CertificateFault::expired;
        case ASN_BEFORE_DATE_E: return CertificateFault::not_yet_valid;
        case ASN_NO_SIGNER_E:
        case ASN_SELF_SIGNED_E: return CertificateFault::unknown_ca;
        case ASN_SIG_CONFIRM_E:
        case ASN_SIG_HASH_E:
        case ASN_SIG_KEY_E: return CertificateFault::signature;
        case ASN_PATHLEN_SIZE_E:
        case ASN_PATHLEN_INV_E:
        case ASN_NAME_INVALID_E: return CertificateFault::path;
        default: return CertificateFault::malformed;
    }
}

std::vector<std::uint8_t> hash(CertificateMatching matching, Bytes certificate) {
    std::vector<std::uint8_t> out;
    const auto size = static_cast<word32>(certificate.size());
    switch (matching) {
        case CertificateMatching::exact: out.assign(certificate.begin(), certificate.end()); break;
        case CertificateMatching::sha256: {
            const auto digest = sha256(certificate);
            out.assign(digest.begin(), digest.end());
            break;
        }
        case CertificateMatching::sha384:
            out.resize(WC_SHA384_DIGEST_SIZE);
            CHECK(wc_Sha384Hash(certificate.data(), size, out.data()) == 0);
            break;
        case CertificateMatching::sha512:
            out.resize(WC_SHA512_DIGEST_SIZE);
            CHECK(wc_Sha512Hash(certificate.data(), size, out.data()) == 0);
            break;
    }
    return out;
}

bool serves(Bytes certificate, CertificateSpec::Use use) {
    DecodedCert decoded;
    wc_InitDecodedCert(&decoded, certificate.data(), static_cast<word32>(certificate.size()), nullptr);
    const bool good = wc_ParseCert(&decoded, CERT_TYPE, NO_VERIFY, nullptr) == 0;
    const int wanted = use == CertificateSpec::Use::server ? EXTKEYUSE_SERVER_AUTH : EXTKEYUSE_CLIENT_AUTH;
    const bool serves =
        good && (!decoded.extExtKeyUsageSet || (decoded.extExtKeyUsage & (wanted | EXTKEYUSE_ANY)) != 0);
    wc_FreeDecodedCert(&decoded);
    return serves;
}

}  // namespace

std::string_view name(CertificateFault fault) {
    static constexpr std::array<std::string_view, certificate_fault_count> names{
        "none", "malformed", "missing",       "key_kind", "unknown_ca", "signature",
        "path", "expired",   "not_yet_valid", "purpose",  "wrong_name", "not_pinned"};
    return names[static_cast<std::size_t>(fault)];
}

// wolfSSL's certificate manager with the CAs that are trusted.
struct CertificateTrust::Paths {
    WOLFSSL_CERT_MANAGER* manager;

    Paths() {
        static const int started = wolfSSL_Init();
        CHECK(started == WOLFSSL_SUCCESS);
        manager = wolfSSL_CertManagerNew();
        CHECK(manager != nullptr);
    }
    Paths(const Paths&) = delete;
    Paths& operator=(const Paths&) = delete;
    ~Paths() { wolfSSL_CertManagerFree(manager); }

    int load(Bytes der) {
        return wolfSSL_CertManagerLoadCABuffer(manager, der.data(), static_cast<long>(der.size()),
                                               WOLFSSL_FILETYPE_ASN1);
    }
    bool trust(Bytes der) { return load(der) == WOLFSSL_SUCCESS; }
    // Of a certificate that nobody vouches for: is it in date?
    static CertificateFault check_dates(Bytes der) {
        const auto fault = fault_of(Paths().load(der));
        const bool date = fault == CertificateFault::expired || fault == CertificateFault::not_yet_valid;
        return date ? fault : CertificateFault::none;
    }
    CertificateFault check(Bytes der) const {
        return fault_of(
            wolfSSL_CertManagerVerifyBuffer(manager, der.data(), static_cast<long>(der.size()), WOLFSSL_FILETYPE_ASN1));
    }
    // The issuers that a peer has sent along, from the last one down: each becomes one that may vouch for those before
    // it when it is good itself.
    CertificateFault add_issuers(std::span<const Bytes> chain) {
        for (std::size_t i = chain.size(); i-- > 1;) {
            const auto fault = check(chain[i]);
            if (fault == CertificateFault::unknown_ca) continue;  // perhaps nobody needs it
            if (fault != CertificateFault::none) return fault;
            const auto facts = read_certificate(chain[i]);
            if (!facts || !facts->authority || !trust(chain[i])) return CertificateFault::path;
        }
        return CertificateFault::none;
    }
};

CertificateTrust::CertificateTrust(Config config, std::unique_ptr<Paths> anchors)
    : config_(std::move(config)), anchors_(std::move(anchors)) {}
CertificateTrust::CertificateTrust(CertificateTrust&&) noexcept = default;
CertificateTrust& CertificateTrust::operator=(CertificateTrust&&) noexcept = default;
CertificateTrust::~CertificateTrust() = default;

Result<CertificateTrust, std::string> CertificateTrust::make(Config config) {
    auto anchors = std::make_unique<Paths>();
    for (const auto& anchor : config.anchors) {
        if (!anchors->trust(anchor)) {
            return tl::unexpected(std::string("a CA certificate is none that can be trusted: broken, or expired"));
        }
    }
    return CertificateTrust(std::move(config), std::move(anchors));
}

bool CertificateTrust::matches(Bytes certificate) const {
    return equal(hash(config_.matching, certificate), config_.pinned);
}

CertificateFault CertificateTrust::check_path(std::span<const Bytes> chain) const {
    if (chain.size() == 1) return anchors_->check(chain[0]);
    Paths paths;
    for (const auto& anchor : config_.anchors) paths.trust(anchor);
    const auto fault = paths.add_issuers(chain);
    return fault != CertificateFault::none ? fault : paths.check(chain[0]);
}

// The given CA is among those that have issued the certificate, one after another.
CertificateFault CertificateTrust::check_pinned_issuer(std::span<const Bytes> chain) const {
    Paths paths;
    bool found = false;
    if (config_.matching == CertificateMatching::exact) found = paths.trust(config_.pinned);
    for (const auto& issuer : chain.subspan(1)) found = found || (matches(issuer) && paths.trust(issuer));
    for (const auto& anchor : config_.anchors) found = found || (matches(anchor) && paths.trust(anchor));
    if (!found) return CertificateFault::not_pinned;
    const auto fault = paths.add_issuers(chain);
    if (fault != CertificateFault::none && fault != CertificateFault::unknown_ca) return fault;
    const auto path = paths.check(chain[0]);
    return path == CertificateFault::unknown_ca ? CertificateFault::not_pinned : path;
}

CertificateFault CertificateTrust::check(std::span<const Bytes> chain, P256Point& key, std::string& common_name) const {
    if (chain.empty()) return CertificateFault::missing;
    if (chain.size() > longest_chain) return CertificateFault::malformed;
    auto facts = read_certificate(chain[0]);
    if (!facts) return CertificateFault::malformed;
    if (!facts->key) return CertificateFault::key_kind;
    auto fault = CertificateFault::none;
    const bool pinned = !config_.pinned.empty();
    if (pinned &&
        (config_.usage == CertificateUsage::domain_issued || config_.usage == CertificateUsage::service_constraint)) {
        if (!matches(chain[0])) return CertificateFault::not_pinned;
        // Nobody vouches for it but who has given it; it may still be out of date.
        if (config_.usage == CertificateUsage::domain_issued) {
            fault = Paths::check_dates(chain[0]);
        } else {
            fault = check_path(chain);
        }
    } else if (pinned) {
        if (config_.usage == CertificateUsage::ca_constraint) fault = check_path(chain);
        if (fault == CertificateFault::none) fault = check_pinned_issuer(chain);
    } else {
        fault = check_path(chain);
    }
    if (fault != CertificateFault::none) return fault;
    if (!serves(chain[0], config_.peer)) return CertificateFault::purpose;
    const bool named = !config_.host.empty() || !config_.ip.empty();
    if (named && !is_certificate_of(chain[0], {config_.host, config_.ip})) return CertificateFault::wrong_name;
    key = *facts->key;
    common_name = std::move(facts->common_name);
    return CertificateFault::none;
}

}  // namespace base
