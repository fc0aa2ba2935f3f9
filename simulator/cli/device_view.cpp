#include "simulator/cli/device_view.h"

#include <fmt/format.h>

#include "coap/message.h"
#include "simulator/web/api_json.h"

namespace cli {
namespace {

constexpr std::size_t most_asked = 256;
constexpr std::size_t longest_value = 160;  // of one line
constexpr std::string_view indent = "                 ";

lwm2m::VersionChoice versions_of(const profiles::ResolvedProfile& profile) {
    lwm2m::VersionChoice choice;
    choice.lwm2m = {1, static_cast<std::uint16_t>(profile.version)};
    for (const auto& object : profile.objects) choice.stated.emplace_back(object.id, object.model->version);
    return choice;
}

// What devices and servers send may have anything in it; a terminal gets what can be printed.
std::string printable(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\x{:02x}", byte);
        } else {
            out += c;
        }
    }
    return out;
}

std::string cut(std::string text) {
    if (text.size() > longest_value) text = text.substr(0, longest_value) + fmt::format("... ({} bytes)", text.size());
    return text;
}

std::string scalar(const Json& json) {
    if (json.is_string()) return printable(json.get<std::string>());
    if (const auto hex = text_member(json, "hex")) return "0x" + *hex;
    return json.dump();
}

struct Options {
    std::string path;
    std::string query;
    std::string others;
};

// Paths and queries as a URI has them, the others by name.
Options options_of(const Json& message) {
    Options options;
    const Json* const list = member(message, "options");
    if (list == nullptr) return options;
    for (const Json& option : *list) {
        const auto name = text_member(option, "name").value_or(fmt::format("option {}", option.at("number").dump()));
        const auto value = scalar(option.at("value"));
        if (name == "Uri-Path" || name == "Location-Path") {
            options.path += "/" + value;
        } else if (name == "Uri-Query") {
            options.query += (options.query.empty() ? "?" : "&") + value;
        } else {
            options.others += " " + name + (value.empty() ? "" : "=" + value);
        }
    }
    return options;
}

std::string link_text(const Json& link) {
    std::string text = "<" + scalar(link.at("target")) + ">";
    if (const Json* const attributes = member(link, "attributes")) {
        for (const Json& attribute : *attributes) {
            text += ";" + scalar(attribute.at("name"));
            if (const Json* const value = member(attribute, "value")) text += "=" + scalar(*value);
        }
    }
    return text;
}

std::string line(std::string text) { return fmt::format("{}{}\n", indent, cut(std::move(text))); }

std::string content_text(const Json& content) {
    std::string text;
    if (const auto diagnostic = text_member(content, "diagnostic")) return line(printable(*diagnostic));
    if (const auto error = text_member(content, "error")) return line("cannot be read: " + *error);
    if (const Json* const values = member(content, "values")) {
        for (const Json& value : *values) {
            std::string about = scalar(value.at("path"));
            if (const Json* const held = member(value, "value")) about += " = " + scalar(*held);
            if (const Json* const time = member(value, "time")) about += " at " + scalar(*time) + " s";
            text += line(std::move(about));
        }
    }
    if (const Json* const paths = member(content, "paths")) {
        for (const Json& path : *paths) text += line(scalar(path));
    }
    if (const Json* const links = member(content, "links")) {
        for (const Json& link : *links) text += line(link_text(link));
    }
    return text;
}

std::string paths_text(const std::vector<lwm2m::Path>& paths) {
    std::string text;
    for (const auto& path : paths) text += (text.empty() ? "" : ",") + lwm2m::to_string(path);
    return text;
}

web::HttpAnswer json_answer(const Json& json) {
    return {.body = json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n", .allow = {}};
}

web::HttpAnswer not_allowed(std::string allow) {
    auto answer = web::error_answer(405, "this resource has other methods");
    answer.allow = std::move(allow);
    return answer;
}

}  // namespace

DeviceView::DeviceView(const profiles::ResolvedProfile& profile, const lwm2m::ObjectRegistry& registry)
    : objects_(registry, versions_of(profile)) {}

Json DeviceView::message_json(const engine::Exchanged& message, Asked& asked) const {
    const auto parsed = coap::parse(message.bytes);
    if (!parsed) return {{"error", "not a CoAP message"}, {"hex", base::to_hex(message.bytes)}};
    const std::string token = base::to_hex(parsed->token);
    std::optional<lwm2m::Path> path;
    if (coap::is_request(parsed->code)) {
        std::string text;
        for (const auto& option : parsed->options) {
            if (option.number == coap::OptionNumber::uri_path) text += "/" + std::string(option.text());
        }
        const auto named = lwm2m::parse_path(text);
        if (asked.size() > most_asked) asked.clear();
        if (named && !parsed->find(coap::OptionNumber::oscore)) asked[{message.sent, token}] = *named;
    } else if (const auto request = asked.find({!message.sent, token}); request != asked.end()) {
        path = request->second;
    }
    auto said = describe_message(message.bytes, path, objects_);
    if (said) return std::move(*said);
    return {{"error", said.error().message}, {"hex", base::to_hex(message.bytes)}};
}

