#include "profiles/security.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "profiles/map_reader.h"
#include "simulator/base/check.h"
#include "simulator/base/crypto_pem.h"

namespace profiles {
namespace {

bool is_text(const Node& node, std::string_view what, Diagnostics& diagnostics) {
    if (node.is_scalar() && !node.text().empty()) return true;
    diagnostics.error(node.place(), fmt::format("{}: a text is needed", what));
    return false;
}

constexpr std::array<std::pair<std::string_view, SecurityMode>, 4> modes{{{"none", SecurityMode::none},
                                                                          {"psk", SecurityMode::psk},
                                                                          {"rpk", SecurityMode::rpk},
                                                                          {"x509", SecurityMode::x509}}};
constexpr std::array<std::pair<std::string_view, DtlsVersion>, 2> versions{
    {{"1.2", DtlsVersion::v12}, {"1.3", DtlsVersion::v13}}};
constexpr std::array<std::pair<std::string_view, SuiteChoice>, 5> suites{{{"ccm8", SuiteChoice::ccm8},
                                                                          {"cbc_sha256", SuiteChoice::cbc_sha256},
                                                                          {"gcm_sha256", SuiteChoice::gcm_sha256},
                                                                          {"both", SuiteChoice::both},
                                                                          {"ccm", SuiteChoice::ccm}}};
constexpr std::array<std::pair<std::string_view, base::CertificateUsage>, 4> usages{
    {{"ca_constraint", base::CertificateUsage::ca_constraint},
     {"service_constraint", base::CertificateUsage::service_constraint},
     {"trust_anchor", base::CertificateUsage::trust_anchor},
     {"domain_issued", base::CertificateUsage::domain_issued}}};
constexpr std::array<std::pair<std::string_view, base::CertificateMatching>, 4> matchings{
    {{"exact", base::CertificateMatching::exact},
     {"sha256", base::CertificateMatching::sha256},
     {"sha384", base::CertificateMatching::sha384},
     {"sha512", base::CertificateMatching::sha512}}};

// One of a few words.
template <const auto& choices, class T>
void read_choice(const Node& node, std::string_view what, T& out, Diagnostics& diagnostics) {
    const std::string word = node.is_scalar() ? node.text() : "";
    std::string all;
    for (const auto& [text, value] : choices) {
        if (word == text) {
            out = value;
            return;
        }
        all += (all.empty() ? "" : ", ") + std::string(text);
    }
    diagnostics.error(node.place(), fmt::format("{}: '{}' is none of {}", what, printable(word), all));
}

// A file beside the one that names it.
std::optional<std::string> read_beside(const Node& node, std::string_view what, Diagnostics& diagnostics) {
    if (!is_text(node, what, diagnostics)) return std::nullopt;
    std::filesystem::path path(node.text());
    if (path.is_relative() && node.place().source != nullptr) {
        path = std::filesystem::path(node.place().source->name).parent_path() / path;
    }
    std::ifstream file(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (file.is_open() && !text.empty()) return text;
    diagnostics.error(node.place(),
                      fmt::format("{}: the file {} is empty, or is not there", what, printable(node.text())));
    return std::nullopt;
}

// The certificates of a file: PEM, or one in DER.
std::vector<std::vector<std::uint8_t>> read_certificates(const Node& node, std::string_view what,
                                                         Diagnostics& diagnostics) {
    std::vector<std::vector<std::uint8_t>> found;
    const auto text = read_beside(node, what, diagnostics);
    if (!text) return found;
    for (const auto& block : base::read_pem(base::as_bytes(*text))) {
        const auto der = block.bytes.view();
        if (block.label == "CERTIFICATE") found.emplace_back(der.begin(), der.end());
    }
    if (found.empty()) found.emplace_back(text->begin(), text->end());
    const bool good =
        std::ranges::all_of(found, [](const auto& der) { return base::read_certificate(der).has_value(); });
    if (good) return found;
    diagnostics.error(node.place(), fmt::format("{}: no certificate, or a broken one, is in the file", what));
    return {};
}

void read_ca(const Node& node, std::string_view what, std::vector<std::uint8_t>& out, Diagnostics& diagnostics) {
    const auto found = read_certificates(node, what, diagnostics);
    if (found.empty()) return;
    out = found.front();
    if (!base::read_certificate(out)->authority) {
        diagnostics.error(node.place(), fmt::format("{}: the certificate is none of a CA", what));
    }
}

void read_ca_key(const Node& node, std::string_view what, std::shared_ptr<const base::Secret>& out,
                 Diagnostics& diagnostics) {
    auto text = read_beside(node, what, diagnostics);
    if (!text) return;
    const base::Secret file{base::as_bytes(*text)};
    base::wipe({reinterpret_cast<std::uint8_t*>(text->data()), text->size()});
    base::P256Scalar key;
    if (base::read_p256_key(file.view(), key)) {
        out = std::make_shared<const base::Secret>(base::Bytes(key));
    } else {
        diagnostics.error(node.place(), fmt::format("{}: the file has no private key on the curve P-256", what),
                          "try openssl ecparam -genkey -noout -name prime256v1");
    }
    base::wipe(key);
}

void read_trust(const Node& node, std::string_view what, std::vector<std::vector<std::uint8_t>>& out,
                Diagnostics& diagnostics) {
    out = read_certificates(node, what, diagnostics);
}

void read_server_certificate(const Node::Entry& entry, ServerCheck& out, Diagnostics& diagnostics) {
    const auto found = read_certificates(entry.value, entry.key, diagnostics);
    if (!found.empty()) out.certificate = found.front();
}

void read_public_key(const Node::Entry& entry, ServerCheck& out, Diagnostics& diagnostics) {
    const auto text = read_beside(entry.value, entry.key, diagnostics);
    if (!text) return;
    out.certificate.assign(text->begin(), text->end());
    for (const auto& block : base::read_pem(base::as_bytes(*text))) {
        const auto der = block.bytes.view();
        if (block.label == "PUBLIC KEY") out.certificate.assign(der.begin(), der.end());
    }
    if (!base::point_of(out.certificate)) {
        diagnostics.error(entry.place, "public_key: no key on the curve P-256 is in the file",
                          "try openssl ec -in key.pem -pubout");
    }
}

void read_hash(const Node::Entry& entry, ServerCheck& out, Diagnostics& diagnostics) {
    if (!is_text(entry.value, "hash", diagnostics)) return;
    const auto bytes = base::from_hex(entry.value.text());
    if (!bytes || bytes->empty()) {
        diagnostics.error(entry.value.place(), "hash: not hexadecimal digits");
        return;
    }
    out.certificate = *bytes;
}

void read_identity(const Node& node, std::string_view what, std::string& out, Diagnostics& diagnostics) {
    if (is_text(node, what, diagnostics)) out = node.text();
}

// The values are secrets: no message repeats them.
void read_derive(const Node::Entry& entry, SecuritySpec& out, Diagnostics& diagnostics) {
    if (!is_text(entry.value, "derive", diagnostics)) return;
    const auto secret = base::as_bytes(entry.value.text());
    if (secret.size() < least_secret) {
        diagnostics.error(
            entry.value.place(),
            fmt::format("derive: a secret of {} bytes is no secret; {} are the least", secret.size(), least_secret),
            "try derive: \"${FLEET_SECRET}\"");
        return;
    }
    out.key = SecuritySpec::Key::derived;
    out.secret = std::make_shared<const base::Secret>(secret);
}

// One text, or one for each generation, as a list.
template <class Read>
void read_generations(const Node& node, std::string_view what, Diagnostics& diagnostics, Read&& read) {
    if (!node.is_sequence()) {
        if (is_text(node, what, diagnostics)) read(node);
        return;
    }
    if (node.items().empty() || node.items().size() > most_generations) {
        diagnostics.error(node.place(), fmt::format("{}: 1 to {} generations", what, most_generations));
        return;
    }
    for (const auto& item : node.items()) {
        if (is_text(item, what, diagnostics)) read(item);
    }
}

void read_hex(const Node::Entry& entry, SecuritySpec& out, Diagnostics& diagnostics) {
    read_generations(entry.value, "hex", diagnostics, [&](const Node& node) {
        auto key = base::from_hex(node.text());
        if (!key || key->empty() || key->size() > key_capacity) {
            diagnostics.error(node.place(),
                              fmt::format("hex: a key is 1 to {} bytes in hexadecimal digits", key_capacity));
            return;
        }
        auto secret = std::make_shared<const base::Secret>(std::move(*key));
        out.key = SecuritySpec::Key::shared;
        out.secret ? out.later_secrets.push_back(std::move(secret)) : void(out.secret = std::move(secret));
    });
}

void read_key_table(const Node::Entry& entry, SecuritySpec& out, Diagnostics& diagnostics) {
    read_generations(entry.value, "csv", diagnostics, [&](const Node& node) {
        auto table = load_csv(node, diagnostics);
        if (!table) return;
        auto keys = KeyTable::make(*table, printable(node.text()), node.place(), diagnostics);
        // The keys are in the KeyTable now, and nowhere else.
        for (auto& row : table->rows) {
            for (auto& cell : row) base::wipe({reinterpret_cast<std::uint8_t*>(cell.data()), cell.size()});
        }
        if (out.keys && keys && keys->size() != out.keys->size()) {
            diagnostics.error(node.place(), fmt::format("csv: {}: {} rows, and the first file has {}",
                                                        printable(node.text()), keys->size(), out.keys->size()));
        }
        out.key = SecuritySpec::Key::listed;
        out.keys ? out.later_keys.push_back(std::move(keys)) : void(out.keys = std::move(keys));
    });
}

constexpr std::array key_fields{
    custom<SecuritySpec, read_derive>("derive", "text", "",
                                      "a secret of the fleet: keys come from it and the identity, by HKDF-SHA-256"),
    custom<SecuritySpec, read_hex>("hex", "text or list", "",
                                   "the same key for every device; a list: one for each generation"),
    custom<SecuritySpec, read_key_table>("csv", "text or list", "",
                                         "a file with the columns identity and key: a row for each device, by number; "
                                         "a list: one for each generation"),
};

void read_key(const Node::Entry& entry, SecuritySpec& out, Diagnostics& diagnostics) {
    read_fields(entry.value, entry.key, key_fields, out, diagnostics);
    if (entry.value.entries().size() > 1) {
        diagnostics.error(entry.place, "key: one of 'derive', 'hex' and 'csv'");
    }
}

void read_part(const Node& node, std::string_view what, double& out, Diagnostics& diagnostics) {
    double share = 0;
    if (read_share(node, what, share, diagnostics)) out = share;
}

void read_switch(const Node& node, std::string_view what, bool& out, Diagnostics& diagnostics) {
    const std::string text = node.is_scalar() ? node.text() : "";
    if (text == "true" || text == "false") {
        out = text == "true";
    } else {
        diagnostics.error(node.place(), fmt::format("{}: not a truth value", what), "try true or false");
    }
}

void read_generation(const Node& node, std::string_view what, unsigned& out, Diagnostics& diagnostics) {
    const std::string text = node.is_scalar() ? node.text() : "";
    if (text.size() == 1 && text[0] >= '0' && text[0] < static_cast<char>('0' + most_generations)) {
        out = static_cast<unsigned>(text[0] - '0');
    } else {
        diagnostics.error(node.place(), fmt::format("{}: a number from 0 to {}", what, most_generations - 1));
    }
}

// A template of a path, beside the file that names it.
void read_path(const Node& node, std::string_view what, std::string& out, Diagnostics& diagnostics) {
    if (!is_text(node, what, diagnostics)) return;
    std::filesystem::path path(node.text());
    if (path.is_relative() && node.place().source != nullptr) {
        path = std::filesystem::path(node.place().source->name).parent_path() / path;
    }
    out = path.string();
}

constexpr std::array certificate_fields{
    field<&CertificateSection::file, read_path>(
        "file", "file", "", "template, as of endpoint: PEM of a device's certificate and its issuers"),
    field<&CertificateSection::key_file, read_path>("key_file", "file", "",
                                                    "template: PEM of its private key on P-256; else in the same file"),
    field<&CertificateSection::ca, read_ca>("ca", "file", "",
                                            "PEM: the CA that issues the devices' certificates; else one is made"),
    field<&CertificateSection::ca_key, read_ca_key>("ca_key", "file", "", "PEM: its private key, on P-256"),
    field<&CertificateSection::expired, read_part>("expired", "share", "0%",
                                                   "devices whose certificate is out of date"),
};

constexpr std::array server_fields{
    field<&ServerCheck::trust, read_trust>("trust", "file", "", "PEM: CAs that may vouch for the server"),
    Field<ServerCheck>{{"certificate", "file", "", "PEM: the server's certificate, or its CA's, by usage (0/x/4)"},
                       read_server_certificate},
    Field<ServerCheck>{{"public_key", "file", "", "PEM: the server's public key, for mode rpk (0/x/4)"},
                       read_public_key},
    Field<ServerCheck>{{"hash", "text", "", "a hash of the certificate instead of it, by matching"}, read_hash},
    field<&ServerCheck::usage, read_choice<usages, base::CertificateUsage>>(
        "usage", "text", "domain_issued",
        "of the certificate (0/x/15): ca_constraint, service_constraint, trust_anchor, domain_issued"),
    field<&ServerCheck::matching, read_choice<matchings, base::CertificateMatching>>(
        "matching", "text", "exact", "what is compared (0/x/13): exact, sha256, sha384, sha512"),
    field<&ServerCheck::name, read_identity>("name", "text", "",
                                             "that the server is called by (0/x/14) and certified for; else the host "
                                             "of the target"),
};

constexpr std::array fields{
    field<&SecuritySpec::mode, read_choice<modes, SecurityMode>>(
        "mode", "text", "none", "none, or DTLS with psk: a pre-shared key, rpk: raw public keys, x509: certificates"),
    field<&SecuritySpec::dtls, read_choice<versions, DtlsVersion>>(
        "dtls", "text", "1.2", "the version that devices speak: 1.2, or 1.3 for some thousands of them"),
    field<&SecuritySpec::identity, read_identity>(
        "identity", "text", "",
        "template, as of endpoint: what the server knows the key by, and a certificate's CN; else the endpoint name"),
    Field<SecuritySpec>{{"key", "map", "", "where the key comes from", [] { return describe(key_fields); }}, read_key},
    field<&SecuritySpec::generation, read_generation>("generation", "whole number", "0",
                                                      "of the keys that devices start with"),
    field<&SecuritySpec::resume, read_part>("resume", "share", "90%", "handshakes that offer the last session"),
    field<&SecuritySpec::connection_id, read_switch>("cid", "boolean", "true",
                                                     "offer a connection id (RFC 9146) to the server"),
    field<&SecuritySpec::suite, read_choice<suites, SuiteChoice>>(
        "suite", "text", "ccm8",
        "of AES-128 that devices offer: ccm8, cbc_sha256 (psk), gcm_sha256 (rpk, x509), both; of DTLS 1.3: ccm (the "
        "default there), gcm_sha256, both (rpk, x509)"),
    field<&SecuritySpec::wrong_key, read_part>("wrong_key", "share", "0%", "devices whose key is wrong"),
    field<&SecuritySpec::unknown_identity, read_part>("unknown_identity", "share", "0%",
                                                      "devices whose identity no server knows"),
    section<&SecuritySpec::certificate, certificate_fields>("certificate", "of mode x509: where it comes from"),
    section<&SecuritySpec::server, server_fields>("server", "which server is taken for the right one (rpk, x509)"),
};

template <class Wrong>
void check_suite(const SecuritySpec& spec, Wrong&& wrong) {
    const bool by_certificate = is_by_certificate(spec.mode);
    if (spec.dtls == DtlsVersion::v13) {
        // RFC 9147 4.5.3; CBC is none of TLS 1.3.
        if (spec.suite == SuiteChoice::ccm8 || spec.suite == SuiteChoice::cbc_sha256) {
            wrong("DTLS 1.3 has the suites ccm and gcm_sha256");
        } else if (spec.suite == SuiteChoice::both && !by_certificate) {
            wrong("DTLS 1.3 with mode psk offers one suite: ccm or gcm_sha256");
        }
    } else if (spec.suite == SuiteChoice::ccm) {
        wrong("suite ccm is for dtls: \"1.3\"", "try ccm8");
    } else if (spec.suite == (by_certificate ? SuiteChoice::cbc_sha256 : SuiteChoice::gcm_sha256)) {
        wrong(by_certificate ? "suite cbc_sha256 is for mode psk" : "suite gcm_sha256 is for modes rpk and x509");
    }
}

// What goes with which mode. The messages name no secret.
void check_mode(const Node& node, const SecuritySpec& spec, Diagnostics& diagnostics) {
    const auto wrong = [&](std::string_view message, std::string_view hint = "") {
        Place place = node.place();
        place.line = 0;
        diagnostics.error(place, fmt::format("security: {}", message), std::string(hint));
    };
    const bool by_certificate = is_by_certificate(spec.mode);
    const auto& certificate = spec.certificate;
    if (spec.mode != SecurityMode::none && spec.key == SecuritySpec::Key::none && certificate.file.empty()) {
        wrong(fmt::format("mode {} needs a key", name(spec.mode)),
              "try key: {derive: \"${FLEET_SECRET}\"}, with the secret in the environment");
    }
    if (by_certificate && spec.key == SecuritySpec::Key::shared) {
        wrong(fmt::format("mode {} derives the devices' keys: 'hex' is for psk", name(spec.mode)),
              "try key: {derive: \"${FLEET_SECRET}\"}");
    }
    if (by_certificate && spec.key == SecuritySpec::Key::listed) {
        wrong(fmt::format("mode {} derives the devices' keys: 'csv' is for psk", name(spec.mode)),
              "try key: {derive: \"${FLEET_SECRET}\"}");
    }
    if (spec.key != SecuritySpec::Key::none && spec.generation >= generations_of(spec)) {
        wrong(fmt::format("there is no generation {} of keys", spec.generation),
              "try a list of them: key: {csv: [keys.csv, next-keys.csv]}");
    }
    if (by_certificate && spec.unknown_identity > 0) wrong("'unknown_identity' is for mode psk");
    check_suite(spec, wrong);
    const bool files = !certificate.file.empty() || !certificate.key_file.empty();
    const bool issues = !certificate.ca.empty() || certificate.ca_key != nullptr || certificate.expired > 0;
    if ((issues || files) && spec.mode != SecurityMode::x509) wrong("'certificate' is for mode x509");
    if (files && (issues || certificate.file.empty())) {
        wrong("certificate: 'file', with 'key_file' or without, or what is issued: not both");
    }
    if (certificate.ca.empty() != (certificate.ca_key == nullptr)) {
        wrong("certificate: 'ca' and 'ca_key' go together");
    } else if (certificate.ca_key != nullptr) {
        base::P256Scalar key;
        base::P256Point point;
        std::ranges::copy(certificate.ca_key->view(), key.begin());
        const bool known = base::P256().public_of(key, point);
        base::wipe(key);
        if (!known || base::read_certificate(certificate.ca)->key != point) {
            wrong("certificate: 'ca_key' is not the key of 'ca'");
        }
    }
    const auto& server = spec.server;
    if (!by_certificate && (!server.empty() || !server.name.empty())) wrong("'server' is for modes rpk and x509");
    if (spec.mode == SecurityMode::rpk && !server.trust.empty()) {
        wrong("server: 'trust' is for mode x509", "try public_key");
    }
    if (spec.mode == SecurityMode::rpk && !server.certificate.empty() && !base::point_of(server.certificate)) {
        wrong("server: mode rpk knows the server by its public_key");
    }
    if (spec.mode != SecurityMode::x509) return;
    constexpr std::array<std::size_t, 4> sizes{0, 32, 48, 64};
    const std::size_t size = sizes[static_cast<std::size_t>(server.matching)];
    const bool hashed = size != 0;
    if (!server.certificate.empty() && hashed != !base::read_certificate(server.certificate).has_value()) {
        wrong(hashed ? "server: that matching goes with 'hash'"
                     : "server: a hash needs matching: sha256, sha384 or sha512");
    } else if (hashed && server.certificate.size() != size) {
        wrong(fmt::format("server: that matching needs a hash of {} bytes", size));
    }
    const bool needs_trust = server.usage == base::CertificateUsage::ca_constraint ||
                             server.usage == base::CertificateUsage::service_constraint;
    if (needs_trust && (server.trust.empty() || server.certificate.empty())) {
        wrong("server: with that usage both 'certificate' (or 'hash') and 'trust' are needed");
    }
}

Place without_line(Place place) {
    place.line = 0;
    return place;
}

Node hidden(const Node& node) {
    if (node.is_scalar()) return Node::make_scalar("(not shown: a secret)", node.place(), true);
    if (!node.is_map()) return Node::make_null(node.place());
    std::vector<Node::Entry> entries;
    for (const auto& entry : node.entries()) entries.push_back({entry.key, entry.place, hidden(entry.value)});
    return Node::make_map(std::move(entries), node.place());
}

Node hide_key(const Node& security) {
    if (!security.is_map()) return security;
    std::vector<Node::Entry> entries;
    for (const auto& entry : security.entries()) {
        entries.push_back({entry.key, entry.place, entry.key == "key" ? hidden(entry.value) : entry.value});
    }
    return Node::make_map(std::move(entries), security.place());
}

}  // namespace

std::vector<FieldInfo> security_fields() { return describe(fields); }

void read_security_section(const Node& node, SecuritySpec& out, Diagnostics& diagnostics) {
    out.place = node.place();
    // What is wrong here is told without the line that it stands in: there may be a key in it.
    Diagnostics found;
    read_fields(node, "security", fields, out, found);
    for (const auto& diagnostic : found.sorted()) {
        diagnostics.error(without_line(diagnostic.place),
                          fmt::format("line {}: {}", diagnostic.place.line, diagnostic.message), diagnostic.hint);
    }
    if (!found.ok()) return;
    if (out.dtls == DtlsVersion::v13 && node.find("suite") == nullptr) out.suite = SuiteChoice::ccm;
    if (out.key == SecuritySpec::Key::listed && !out.identity.empty()) {
        diagnostics.error(without_line(node.place()), "security: the file of keys has the identities as well",
                          "leave 'identity' out");
    }
    check_mode(node, out, diagnostics);
}

std::string_view name(SecurityMode mode) { return modes[static_cast<std::size_t>(mode)].first; }

unsigned generations_of(const SecuritySpec& spec) {
    switch (spec.key) {
        case SecuritySpec::Key::none: break;
        case SecuritySpec::Key::derived: return spec.certificate.file.empty() ? most_generations : 1;
        case SecuritySpec::Key::shared: return 1 + static_cast<unsigned>(spec.later_secrets.size());
        case SecuritySpec::Key::listed: return 1 + static_cast<unsigned>(spec.later_keys.size());
    }
    return 1;
}

const KeyTable& table_of(const SecuritySpec& spec, unsigned generation) {
    return generation == 0 ? *spec.keys : *spec.later_keys[generation - 1];
}

void put_key_info(base::Bytes identity, unsigned generation, base::Writer& out) {
    out.put(identity);
    if (generation == 0) return;
    out.put_u8(0);
    out.put_u8(static_cast<std::uint8_t>('0' + generation));
}

void derive_key(base::Bytes fleet_secret, base::Bytes identity, std::array<std::uint8_t, derived_key_size>& out,
                unsigned generation) {
    std::array<std::uint8_t, key_info_capacity> memory;
    base::Writer info{base::MutableBytes(memory)};
    put_key_info(identity, generation, info);
    CHECK(!info.failed());
    base::hkdf({}, fleet_secret, info.written(), out);
}

std::optional<std::size_t> key_of(const SecuritySpec& spec, base::Bytes identity, base::MutableBytes out,
                                  unsigned generation) {
    if (spec.key != SecuritySpec::Key::derived) {
        const auto shared = [&] {
            return generation == 0 ? spec.secret->view() : spec.later_secrets[generation - 1]->view();
        };
        const auto key = spec.key == SecuritySpec::Key::shared
                             ? shared()
                             : table_of(spec, generation).key_of(base::as_text(identity));
        if (!key) return std::nullopt;
        std::copy(key->begin(), key->end(), out.begin());
        return key->size();
    }
    std::array<std::uint8_t, derived_key_size> key;
    derive_key(spec.secret->view(), identity, key, generation);
    std::copy(key.begin(), key.end(), out.begin());
    base::wipe(key);
    return derived_key_size;
}

Node without_secrets(const Node& tree) {
    if (tree.is_sequence()) {
        std::vector<Node> items;
        for (const auto& item : tree.items()) items.push_back(without_secrets(item));
        return Node::make_sequence(std::move(items), tree.place());
    }
    if (!tree.is_map()) return tree;
    std::vector<Node::Entry> entries;
    for (const auto& entry : tree.entries()) {
        entries.push_back(
            {entry.key, entry.place, entry.key == "security" ? hide_key(entry.value) : without_secrets(entry.value)});
    }
    return Node::make_map(std::move(entries), tree.place());
}

}  // namespace profiles
