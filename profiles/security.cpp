#include "profiles/security.h"

#include <algorithm>

#include <fmt/format.h>

#include "profiles/map_reader.h"

namespace profiles {
namespace {

bool is_text(const Node& node, std::string_view what, Diagnostics& diagnostics) {
    if (node.is_scalar() && !node.text().empty()) return true;
    diagnostics.error(node.place(), fmt::format("{}: a text is needed", what));
    return false;
}

void read_mode(const Node& node, std::string_view, SecurityMode& out, Diagnostics& diagnostics) {
    const std::string mode = node.is_scalar() ? node.text() : "";
    if (mode == "none" || mode == "psk") {
        out = mode == "psk" ? SecurityMode::psk : SecurityMode::none;
    } else if (mode == "rpk" || mode == "x509") {
        diagnostics.error(node.place(), fmt::format("security: mode '{}' is not supported yet", mode),
                          "try psk or none");
    } else {
        diagnostics.error(node.place(), fmt::format("security: '{}' is not a mode", printable(mode)),
                          "try psk or none");
    }
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

void read_hex(const Node::Entry& entry, SecuritySpec& out, Diagnostics& diagnostics) {
    if (!is_text(entry.value, "hex", diagnostics)) return;
    auto key = base::from_hex(entry.value.text());
    if (!key || key->empty() || key->size() > key_capacity) {
        diagnostics.error(entry.value.place(),
                          fmt::format("hex: a key is 1 to {} bytes in hexadecimal digits", key_capacity));
        return;
    }
    out.key = SecuritySpec::Key::shared;
    out.secret = std::make_shared<const base::Secret>(std::move(*key));
}

void read_key_table(const Node::Entry& entry, SecuritySpec& out, Diagnostics& diagnostics) {
    if (!is_text(entry.value, "csv", diagnostics)) return;
    auto table = load_csv(entry.value, diagnostics);
    if (!table) return;
    out.key = SecuritySpec::Key::listed;
    out.keys = KeyTable::make(*table, printable(entry.value.text()), entry.value.place(), diagnostics);
    // The keys are in the KeyTable now, and nowhere else.
    for (auto& row : table->rows) {
        for (auto& cell : row) base::wipe({reinterpret_cast<std::uint8_t*>(cell.data()), cell.size()});
    }
}

constexpr std::array key_fields{
    custom<SecuritySpec, read_derive>("derive", "text", "",
                                      "a secret of the fleet: the key is HKDF-SHA-256(secret, identity), 16 bytes"),
    custom<SecuritySpec, read_hex>("hex", "text", "", "the same key for every device"),
    custom<SecuritySpec, read_key_table>("csv", "text", "",
                                         "a file with the columns identity and key: a row for each device, by number"),
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

void read_suite(const Node& node, std::string_view what, PskSuite& out, Diagnostics& diagnostics) {
    const std::string text = node.is_scalar() ? node.text() : "";
    if (text == "ccm8") {
        out = PskSuite::ccm8;
    } else if (text == "cbc_sha256") {
        out = PskSuite::cbc_sha256;
    } else if (text == "both") {
        out = PskSuite::both;
    } else {
        diagnostics.error(node.place(), fmt::format("{}: unknown suite '{}'", what, printable(text)),
                          "ccm8, cbc_sha256 or both");
    }
}

constexpr std::array fields{
    field<&SecuritySpec::mode, read_mode>("mode", "text", "none", "none, or psk: DTLS 1.2 with a pre-shared key"),
    field<&SecuritySpec::identity, read_identity>(
        "identity", "text", "", "template, as of endpoint: what the server knows the key by; else the endpoint name"),
    Field<SecuritySpec>{{"key", "map", "", "where the key comes from", [] { return describe(key_fields); }}, read_key},
    field<&SecuritySpec::resume, read_part>("resume", "share", "90%", "handshakes that offer the last session"),
    field<&SecuritySpec::connection_id, read_switch>("cid", "boolean", "true",
                                                     "offer a connection id (RFC 9146) to the server"),
    field<&SecuritySpec::suite, read_suite>("suite", "ccm8|cbc_sha256|both", "ccm8",
                                            "of AES-128 with PSK that devices offer; both: CCM_8 first"),
    field<&SecuritySpec::wrong_key, read_part>("wrong_key", "share", "0%", "devices whose key is wrong"),
    field<&SecuritySpec::unknown_identity, read_part>("unknown_identity", "share", "0%",
                                                      "devices whose identity no server knows"),
};

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
    if (out.key == SecuritySpec::Key::listed && !out.identity.empty()) {
        diagnostics.error(without_line(node.place()), "security: the file of keys has the identities as well",
                          "leave 'identity' out");
    }
    if (out.mode == SecurityMode::psk && out.key == SecuritySpec::Key::none) {
        diagnostics.error(without_line(node.place()), "security: mode psk needs a key",
                          "try key: {derive: \"${FLEET_SECRET}\"}, with the secret in the environment");
    }
}

void derive_key(base::Bytes fleet_secret, base::Bytes identity, std::array<std::uint8_t, derived_key_size>& out) {
    base::hkdf({}, fleet_secret, identity, out);
}

std::optional<std::size_t> key_of(const SecuritySpec& spec, base::Bytes identity, base::MutableBytes out) {
    if (spec.key != SecuritySpec::Key::derived) {
        const auto key =
            spec.key == SecuritySpec::Key::shared ? spec.secret->view() : spec.keys->key_of(base::as_text(identity));
        if (!key) return std::nullopt;
        std::copy(key->begin(), key->end(), out.begin());
        return key->size();
    }
    std::array<std::uint8_t, derived_key_size> key;
    derive_key(spec.secret->view(), identity, key);
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