std::string DeviceView::text(const engine::Exchanged& message) {
    const Json json = message_json(message, asked_);
    const std::string_view arrow = message.inside ? (message.sent ? "=>" : "<=") : (message.sent ? "->" : "<-");
    const std::string when = fmt::format("{:12.3f} {} ", base::seconds(message.at.time_since_epoch()), arrow);
    if (const auto error = text_member(json, "error")) {
        return fmt::format("{}{}: {}\n", when, *error, json.at("hex").get<std::string>());
    }
    const auto options = options_of(json);
    const auto token = text_member(json, "token").value_or("");
    std::string text =
        fmt::format("{}{} {} {} {}", when, json.at("type").get<std::string>(), json.at("code").get<std::string>(),
                    text_member(json, "code_name").value_or(""), json.at("message_id").dump());
    if (!token.empty()) text += " [" + token + "]";
    if (!options.path.empty() || !options.query.empty()) text += " " + options.path + options.query;
    text += options.others + "\n";
    if (const Json* const content = member(json, "content"); content != nullptr && !content->is_null()) {
        text += content_text(*content);
    } else if (const auto payload = text_member(json, "payload"); payload && !payload->empty()) {
        text += line(*payload);
    }
    return text;
}

std::string DeviceView::text(const std::vector<engine::DeviceValue>& values) const {
    std::string text;
    for (const auto& one : values) {
        const auto* const model = objects_.resource(one.path.prefix(3));
        const std::string held = one.operations.execute ? ""
                                 : one.value.type() == lwm2m::Type::none
                                     ? "-"
                                     : cut(printable(lwm2m::to_string(one.value.view())));
        text += fmt::format("{:18} {:2} {:32} {}{}\n", lwm2m::to_string(one.path), lwm2m::to_string(one.operations),
                            model == nullptr ? "" : model->key, held,
                            model == nullptr || model->units.empty() || held.empty() ? "" : " " + model->units);
    }
    return text;
}

std::string DeviceView::text(const engine::DeviceInfo& info) const {
    std::string text = fmt::format("{} at {}", metrics::name(info.state), net::to_string(info.address));
    if (!info.location.empty()) text += fmt::format(", location /{}, lifetime {} s", info.location, info.lifetime);
    text += "\n";
    for (const auto& observation : info.observations) {
        text += fmt::format("observed {} [{}]\n", paths_text(observation.paths), observation.token);
    }
    return text;
}

Json DeviceView::device_json(engine::DeviceRunner& runner) const {
    const auto info = runner.info();
    const auto& options = runner.options();
    Json values = Json::object();
    for (const auto& one : runner.values({})) {
        if (!one.operations.execute) values[lwm2m::to_string(one.path)] = web::value_json(one.value.view());
    }
    Json observations = Json::array();
    for (const auto& observation : info.observations) {
        Json paths = Json::array();
        for (const auto& path : observation.paths) paths.push_back(lwm2m::to_string(path));
        observations.push_back(
            {{"paths", std::move(paths)}, {"token", observation.token}, {"format", observation.format}});
    }
    Json exchanges = Json::array();
    Asked asked;
    for (const auto& message : info.exchanges) {
        exchanges.push_back({{"at", base::seconds(message.at.time_since_epoch())},
                             {"direction", message.sent ? "sent" : "received"},
                             {"inside", message.inside},
                             {"message", message_json(message, asked)}});
    }
    return {{"endpoint", options.endpoint},
            {"profile", options.profile->name},
            {"index", options.index},
            {"seed", options.seed},
            {"state", std::string(metrics::name(info.state))},
            {"address", net::to_string(info.address)},
            {"server", net::to_string(options.target)},
            {"location", info.location.empty() ? Json() : Json("/" + info.location)},
            {"lifetime", info.lifetime},
            {"values", std::move(values)},
            {"observations", std::move(observations)},
            {"exchanges", std::move(exchanges)}};
}

web::HttpAnswer DeviceView::answer(const web::HttpRequest& request, engine::DeviceRunner& runner) const {
    const auto& segments = request.segments;
    const bool reads = request.method == "GET" || request.method == "HEAD";
    if (segments.size() == 2) {
        if (!reads) return not_allowed("GET, HEAD");
        return json_answer({{"devices", Json::array({runner.options().endpoint})}});
    }
    if (segments[2] != runner.options().endpoint) return web::error_answer(404, "there is no such device");
    if (segments.size() == 3) return reads ? json_answer(device_json(runner)) : not_allowed("GET, HEAD");
    std::string text;
    for (std::size_t i = 3; i < segments.size(); ++i) text += "/" + segments[i];
    const auto path = objects_.path(text);
    if (!path) return web::error_answer(400, path.error().message);
    if (reads) {
        Json values = Json::object();
        for (const auto& one : runner.values(*path)) {
            if (!one.operations.execute) values[lwm2m::to_string(one.path)] = web::value_json(one.value.view());
        }
        if (values.empty()) return web::error_answer(404, "the device has no value there");
        return json_answer({{"values", std::move(values)}});
    }
    if (request.method != "PUT") return not_allowed("GET, HEAD, PUT");
    const auto values = web::read_values(request.body, *path);
    if (!values) return web::error_answer(400, values.error());
    for (const auto& [at, value] : *values) {
        if (const auto done = runner.set(at, value); !done) return web::error_answer(400, done.error());
    }
    return json_answer({{"changed", values->size()}});
}

}  // namespace cli
