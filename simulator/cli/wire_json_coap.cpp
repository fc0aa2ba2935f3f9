// The half of wire_json.h that knows CoAP messages (RFC 7252).
#include <algorithm>

#include <fmt/format.h>

#include "coap/message.h"
#include "coap/oscore.h"
#include "simulator/cli/wire_json.h"
#include "simulator/lwm2m/entry_sink.h"
#include "simulator/lwm2m/number_text.h"

namespace cli {
namespace {

using coap::OptionFormat;
using coap::OptionNumber;

tl::unexpected<WireError> refuse(std::string message, std::size_t offset = 0) {
    return tl::unexpected<WireError>(WireError{std::move(message), offset});
}

// ---- describing

Json option_value(const coap::Option& option) {
    const Json as_it_is{{"hex", base::to_hex(option.value)}};
    switch (format(option.number)) {
        case OptionFormat::uint: {
            const bool shortest = option.value.empty() || option.value.front() != 0;
            return shortest && option.value.size() <= 8 ? Json(option.uint()) : as_it_is;
        }
        case OptionFormat::string: return lwm2m::is_utf8(option.value) ? Json(std::string(option.text())) : as_it_is;
        case OptionFormat::empty: return option.value.empty() ? Json("") : as_it_is;
        case OptionFormat::opaque: break;
    }
    return base::to_hex(option.value);
}

// RFC 8613 6.1: what the option says; nothing is decrypted.
Json oscore_json(base::Bytes value) {
    const auto option = coap::read_oscore_option(value);
    if (!option) return Json{{"error", option.error().what}, {"offset", option.error().offset}};
    Json json = Json::object();
    if (option->partial_iv) json["partial_iv"] = *option->partial_iv;
    if (option->kid_context) json["kid_context"] = base::to_hex(*option->kid_context);
    if (option->kid) json["kid"] = base::to_hex(*option->kid);
    return json;
}

Json option_json(const coap::Option& option) {
    Json json{{"number", static_cast<unsigned>(option.number)}};
    if (*name(option.number) != '\0') json["name"] = name(option.number);
    json["value"] = option_value(option);
    if (option.number == OptionNumber::oscore) json["oscore"] = oscore_json(option.value);
    return json;
}

// What the payload of a request is addressed to: the ids at the end of its Uri-Path, behind an alternate path.
std::optional<lwm2m::Path> path_of(const coap::MessageView& message) {
    std::string text;
    for (const auto& option : message.options) {
        if (option.number != OptionNumber::uri_path) continue;
        const auto id = lwm2m::parse_unsigned(option.text());
        text = id ? text + '/' + std::string(option.text()) : std::string();
    }
    const auto path = lwm2m::parse_path(text);
    return path ? std::optional(*path) : std::nullopt;
}

Json content_json(const coap::MessageView& message, std::optional<lwm2m::Path> path,
                  const lwm2m::ObjectSelection& objects) {
    const auto number = message.find_uint(OptionNumber::content_format);
    if (!number) {
        // RFC 7252 5.5.2: a diagnostic payload for people.
        const bool diagnostic = code_class(message.code) >= 4 && lwm2m::is_utf8(message.payload);
        return diagnostic ? Json{{"diagnostic", std::string(base::as_text(message.payload))}} : Json();
    }
    const auto format =
        *number <= UINT16_MAX ? lwm2m::content_format(static_cast<std::uint32_t>(*number)) : std::nullopt;
    if (!format) return Json{{"error", fmt::format("Content-Format {} is not known", *number)}, {"offset", 0}};
    if (!path && is_request(message.code)) path = path_of(message);
    auto said = describe_content(*format, path, message.payload, objects);
    if (said) return std::move(*said);
    return Json{
        {"format", std::string(name(*format))}, {"error", said.error().message}, {"offset", said.error().offset}};
}

// ---- composing

std::optional<coap::MessageType> type_named(const std::string& text) {
    for (const auto type : {coap::MessageType::confirmable, coap::MessageType::non_confirmable,
                            coap::MessageType::acknowledgement, coap::MessageType::reset}) {
        if (text == name(type)) return type;
    }
    return std::nullopt;
}

// "2.05"
std::optional<coap::Code> code_named(const std::string& text) {
    const auto dot = text.find('.');
    if (dot == std::string::npos) return std::nullopt;
    const auto code_class = lwm2m::parse_unsigned(std::string_view(text).substr(0, dot));
    const auto detail = lwm2m::parse_unsigned(std::string_view(text).substr(dot + 1));
    if (!code_class || !detail || *code_class > 7 || *detail > 31) return std::nullopt;
    return static_cast<coap::Code>(coap::make_code(static_cast<unsigned>(*code_class), static_cast<unsigned>(*detail)));
}

struct WrittenOption {
    OptionNumber number{};
    std::vector<std::uint8_t> value;
};

std::vector<std::uint8_t> shortest_uint(std::uint64_t number) {
    std::vector<std::uint8_t> bytes;
    for (; number != 0; number >>= 8) bytes.insert(bytes.begin(), static_cast<std::uint8_t>(number));
    return bytes;
}

WireResult<WrittenOption> read_option(const Json& json, std::size_t index) {
    const auto wrong = [&](const char* what) { return refuse(fmt::format("options[{}]: {}", index, what)); };
    const Json* const number = member(json, "number");
    if (number == nullptr || !number->is_number_unsigned() || number->get<std::uint64_t>() > UINT16_MAX) {
        return wrong("\"number\" is 0 to 65535");
    }
    WrittenOption option{static_cast<OptionNumber>(number->get<std::uint16_t>()), {}};
    const Json* const value = member(json, "value");
    if (value == nullptr) return wrong("\"value\" is missing");
    if (value->is_number_unsigned()) {
        option.value = shortest_uint(value->get<std::uint64_t>());
        return option;
    }
    const auto hex = text_member(*value, "hex");
    if (!hex && !value->is_string()) return wrong("\"value\" is a number, a string or {\"hex\": \"...\"}");
    const std::string text = hex ? *hex : value->get<std::string>();
    const bool is_text = format(option.number) == OptionFormat::string || format(option.number) == OptionFormat::empty;
    if (!hex && is_text) {
        option.value.assign(text.begin(), text.end());
        return option;
    }
    const auto bytes = base::from_hex(text);
    if (!bytes) return wrong(bytes.error().what);
    option.value = *bytes;
    return option;
}

WireResult<std::vector<WrittenOption>> read_options(const Json& said) {
    std::vector<WrittenOption> options;
    const Json* const list = member(said, "options");
    if (list == nullptr) return options;
    if (!list->is_array()) return refuse("\"options\" is a list of options");
    for (std::size_t i = 0; i < list->size(); ++i) {
        auto option = read_option((*list)[i], i);
        if (!option) return tl::unexpected(option.error());
        options.push_back(std::move(*option));
    }
    std::stable_sort(options.begin(), options.end(),
                     [](const WrittenOption& a, const WrittenOption& b) { return a.number < b.number; });
    return options;
}

// "payload" as it stands; without one, what "content" says.
WireResult<std::vector<std::uint8_t>> read_payload(const Json& said, const lwm2m::ObjectSelection& objects) {
    if (const auto hex = text_member(said, "payload")) {
        const auto bytes = base::from_hex(*hex);
        if (!bytes) return refuse(fmt::format("\"payload\": {}", bytes.error().what));
        return *bytes;
    }
    const Json* const content = member(said, "content");
    if (content == nullptr) return std::vector<std::uint8_t>{};
    if (const auto diagnostic = text_member(*content, "diagnostic")) {
        return std::vector<std::uint8_t>(diagnostic->begin(), diagnostic->end());
    }
    return compose_content(*content, objects);
}

}  // namespace

WireResult<Json> describe_message(base::Bytes bytes, std::optional<lwm2m::Path> path,
                                  const lwm2m::ObjectSelection& objects) {
    const auto message = coap::parse(bytes);
    if (!message) return refuse(message.error().what, message.error().offset);
    Json said{{"format", "coap"},
              {"version", 1},  // parse() takes no other
              {"type", name(message->type)},
              {"code", to_string(message->code)}};
    if (*name(message->code) != '\0') said["code_name"] = name(message->code);
    said["message_id"] = message->message_id;
    said["token"] = base::to_hex(message->token);
    said["options"] = Json::array();
    for (const auto& option : message->options) said["options"].push_back(option_json(option));
    if (message->payload.empty()) return said;
    said["payload"] = base::to_hex(message->payload);
    if (Json content = content_json(*message, path, objects); !content.is_null()) said["content"] = std::move(content);
    return said;
}

WireResult<std::vector<std::uint8_t>> compose_message(const Json& said, const lwm2m::ObjectSelection& objects) {
    const auto type = type_named(text_member(said, "type").value_or("CON"));
    if (!type) return refuse("\"type\" is CON, NON, ACK or RST");
    const auto code = code_named(text_member(said, "code").value_or(""));
    if (!code) return refuse("\"code\" has the form 2.05");
    const Json* const id = member(said, "message_id");
    if (id == nullptr || !id->is_number_unsigned() || id->get<std::uint64_t>() > UINT16_MAX) {
        return refuse("\"message_id\" is 0 to 65535");
    }
    const auto token = base::from_hex(text_member(said, "token").value_or(""));
    if (!token) return refuse(fmt::format("\"token\": {}", token.error().what));
    if (token->size() > 8) return refuse("\"token\" has 8 bytes at most");
    const auto options = read_options(said);
    if (!options) return tl::unexpected(options.error());
    const auto payload = read_payload(said, objects);
    if (!payload) return tl::unexpected(payload.error());

    std::size_t size = 16 + token->size() + payload->size();
    for (const auto& option : *options) size += option.value.size() + 5;
    std::vector<std::uint8_t> memory(size);
    base::Writer out(memory);
    coap::MessageWriter writer(out,
                               {.type = *type, .code = *code, .message_id = id->get<std::uint16_t>(), .token = *token});
    for (const auto& option : *options) writer.option(option.number, option.value);
    if (!payload->empty()) writer.payload(*payload);
    if (out.failed()) return refuse("an option is too long");
    memory.resize(out.size());
    // What cannot be read again is no message: options behind an Empty code, for one.
    if (const auto again = coap::parse(memory); !again) return refuse(again.error().what, again.error().offset);
    return memory;
}

}  // namespace cli
