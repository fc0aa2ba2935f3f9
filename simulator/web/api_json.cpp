#include "simulator/web/api_json.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

namespace web {
namespace {

using Json = nlohmann::ordered_json;
using Refusal = tl::unexpected<std::string>;

constexpr std::size_t max_values = 256;

std::string text_of(const Json& json) {
    // Strings of devices need not be UTF-8.
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

double rounded(base::Duration duration) { return std::round(base::seconds(duration) * 1000) / 1000; }

// {"/3/0/9": 87}
Json json_of(const std::vector<server::NamedValue>& values) {
    Json json = Json::object();
    for (const auto& one : values) json[lwm2m::to_string(one.path)] = value_json(one.value.view());
    return json;
}

// The same with what the catalogue says: [{"path": "/3/0/9", "name": "Battery Level", "type": "integer", "unit": "%",
// "value": 87}].
Json described(const std::vector<server::NamedValue>& values) {
    Json json = Json::array();
    for (const auto& one : values) {
        Json entry{{"path", lwm2m::to_string(one.path)}};
        if (one.model != nullptr) entry["name"] = one.model->name;
        const auto type = one.model != nullptr ? one.model->type : one.value.type();
        entry["type"] = lwm2m::name(type);
        if (one.model != nullptr && !one.model->units.empty()) entry["unit"] = one.model->units;
        if (one.time != 0) entry["time"] = one.time;
        entry["value"] = value_json(one.value.view());
        json.push_back(std::move(entry));
    }
    return json;
}

Json json_of_format(std::uint16_t number) {
    const auto format = lwm2m::content_format(std::uint32_t{number});
    if (!format) return number;
    return lwm2m::name(*format);
}

template <class Names, class Table>
Json by_name(const Names& names, const Table& table) {
    Json json = Json::object();
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (const auto sum = metrics::total(table[i]); sum != 0) json[std::string(names[i])] = sum;
    }
    return json;
}

Json json_of(const metrics::ServerSnapshot& server) {
    const auto& t = server.totals;
    double cpu = 0;
    for (const auto thread : server.thread_cpu) cpu += base::seconds(thread);
    return {{"clients", t.clients},
            {"registrations", t.registrations},
            {"replacements", t.replacements},
            {"updates", t.updates},
            {"deregistrations", t.deregistrations},
            {"expirations", t.expirations},
            {"observations", t.observations},
            {"notifications", metrics::total(t.notifications)},
            {"sends", t.sends},
            {"requests", by_name(metrics::server_request_names, t.requests)},
            {"in_flight", metrics::total(t.in_flight)},
            {"cpu_seconds", cpu}};
}

Json json_of(const metrics::FleetSnapshot& fleet) {
    Json thresholds = Json::array();
    for (const auto& threshold : fleet.thresholds) {
        thresholds.push_back(
            {{"expression", threshold.expression}, {"observed", threshold.observed}, {"pass", threshold.pass}});
    }
    Json workers = Json::array();
    for (const auto& worker : fleet.workers) {
        workers.push_back({{"busy_ratio", worker.busy_ratio}, {"cpu_seconds", base::seconds(worker.cpu)}});
    }
    return {{"phase", {{"name", fleet.phase.name}, {"progress", fleet.phase.progress}}},
            {"devices_target", fleet.devices_target},
            {"valid", fleet.valid},
            {"conservation_ok", fleet.conservation_ok},
            {"thresholds", std::move(thresholds)},
            {"workers", std::move(workers)}};
}

// A value as profiles::read_value() reads it.
std::optional<std::string> value_text(const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
    if (value.is_number()) return value.dump();
    return std::nullopt;
}

}  // namespace

Json value_json(const lwm2m::ValueView& value) {
    switch (value.type) {
        case lwm2m::Type::none: return nullptr;
        case lwm2m::Type::string:
        case lwm2m::Type::corelnk: return value.text();
        case lwm2m::Type::integer:
        case lwm2m::Type::time: return value.integer;
        case lwm2m::Type::unsigned_integer: return value.unsigned_integer;
        case lwm2m::Type::floating: return value.floating;
        case lwm2m::Type::boolean: return value.boolean;
        case lwm2m::Type::opaque: return base::to_hex(value.bytes);
        case lwm2m::Type::objlnk: return lwm2m::to_string(value);
    }
    return nullptr;
}

std::string run_json(const metrics::Snapshot& snapshot) {
    Json json{{"id", snapshot.run.id},
              {"scenario", snapshot.run.scenario},
              {"target", snapshot.run.target},
              {"seed", snapshot.run.seed},
              {"version", snapshot.run.version},
              {"started_at", snapshot.run.started_at},
              {"devices", snapshot.run.devices},
              {"profiles", snapshot.run.profiles},
              {"resident_bytes", snapshot.process.resident_bytes}};
    if (snapshot.fleet) json["fleet"] = json_of(*snapshot.fleet);
    if (snapshot.server) json["server"] = json_of(*snapshot.server);
    return text_of(json);
}

std::string page_json(const server::ClientPage& page) {
    Json json{{"clients", page.endpoints}};
    json["next"] = page.next ? Json(*page.next) : Json(nullptr);
    return text_of(json);
}

std::string client_json(const server::ClientInfo& client) {
    Json json{{"endpoint", client.endpoint},
              {"address", client.address},
              {"location", client.location},
              {"lwm2m", client.version},
              {"binding", client.binding},
              {"queue_mode", client.queue_mode},
              {"lifetime", client.lifetime},
              {"registered_seconds", rounded(client.registered)},
              {"last_seen_seconds", rounded(client.last_seen)}};
    json["expires_seconds"] = client.expires ? Json(rounded(*client.expires)) : Json(nullptr);
    json["waiting"] = client.waiting;
    json["objects"] = client.objects;
    json["observations"] = Json::array();
    for (const auto& observation : client.observations) {
        Json one{{"path", lwm2m::to_string(observation.path)}};
        if (!observation.paths.empty()) {
            one = Json{{"paths", Json::array()}};
            for (const auto& path : observation.paths) one["paths"].push_back(lwm2m::to_string(path));
        }
        if (observation.format) one["format"] = json_of_format(*observation.format);
        one["values"] = json_of(observation.values);
        one["resources"] = described(observation.values);
        if (observation.values.empty()) one["payload"] = base::to_hex(observation.payload);
        json["observations"].push_back(std::move(one));
    }
    return text_of(json);
}

std::string result_json(const server::CommandResult& result) {
    using Outcome = server::CommandResult::Outcome;
    constexpr std::array<std::string_view, 8> outcomes{"answered", "timeout", "reset",     "unknown_client",
                                                       "refused",  "no_room", "cancelled", "forgotten"};
    Json json{{"outcome", outcomes[static_cast<std::size_t>(result.outcome)]}};
    if (result.outcome == Outcome::answered) json["code"] = coap::to_string(result.code);
    if (result.format) json["format"] = json_of_format(*result.format);
    if (!result.values.empty()) {
        json["values"] = json_of(result.values);
        json["resources"] = described(result.values);
    }
    if (result.format == static_cast<std::uint16_t>(lwm2m::ContentFormat::link)) {
        json["links"] = base::as_text(result.payload);
    } else if (result.values.empty() && !result.payload.empty()) {
        json["payload"] = base::to_hex(result.payload);
    }
    if (!result.message.empty()) json["error"] = result.message;
    return text_of(json);
}

std::string sends_json(const std::vector<server::SendInfo>& sends) {
    Json json{{"sends", Json::array()}};
    for (const auto& send : sends) {
        Json one{{"endpoint", send.endpoint},
                 {"ago_seconds", rounded(send.ago)},
                 {"format", json_of_format(send.format)},
                 {"count", send.count}};
        one["resources"] = described(send.values);
        if (send.values.empty() && !send.payload.empty()) one["payload"] = base::to_hex(send.payload);
        json["sends"].push_back(std::move(one));
    }
    return text_of(json);
}

// ---- firmware

namespace {

Json json_of(const server::FirmwareImage& image, const std::string& uri) {
    const std::string path = "/" + std::string(server::FirmwareStore::folder) + "/" + image.name;
    return {{"name", image.name},
            {"size", image.bytes.size()},
            {"sha256", base::to_hex(image.sha256)},
            {"path", path},
            {"uri", uri.empty() ? Json(nullptr) : Json(uri + path)},
            {"campaigns", image.users}};
}

template <class Names, class Table>
Json counted(const Names& names, const Table& table) {
    Json json = Json::object();
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (table[i] != 0) json[std::string(names[i])] = table[i];
    }
    return json;
}

Json json_of(const server::CampaignInfo& campaign) {
    const auto& spec = campaign.spec;
    const bool push = spec.mode == profiles::CampaignSpec::Mode::push;
    Json json{{"id", campaign.id},
              {"image", spec.image},
              {"mode", push ? "push" : "pull"},
              {"state", campaign.running ? "running" : (campaign.stopped.empty() ? "ended" : "stopped")}};
    if (!push) json["uri"] = spec.uri;
    if (!campaign.stopped.empty()) json["reason"] = campaign.stopped;
    json["started_seconds"] = rounded(campaign.started);
    json["lasted_seconds"] = campaign.lasted ? Json(rounded(*campaign.lasted)) : Json(nullptr);
    json["devices"] = campaign.devices;
    json["left_out"] = campaign.left_out;
    json["by_state"] = counted(metrics::campaign_state_names, campaign.by_state);
    json["by_result"] = counted(metrics::campaign_result_names, campaign.by_result);
    json["at_once"] = spec.at_once;
    if (spec.hourly > 0) json["wave_per_hour"] = spec.hourly;
    json["retries"] = spec.retries;
    json["stop_on_failure_share"] = spec.stop_on_failures;
    return json;
}

}  // namespace

