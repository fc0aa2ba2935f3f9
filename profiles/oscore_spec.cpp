#include "profiles/oscore_spec.h"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "profiles/csv_table.h"
#include "profiles/map_reader.h"

namespace profiles {
namespace {

constexpr std::size_t largest_csv = 64 << 20;
constexpr std::size_t least_secret = 8;  // bytes; less can be tried out

// The file without the line, which would show the secret.
Place hidden(const Place& place) {
    Place file;
    file.source = place.source;
    return file;
}

void refuse_secret(const Node& node, std::string_view what, std::string_view why, Diagnostics& diagnostics,
                   std::string hint = {}) {
    diagnostics.error(hidden(node.place()), fmt::format("{}, line {}: {}", what, node.place().line, why),
                      std::move(hint));
}

// {hex: "01 02"}
const Node* hex_of(const Node& node) {
    return node.is_map() && node.entries().size() == 1 ? node.find("hex") : nullptr;
}

bool read_name_of(const Node& node, std::string_view what, OscoreName& out, Diagnostics& diagnostics) {
    out = {};
    out.place = node.place();
    if (const Node* hex = hex_of(node)) {
        const auto bytes = base::from_hex(hex->text());
        if (!bytes || !hex->is_scalar()) {
            diagnostics.error(hex->place(), fmt::format("{}: '{}' is not hexadecimal", what, printable(hex->text())),
                              R"(try {hex: "01"})");
            return false;
        }
        out.bytes = *bytes;
        out.is_hex = true;
        return true;
    }
    if (!read_text(node, what, out.text, diagnostics)) return false;
    out.bytes.assign(out.text.begin(), out.text.end());
    return true;
}

void check_length(const OscoreName& name, std::string_view what, std::size_t most, Diagnostics& diagnostics) {
    if (name.bytes.size() <= most) return;
    diagnostics.error(name.place, fmt::format("{}: longer than {} bytes", what, most),
                      most == oscore_id_capacity ? "RFC 8613 3.3: what AES-CCM-16-64-128 leaves room for" : "");
}

void read_sender_id(const Node::Entry& entry, OscoreSpec& out, Diagnostics& diagnostics) {
    if (!read_name_of(entry.value, entry.key, out.sender_id, diagnostics)) return;
    if (out.sender_id.is_hex) {
        check_length(out.sender_id, entry.key, oscore_id_capacity, diagnostics);
    } else if (const auto wrong = check_endpoint(out.sender_id.text, "")) {
        diagnostics.error(entry.value.place(), "sender_id: " + wrong->message, wrong->hint);
    }
}
void read_recipient_id(const Node::Entry& entry, OscoreSpec& out, Diagnostics& diagnostics) {
    if (!read_name_of(entry.value, entry.key, out.recipient_id, diagnostics)) return;
    check_length(out.recipient_id, entry.key, oscore_id_capacity, diagnostics);
}
void read_id_context(const Node::Entry& entry, OscoreSpec& out, Diagnostics& diagnostics) {
    OscoreName name;
    if (!read_name_of(entry.value, entry.key, name, diagnostics)) return;
    check_length(name, entry.key, oscore_id_context_capacity, diagnostics);
    out.id_context = std::move(name);
}

// The bytes of {hex: ...}; what is wrong is reported without them.
base::Secret read_secret_hex(const Node& node, std::string_view what, Diagnostics& diagnostics) {
    auto bytes = base::from_hex(node.text());
    if (!node.is_scalar() || !bytes) {
        refuse_secret(node, what, "not hexadecimal", diagnostics);
        return {};
    }
    return base::Secret(std::move(*bytes));
}

void read_master_salt(const Node::Entry& entry, OscoreSpec& out, Diagnostics& diagnostics) {
    const Node* hex = hex_of(entry.value);
    if (hex == nullptr) {
        refuse_secret(entry.value, entry.key, "it is given in hexadecimal", diagnostics, R"(as in {hex: "9e7ca922"})");
        return;
    }
    out.master_salt = read_secret_hex(*hex, entry.key, diagnostics);
}

std::optional<CsvTable> load_table(const Node& file, Diagnostics& diagnostics) {
    std::string path = file.text();
    if (const auto& source = file.place().source; source != nullptr && !path.starts_with('/')) {
        const auto slash = source->name.rfind('/');
        if (slash != std::string::npos) path = source->name.substr(0, slash + 1) + path;
    }
    std::ifstream stream(path, std::ios::binary | std::ios::ate);
    const auto size = stream ? static_cast<std::streamoff>(stream.tellg()) : std::streamoff{-1};
    std::string text;
    if (size >= 0 && static_cast<std::size_t>(size) <= largest_csv) {
        text.resize(static_cast<std::size_t>(size));
        stream.seekg(0);
        stream.read(text.data(), size);
    }
    if (size < 0 || !stream || text.empty()) {
        diagnostics.error(file.place(), fmt::format("master_secret: '{}' cannot be read", printable(path)));
        return std::nullopt;
    }
    auto table = parse_csv(text);
    base::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    if (!table) {
        diagnostics.error(file.place(), fmt::format("master_secret: {}:{}: {}", printable(path), table.error().offset,
                                                    table.error().what));
        return std::nullopt;
    }
    return *std::move(table);
}

// {csv: keys.csv, column: secret}: hexadecimal, row n for index n.
void read_secret_table(const Node& map, OscoreSecrets& out, Diagnostics& diagnostics) {
    const Node* file = map.find("csv");
    const Node* column = map.find("column");
    if (column == nullptr || !column->is_scalar() || !file->is_scalar() || map.entries().size() != 2) {
        diagnostics.error(map.place(), "master_secret: 'csv' and 'column' are needed",
                          "as in {csv: keys.csv, column: secret}");
        return;
    }
    auto table = load_table(*file, diagnostics);
    if (!table) return;
    const auto at = table->column(column->text());
    if (!at || table->rows.empty()) {
        diagnostics.error(column->place(),
                          fmt::format("master_secret: no column '{}', or no rows", printable(column->text())));
        return;
    }
    for (std::size_t row = 0; row < table->rows.size(); ++row) {
        std::string& cell = table->rows[row][*at];
        auto bytes = base::from_hex(cell);
        base::wipe({reinterpret_cast<std::uint8_t*>(cell.data()), cell.size()});
        if (!bytes || bytes->size() < least_secret) {
            diagnostics.error(file->place(),
                              fmt::format("master_secret: line {} is not {} bytes or more in hexadecimal",
                                          table->lines[row], least_secret));
            return;
        }
        out.each.emplace_back(std::move(*bytes));
    }
}

void read_master_secret(const Node::Entry& entry, OscoreSpec& out, Diagnostics& diagnostics) {
    const Node& map = entry.value;
    const bool one = map.is_map() && map.entries().size() == 1;
    if (const Node* fleet = one ? map.find("derive") : nullptr; fleet != nullptr && fleet->is_scalar()) {
        if (fleet->text().size() < least_secret) {
            refuse_secret(*fleet, entry.key, fmt::format("shorter than {} bytes", least_secret), diagnostics);
        }
        out.secrets.fleet = base::Secret(base::as_bytes(fleet->text()));
    } else if (const Node* hex = one ? map.find("hex") : nullptr) {
        auto secret = read_secret_hex(*hex, entry.key, diagnostics);
        if (secret.size() < least_secret) {
            refuse_secret(*hex, entry.key, fmt::format("shorter than {} bytes", least_secret), diagnostics);
        }
        out.secrets.each.push_back(std::move(secret));
    } else if (map.is_map() && map.find("csv") != nullptr) {
        read_secret_table(map, out.secrets, diagnostics);
    } else {
        refuse_secret(map, entry.key, "it is derived, given in hexadecimal or in a table", diagnostics,
                      R"(as in {derive: "${FLEET_SECRET}"})");
    }
}

void read_reboot(const Node& node, std::string_view what, OscoreReboot& out, Diagnostics& diagnostics) {
    if (node.text() == "keep") {
        out = OscoreReboot::keep;
    } else if (node.text() == "b1") {
        out = OscoreReboot::b1;
    } else if (node.text() == "b2") {
        out = OscoreReboot::b2;
    } else {
        diagnostics.error(node.place(), fmt::format("{}: '{}' is not known", what, printable(node.text())),
                          "there are b2, b1 and keep");
    }
}

void read_partial_iv(const Node& node, std::string_view what, std::uint64_t& out, Diagnostics& diagnostics) {
    std::uint64_t number = 0;
    if (!read_count(node, what, number, diagnostics)) return;
    if (number >> 40 != 0) {
        diagnostics.error(node.place(), fmt::format("{}: {} is above 2^40 - 1", what, number));
    } else {
        out = number;
    }
}

void read_wrong_key(const Node& node, std::string_view what, double& out, Diagnostics& diagnostics) {
    double share = 0;
    if (read_share(node, what, share, diagnostics)) out = share;
}

constexpr std::array fields{
    custom<OscoreSpec, read_sender_id>("sender_id", "text", "\"{index}\"",
                                       "of the device, 7 bytes at most: a template as in endpoint, or {hex: \"01\"}"),
    custom<OscoreSpec, read_recipient_id>("recipient_id", "text", "s", "of the server, or {hex: \"02\"}"),
    custom<OscoreSpec, read_id_context>("id_context", "text", "", "told in each request, or {hex: \"0a0b\"}"),
    custom<OscoreSpec, read_master_secret>("master_secret", "map", "",
                                           "{derive: \"${FLEET_SECRET}\"}, {hex: ...} or {csv: file, column: name}"),
    custom<OscoreSpec, read_master_salt>("master_salt", "map", "", "{hex: ...}"),
    field<&OscoreSpec::reboot, read_reboot>("reboot", "text", "b2",
                                            "RFC 8613: b2 a new context, b1 a higher sequence and Echo, keep nothing"),
    field<&OscoreSpec::first_partial_iv, read_partial_iv>("first_partial_iv", "count", "0",
                                                          "for a server that remembers an earlier run"),
    field<&OscoreSpec::wrong_key, read_wrong_key>("wrong_key", "share", "0%", "devices whose keys are wrong"),
};

}  // namespace

std::shared_ptr<const OscoreSpec> read_oscore(const Node::Entry& entry, Diagnostics& diagnostics) {
    const std::size_t errors = diagnostics.errors();
    auto spec = std::make_shared<OscoreSpec>();
    spec->recipient_id.bytes = {'s'};
    spec->place = entry.place;
    read_fields(entry.value, entry.key, fields, *spec, diagnostics);
    if (spec->secrets.each.empty() && spec->secrets.fleet.empty() && diagnostics.errors() == errors) {
        diagnostics.error(entry.place, "oscore: 'master_secret' is needed",
                          R"(try {master_secret: {derive: "${FLEET_SECRET}"}})");
    }
    return spec;
}

std::vector<FieldInfo> oscore_fields() { return describe(fields); }

OscoreIdentity::OscoreIdentity(const ResolvedProfile& profile, const EndpointVariables& variables, std::size_t server)
    : spec_(*oscore_of(profile, server)) {
    if (spec_.sender_id.is_hex) {
        id_size_ = spec_.sender_id.bytes.size();
        std::copy(spec_.sender_id.bytes.begin(), spec_.sender_id.bytes.end(), id_.begin());
    } else {
        id_size_ = fill_template(spec_.sender_id.text, profile.name, variables, id_);
        if (id_size_ == 0) id_size_ = id_.size();
    }
    if (!spec_.secrets.fleet.empty()) {
        constexpr std::string_view label = "lwm2m-sim oscore";
        std::array<std::uint8_t, endpoint_capacity + label.size()> info;
        std::copy(label.begin(), label.end(), info.begin());
        const std::size_t size = endpoint_name(profile, variables, base::MutableBytes(info).subspan(label.size()));
        base::hkdf({}, spec_.secrets.fleet.view(), base::Bytes(info).first(label.size() + size),
                   derived_.memory().first(16));
        secret_ = derived_.view().first(16);
    } else if (spec_.secrets.each.size() == 1) {
        secret_ = spec_.secrets.each.front().view();
    } else if (variables.index < spec_.secrets.each.size()) {
        secret_ = spec_.secrets.each[variables.index].view();
    }
}

std::optional<base::Bytes> OscoreIdentity::sender_id() const {
    if (id_size_ > oscore_id_capacity) return std::nullopt;
    return base::Bytes(id_).first(id_size_);
}

std::optional<base::Bytes> OscoreIdentity::id_context() const {
    if (!spec_.id_context) return std::nullopt;
    return spec_.id_context->bytes;
}

Node without_oscore_secrets(const Node& profile) {
    if (!profile.is_map()) return profile;
    const auto map_of = [](const Node& map, auto&& change) {
        std::vector<Node::Entry> entries(map.entries().begin(), map.entries().end());
        for (Node::Entry& entry : entries) change(entry);
        return Node::make_map(std::move(entries), map.place());
    };
    return map_of(profile, [&](Node::Entry& entry) {
        if (entry.key == "servers" && entry.value.is_map()) {
            entry.value =
                map_of(entry.value, [](Node::Entry& server) { server.value = without_oscore_secrets(server.value); });
        }
        if (entry.key != "oscore" || !entry.value.is_map()) return;
        entry.value = map_of(entry.value, [](Node::Entry& inner) {
            if (inner.key != "master_secret" && inner.key != "master_salt") return;
            if (inner.value.find("csv") != nullptr) return;
            inner.value = Node::make_scalar("***", inner.value.place(), true);
        });
    });
}

}  // namespace profiles
