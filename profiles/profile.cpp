#include "profiles/profile.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

#include "profiles/firmware_section.h"
#include "profiles/map_reader.h"
#include "profiles/profile_loader.h"

namespace profiles {
namespace {

template <class T, auto Read>
bool read_placed(const Node& node, std::string_view what, Placed<T>& out, Diagnostics& diagnostics) {
    out.place = node.place();
    return Read(node, what, out.value, diagnostics);
}
constexpr auto read_placed_text = read_placed<std::string, read_text>;
constexpr auto read_placed_span = read_placed<base::DurationSpec, read_duration_spec>;

// The place of a value is that of its text, so a map or list is reported where it begins.
bool is_scalar(const Node& node, std::string_view what, Diagnostics& diagnostics) {
    if (node.is_scalar()) return true;
    diagnostics.error(node.place(), fmt::format("{}: {} where a value is needed", what, name(node.kind())));
    return false;
}

void read_boolean(const Node& node, std::string_view what, bool& out, Diagnostics& diagnostics) {
    if (!is_scalar(node, what, diagnostics)) return;
    if (node.text() == "true" || node.text() == "false") {
        out = node.text() == "true";
    } else {
        diagnostics.error(node.place(), fmt::format("{}: '{}' is not a truth value", what, printable(node.text())),
                          "try true or false");
    }
}

// A share below 1: with everything lost, or never a moment to update, there would be no device.
void read_share_below_one(const Node& node, std::string_view what, double& out, Diagnostics& diagnostics) {
    double share = 0;
    if (!read_share(node, what, share, diagnostics)) return;
    if (share >= 1) {
        diagnostics.error(node.place(), fmt::format("{}: '{}' must be below 100%", what, printable(node.text())));
    } else {
        out = share;
    }
}

void read_latency(const Node& node, std::string_view what, std::optional<base::DurationSpec>& out,
                  Diagnostics& diagnostics) {
    base::DurationSpec spec;
    if (read_duration_spec(node, what, spec, diagnostics) && !spec.is_zero()) out = spec;
}

void read_version(const Node& node, std::string_view what, Lwm2mVersion& out, Diagnostics& diagnostics) {
    if (!is_scalar(node, what, diagnostics)) return;
    for (const Lwm2mVersion version : {Lwm2mVersion::v1_0, Lwm2mVersion::v1_1, Lwm2mVersion::v1_2}) {
        if (name(version) != node.text()) continue;
        out = version;
        return;
    }
    diagnostics.error(node.place(), fmt::format("{}: '{}' is not a version of LwM2M", what, printable(node.text())),
                      "there are \"1.0\", \"1.1\" and \"1.2\"");
}

void read_object_versions(const Node& node, std::string_view what, std::vector<Node::Entry>& out,
                          Diagnostics& diagnostics) {
    detail::check_map(node, what, diagnostics);
    out.assign(node.entries().begin(), node.entries().end());
}

template <std::uint64_t Min, std::uint64_t Max>
void read_small(const Node& node, std::string_view what, unsigned& out, Diagnostics& diagnostics) {
    std::uint64_t number = 0;
    if (!read_count(node, what, number, diagnostics)) return;
    if (number < Min || number > Max) {
        diagnostics.error(node.place(), fmt::format("{}: {} is not between {} and {}", what, number, Min, Max));
    } else {
        out = static_cast<unsigned>(number);
    }
}

void read_ack_timeout(const Node& node, std::string_view what, base::Duration& out, Diagnostics& diagnostics) {
    base::Duration timeout{0};
    if (!read_duration(node, what, timeout, diagnostics)) return;
    if (timeout < std::chrono::milliseconds(1) || timeout > std::chrono::minutes(10)) {
        diagnostics.error(node.place(), fmt::format("{}: {} is not between 1ms and 10m", what, printable(node.text())));
    } else {
        out = timeout;
    }
}

void read_random_factor(const Node& node, std::string_view what, double& out, Diagnostics& diagnostics) {
    double factor = 0;
    if (!read_number(node, what, factor, diagnostics)) return;
    if (factor < 1 || factor > 10) {  // RFC 7252 4.8: not below 1
        diagnostics.error(node.place(), fmt::format("{}: {} is not between 1 and 10", what, printable(node.text())));
    } else {
        out = factor;
    }
}

// "90% of lifetime" or "90%".
void read_update_at(const Node& node, std::string_view what, double& out, Diagnostics& diagnostics) {
    if (!is_scalar(node, what, diagnostics)) return;
    std::string_view text = node.text();
    constexpr std::string_view suffix = "of lifetime";
    if (text.ends_with(suffix)) text.remove_suffix(suffix.size());
    const auto share = base::parse_share(text);
    if (!share || *share <= 0 || *share >= 1) {
        diagnostics.error(node.place(),
                          fmt::format("{}: '{}' is not a share of the lifetime", what, printable(node.text())),
                          "try 90% of lifetime");
    } else {
        out = *share;
    }
}

void read_formats(const Node& node, std::string_view what, std::vector<Placed<lwm2m::ContentFormat>>& out,
                  Diagnostics& diagnostics) {
    if (!node.is_sequence() || node.items().empty()) {
        diagnostics.error(node.place(), fmt::format("{}: a list of formats is needed", what),
                          "try [tlv, senml-cbor, text]");
        return;
    }
    static constexpr std::array<std::string_view, 8> known{"text",       "opaque", "cbor",       "tlv",
                                                           "senml-json", "json",   "senml-cbor", "lwm2m-cbor"};
    static constexpr const char* all = "there are text, opaque, cbor, tlv, json, senml-json, senml-cbor and lwm2m-cbor";
    for (const Node& item : node.items()) {
        const auto format = lwm2m::content_format(std::string_view(item.text()));
        if (std::find(known.begin(), known.end(), item.text()) != known.end()) {
            out.push_back({*format, item.place()});
        } else {
            std::string hint = did_you_mean(item.text(), known);
            if (hint.empty()) hint = all;
            diagnostics.error(item.place(), fmt::format("'{}' is not a format", printable(item.text())),
                              std::move(hint));
        }
    }
}

// {/3/0/4: reboot(8s)}
void read_on_execute(const Node& node, std::string_view what, std::vector<RebootAction>& out,
                     Diagnostics& diagnostics) {
    detail::check_map(node, what, diagnostics);
    for (const Node::Entry& entry : node.entries()) {
        std::string_view action = entry.value.text();
        const bool reboots = action.starts_with("reboot(") && action.ends_with(')');
        const auto away = base::parse_duration(reboots ? action.substr(7, action.size() - 8) : "");
        if (reboots && away) {
            out.push_back({entry.key, entry.place, *away});
        } else {
            diagnostics.error(entry.value.place(), fmt::format("'{}' is not an action", printable(action)),
                              "try reboot(8s)");
        }
    }
}

void read_send_format(const Node& node, std::string_view what, Placed<lwm2m::ContentFormat>& out,
                      Diagnostics& diagnostics) {
    if (!is_scalar(node, what, diagnostics)) return;
    out.place = node.place();
    if (node.text() == "senml-cbor") {
        out.value = lwm2m::ContentFormat::senml_cbor;
    } else if (node.text() == "senml-json") {
        out.value = lwm2m::ContentFormat::senml_json;
    } else {
        diagnostics.error(node.place(), fmt::format("'{}' is not a format of Send", printable(node.text())),
                          "there are senml-cbor and senml-json");
    }
}

void read_send_paths(const Node& node, std::string_view what, std::vector<Placed<std::string>>& out,
                     Diagnostics& diagnostics) {
    if (!node.is_sequence() || node.items().empty()) {
        diagnostics.error(node.place(), fmt::format("{}: a list of paths is needed", what), "try [/3303/0/5700]");
        return;
    }
    for (const Node& item : node.items()) {
        if (is_scalar(item, what, diagnostics)) out.push_back({item.text(), item.place()});
    }
}

void read_security(const Node::Entry& entry, Profile& out, Diagnostics& diagnostics) {
    read_security_section(entry.value, out.security, diagnostics);
}

void read_oscore_section(const Node::Entry& entry, Profile& out, Diagnostics& diagnostics) {
    out.oscore = read_oscore(entry, diagnostics);
}

void read_objects(const Node::Entry& entry, Profile& out, Diagnostics& diagnostics) {
    detail::check_map(entry.value, entry.key, diagnostics);
    out.objects.assign(entry.value.entries().begin(), entry.value.entries().end());
}

void read_name(const Node::Entry& entry, Profile& out, Diagnostics& diagnostics) {
    if (!read_placed_text(entry.value, entry.key, out.name, diagnostics)) return;
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./";
    // It becomes a label of metrics and a part of endpoint names.
    if (!out.name.value.empty() && out.name.value.size() <= 64 &&
        out.name.value.find_first_not_of(allowed) == std::string::npos) {
        return;
    }
    diagnostics.error(entry.value.place(), fmt::format("profile: '{}' is not a name", printable(out.name.value)),
                      "letters, digits and - _ . /, 64 at most");
}

// Merged away before the tree comes here.
void skip(const Node::Entry&, Profile&, Diagnostics&) {}

constexpr std::string_view bootstrap_reason = "a device knows its server from the start";

constexpr std::array lwm2m_fields{
    field<&Lwm2mSection::version, read_version>("version", "text", "\"1.1\"", "of LwM2M: 1.0, 1.1 or 1.2"),
    field<&Lwm2mSection::binding, read_placed_text>("binding", "text", "U", "U: UDP"),
    field<&Lwm2mSection::queue_mode, read_boolean>("queue_mode", "true/false", "false", "registers with queue mode"),
    field<&Lwm2mSection::lifetime, read_placed_span>(
        "lifetime", "duration", "1d",
        "of the registration; \"1h ±5%\" draws one for each device; 0s: without end (1.2)"),
    field<&Lwm2mSection::path, read_placed_text>("path", "text", "", "alternate path of the objects, as in /lwm2m"),
    field<&Lwm2mSection::object_versions, read_object_versions>(
        "object_versions", "map", "", "object: version, where it is not the one that this version of LwM2M means"),
};

void read_server_uri(const Node& node, std::string_view what, std::optional<ServerUri>& out, Diagnostics& diagnostics) {
    if (!is_scalar(node, what, diagnostics)) return;
    const auto uri = parse_server_uri(node.text());
    if (uri) {
        out = *uri;
    } else {
        diagnostics.error(node.place(), fmt::format("{}: '{}': {}", what, printable(node.text()), uri.error().what));
    }
}

void read_server_lifetime(const Node& node, std::string_view what, std::optional<Placed<base::DurationSpec>>& out,
                          Diagnostics& diagnostics) {
    Placed<base::DurationSpec> lifetime;
    if (read_placed_span(node, what, lifetime, diagnostics)) out = lifetime;
}

void read_server_security(const Node::Entry& entry, ServerSection& out, Diagnostics& diagnostics) {
    read_security_section(entry.value, out.security, diagnostics);
}

void read_server_oscore(const Node::Entry& entry, ServerSection& out, Diagnostics& diagnostics) {
    out.oscore = read_oscore(entry, diagnostics);
}

// Does the scheme go with the security?
void check_server_security(const ServerSection& section, Diagnostics& diagnostics) {
    if (!section.uri) return;
    const bool secure = section.security.mode != SecurityMode::none;
    if (section.uri->secure && !secure) {
        diagnostics.error(section.place, fmt::format("servers: {}: a coaps:// server needs security", section.short_id),
                          "try security: {mode: psk, key: {derive: \"${FLEET_SECRET}\"}}");
    } else if (secure && !section.uri->secure) {
        diagnostics.error(section.place,
                          fmt::format("servers: {}: with security its uri is coaps://", section.short_id));
    }
    if (!section.security.certificate.file.empty()) {
        diagnostics.error(
            section.place,
            fmt::format("servers: {}: certificates from files are for the target of the run alone", section.short_id),
            "leave them out: they are issued, by certificate: {ca, ca_key} or by the fleet's secret");
    }
}

constexpr std::array server_fields{
    field<&ServerSection::uri, read_server_uri>("uri", "text", "", "coap://host:port, or coaps:// with security"),
    field<&ServerSection::lifetime, read_server_lifetime>("lifetime", "duration", "",
                                                          "of the registration; as in lwm2m where it is left out"),
    Field<ServerSection>{{"security", "map", "", "how devices prove who they are to this server", security_fields},
                         read_server_security},
    Field<ServerSection>{{"oscore", "map", "", "object security with this server (RFC 8613)", oscore_fields},
                         read_server_oscore},
};

// {124: {uri: coap://127.0.0.1:5783}}
void read_servers(const Node::Entry& entry, Profile& out, Diagnostics& diagnostics) {
    detail::check_map(entry.value, entry.key, diagnostics);
    for (const Node::Entry& server : entry.value.entries()) {
        unsigned id = 0;
        const char* end = server.key.data() + server.key.size();
        const auto [stop, error] = std::from_chars(server.key.data(), end, id);
        if (error != std::errc{} || stop != end || id < 1 || id > 65534) {  // Core 1.1.1, E.1
            diagnostics.error(server.place, fmt::format("'{}' is not a short server id", printable(server.key)),
                              "they are 1 to 65534, as in {124: {uri: coap://127.0.0.1:5783}}");
            continue;
        }
        const std::size_t errors = diagnostics.errors();
        ServerSection section;
        section.short_id = static_cast<std::uint16_t>(id);
        section.place = server.place;
        read_fields(server.value, server.key, server_fields, section, diagnostics);
        if (diagnostics.errors() == errors && !section.uri) {
            diagnostics.error(server.place, fmt::format("servers: {}: 'uri' is missing", id),
                              "try {uri: coap://127.0.0.1:5783}");
        }
        check_server_security(section, diagnostics);
        out.servers.push_back(std::move(section));
    }
}

constexpr std::array coap_fields{
    field<&coap::TransmissionParameters::ack_timeout, read_ack_timeout>("ack_timeout", "duration", "2s",
                                                                        "RFC 7252 4.8"),
    field<&coap::TransmissionParameters::ack_random_factor, read_random_factor>("ack_random_factor", "number", "1.5",
                                                                                "RFC 7252 4.8"),
    field<&coap::TransmissionParameters::max_retransmit, read_small<0, 20>>("max_retransmit", "count", "4",
                                                                            "RFC 7252 4.8"),
};

constexpr std::array boot_fields{
    field<&BehaviourSection::boot_delay, read_duration_spec>("delay", "duration", "0s",
                                                             "from the start of a device to its Register"),
};
constexpr std::array update_fields{
    field<&BehaviourSection::update_at, read_update_at>("at", "share", "90% of lifetime", "when the Update goes out"),
};
constexpr std::array notify_fields{
    field<&BehaviourSection::notify_confirmable, read_boolean>("confirmable", "true/false", "false",
                                                               "false: one notification a day is (RFC 7641 4.5)"),
};
constexpr std::array send_fields{
    field<&SendSection::every, read_placed_span>("every", "duration", "", "15m, or 15m ±2m"),
    field<&SendSection::paths, read_send_paths>("paths", "list", "", "of objects, instances or resources"),
    field<&SendSection::format, read_send_format>("format", "text", "senml-cbor", "senml-cbor or senml-json"),
    field<&SendSection::samples, read_small<1, 1000>>("samples", "count", "1",
                                                      "values of each, evenly spaced since the Send before"),
};

void read_send(const Node::Entry& entry, BehaviourSection& out, Diagnostics& diagnostics) {
    const std::size_t errors = diagnostics.errors();
    out.send.place = entry.place;
    read_fields(entry.value, entry.key, send_fields, out.send, diagnostics);
    if (diagnostics.errors() != errors) return;
    if (out.send.paths.empty() || out.send.every.value.is_zero()) {
        diagnostics.error(entry.place, "send: 'every' and 'paths' are needed",
                          "try {every: 15m, paths: [/3303/0/5700]}");
    }
}

void read_on_wake(const Node& node, std::string_view what, std::optional<SleepSpec::OnWake>& out,
                  Diagnostics& diagnostics) {
    if (!is_scalar(node, what, diagnostics)) return;
    if (node.text() == "update" || node.text() == "listen") {
        out = node.text() == "update" ? SleepSpec::OnWake::update : SleepSpec::OnWake::listen;
    } else {
        diagnostics.error(node.place(), fmt::format("{}: '{}' is nothing to wake for", what, printable(node.text())),
                          "there are update and listen");
    }
}

void read_when_due(const Node& node, std::string_view what, SleepSpec::WhenDue& out, Diagnostics& diagnostics) {
    if (!is_scalar(node, what, diagnostics)) return;
    if (node.text() == "wake" || node.text() == "keep") {
        out = node.text() == "wake" ? SleepSpec::WhenDue::wake : SleepSpec::WhenDue::keep;
    } else {
        diagnostics.error(node.place(),
                          fmt::format("{}: '{}' is not done with notifications", what, printable(node.text())),
                          "there are wake and keep");
    }
}

constexpr std::array sleep_fields{
    field<&SleepSection::queue_mode, read_duration>("queue_mode", "duration", "",
                                                    "awake for so long after each message of its own; 93s is usual"),
    field<&SleepSection::every, read_placed_span>("every", "duration", "", "wakes by itself: 1h, or 1h ±5m"),
    field<&SleepSection::on_wake, read_on_wake>("on_wake", "text", "", "update (what it does unasked) or listen"),
    field<&SleepSection::notify, read_when_due>("notify", "text", "wake",
                                                "wake, or keep: until it is awake for another reason"),
};

void read_sleep(const Node::Entry& entry, BehaviourSection& out, Diagnostics& diagnostics) {
    const std::size_t errors = diagnostics.errors();
    out.sleep.place = entry.place;
    read_fields(entry.value, entry.key, sleep_fields, out.sleep, diagnostics);
    if (diagnostics.errors() != errors) return;
    if (out.sleep.queue_mode < std::chrono::seconds(1)) {
        diagnostics.error(entry.place, "sleep: 'queue_mode' is needed: how long a device stays awake, 1 s or more",
                          "try {queue_mode: 93s}");
    } else if (out.sleep.on_wake && out.sleep.every.value.is_zero()) {
        diagnostics.error(entry.place, "sleep: 'on_wake' goes with 'every'", "try {queue_mode: 93s, every: 1h}");
    }
}

void read_firmware_section(const Node::Entry& entry, BehaviourSection& out, Diagnostics& diagnostics) {
    out.firmware_place = entry.place;
    read_firmware(entry.value, entry.key, out.firmware, diagnostics);
}

void read_software_section(const Node::Entry& entry, BehaviourSection& out, Diagnostics& diagnostics) {
    out.software_place = entry.place;
    read_software(entry.value, entry.key, out.software, diagnostics);
}

constexpr std::array behaviour_fields{
    group<BehaviourSection, boot_fields>("boot", "how a device comes up"),
    group<BehaviourSection, update_fields>("update", "how a device keeps its registration"),
    group<BehaviourSection, notify_fields>("notify", "how a device tells what is observed"),
    field<&BehaviourSection::on_execute, read_on_execute>("on_execute", "map", "", "path: reboot(8s)"),
    Field<BehaviourSection>{{"send", "map", "", "what a device sends unasked", [] { return describe(send_fields); }},
                            read_send},
    Field<BehaviourSection>{
        {"sleep", "map", "", "out of reach but for a while after each message", [] { return describe(sleep_fields); }},
        read_sleep},
    Field<BehaviourSection>{{"firmware", "map", "", "how a device with object 5 updates it", firmware_field_infos},
                            read_firmware_section},
    Field<BehaviourSection>{{"software", "map", "", "how a device with object 9 downloads it", software_field_infos},
                            read_software_section},
};

constexpr std::array network_fields{
    field<&NetworkSpec::loss, read_share_below_one>("loss", "share", "0%", "datagrams lost, each way"),
    field<&NetworkSpec::latency, read_latency>("latency", "duration", "0s", "there and back; half of it each way"),
    field<&NetworkSpec::duplicate, read_share_below_one>("duplicate", "share", "0%", "datagrams that arrive twice"),
    field<&NetworkSpec::reorder, read_share_below_one>("reorder", "share", "0%", "datagrams that later ones overtake"),
    field<&NetworkSpec::nat_timeout, read_duration>(
        "nat_timeout", "duration", "never",
        "silent for longer, a device is forgotten by its NAT: a new source address"),
};

constexpr std::array fields{
    custom<Profile, read_name>("profile", "text", "", "name, in metrics and reports"),
    field<&Profile::description, read_text>("description", "text", "", "one line for people"),
    custom<Profile, skip>("extends", "text", "", "name in the catalog or file beside this one, or a list of them"),
    field<&Profile::endpoint, read_placed_text>("endpoint", "text", "\"{profile}-{index}\"",
                                                "{index} {index:08} {imei} {uuid} {shard} {seed} {profile}"),
    section<&Profile::lwm2m, lwm2m_fields>("lwm2m", "the registration"),
    Field<Profile>{{"servers", "map", "", "more servers than the target, by short server id",
                    [] { return describe(server_fields); }},
                   read_servers},
    section<&Profile::coap, coap_fields>("coap", "reliability"),
    field<&Profile::formats, read_formats>("formats", "list", "[tlv, senml-cbor, text, opaque, cbor]",
                                           "of payloads, the preferred one first"),
    custom<Profile, read_objects>("objects", "map", "", "object/instance: {resource: value or generator}"),
    section<&Profile::behaviour, behaviour_fields>("behaviour", "what a device does by itself"),
    section<&Profile::network, network_fields>("network", "what the radio does to datagrams"),
    Field<Profile>{{"security", "map", "", "how devices prove who they are", security_fields}, read_security},
    Field<Profile>{{"oscore", "map", "", "object security beside any other (RFC 8613)", oscore_fields},
                   read_oscore_section},
    refused<Profile, bootstrap_reason>("bootstrap"),
};

}  // namespace

std::vector<FieldInfo> profile_fields() { return describe(fields); }

Profile read_profile(const Node& tree, Diagnostics& diagnostics) {
    Profile profile;
    profile.place = tree.place();
    profile.name.place = tree.place();
    read_fields(tree, "profile", fields, profile, diagnostics);
    if (tree.is_map() && tree.find("profile") == nullptr) {
        diagnostics.error(tree.place(), "'profile' is missing: the name of the profile", "as in: profile: water-meter");
    }
    return profile;
}

}  // namespace profiles