std::string image_json(const server::FirmwareImage& image, const std::string& uri) {
    return text_of(json_of(image, uri));
}

std::string images_json(const std::vector<server::FirmwareImage>& images, const std::string& uri) {
    Json json{{"images", Json::array()}};
    for (const auto& image : images) json["images"].push_back(json_of(image, uri));
    return text_of(json);
}

std::string campaign_json(const server::CampaignInfo& campaign) { return text_of(json_of(campaign)); }

std::string campaigns_json(const std::vector<server::CampaignInfo>& campaigns) {
    Json json{{"campaigns", Json::array()}};
    for (const auto& campaign : campaigns) json["campaigns"].push_back(json_of(campaign));
    return text_of(json);
}

std::string campaign_devices_json(const server::CampaignDevices& page) {
    Json json{{"devices", Json::array()}};
    for (const auto& device : page.devices) {
        json["devices"].push_back({{"endpoint", device.endpoint},
                                   {"state", metrics::name(device.state)},
                                   {"result", metrics::name(device.result)},
                                   {"tries", device.tries}});
    }
    json["next"] = page.next ? Json(*page.next) : Json(nullptr);
    return text_of(json);
}

// ---- what is asked

namespace {

using Written = std::vector<std::pair<lwm2m::Path, std::string>>;

tl::expected<Written, std::string> read_below(const Json& members, const lwm2m::Path& path) {
    if (members.size() > max_values) return Refusal("more than 256 values");
    Written values;
    for (const auto& [key, value] : members.items()) {
        const std::string slash = key.starts_with('/') && path.depth == 0 ? "" : "/";
        const auto below = lwm2m::parse_path((path.depth == 0 ? "" : lwm2m::to_string(path)) + slash + key);
        auto text = value_text(value);
        if (!below) return Refusal(key + ": not a path of ids below " + lwm2m::to_string(path));
        if (!text) return Refusal(key + ": a value is a string, a number or a boolean");
        values.emplace_back(*below, std::move(*text));
    }
    std::sort(values.begin(), values.end());
    return values;
}

}  // namespace

tl::expected<Written, std::string> read_values(const std::string& body, const lwm2m::Path& path) {
    const std::string form = R"(the body is {"value": 5} or {"values": {"0": 5, "1/0": "x"}})";
    const auto json = Json::parse(body, nullptr, false);
    if (!json.is_object() || json.size() != 1) return Refusal(form);
    if (const auto value = json.find("value"); value != json.end()) {
        auto text = value_text(*value);
        if (!text) return Refusal("a value is a string, a number or a boolean");
        Written values;
        values.emplace_back(path, std::move(*text));
        return values;
    }
    const auto members = json.find("values");
    if (members == json.end() || !members->is_object() || members->empty()) return Refusal(form);
    return read_below(*members, path);
}

tl::expected<Written, std::string> read_created(const std::string& body, const lwm2m::Path& object,
                                                bool& any_instance) {
    const auto json = Json::parse(body, nullptr, false);
    const auto resources = json.is_object() && json.size() == 1 ? json.find("resources") : json.end();
    if (resources == json.end()) return read_values(body, object);
    if (!resources->is_object())
        return Refusal(R"(the body is {"values": {"0/5700": 5}} or {"resources": {"5700": 5}})");
    any_instance = true;
    return read_below(*resources, object.child(0));
}

tl::expected<std::vector<lwm2m::Path>, std::string> read_paths(const std::string& body) {
    const std::string form = R"(the body is {"paths": ["/3/0/9", "/3303"]}, with at most 64 of them)";
    constexpr std::size_t max_paths = 64;
    const auto json = Json::parse(body, nullptr, false);
    if (!json.is_object() || json.size() != 1) return Refusal(form);
    const auto list = json.find("paths");
    if (list == json.end() || !list->is_array() || list->empty() || list->size() > max_paths) return Refusal(form);
    std::vector<lwm2m::Path> paths;
    for (const auto& one : *list) {
        const auto path = one.is_string() ? lwm2m::parse_path(one.get<std::string>()) : lwm2m::parse_path("");
        if (!path) return Refusal("a path is made of ids, such as /3303/0/5700");
        paths.push_back(*path);
    }
    std::sort(paths.begin(), paths.end());
    paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
    return paths;
}

}  // namespace web
