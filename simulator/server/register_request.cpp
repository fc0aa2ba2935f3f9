#include "simulator/server/register_request.h"

#include <algorithm>
#include <charconv>

#include "simulator/lwm2m/entry_sink.h"
#include "simulator/server/registry.h"

namespace server {
namespace {

using coap::Code;
using Refusal = tl::unexpected<Code>;

// The parameters as they stand in the query, each at most once.
struct Query {
    std::optional<std::string_view> endpoint, lifetime, version, binding;
    bool queue = false;
};

bool set_once(std::optional<std::string_view>& parameter, std::string_view value) {
    if (parameter) return false;
    parameter = value;
    return true;
}

bool read_parameter(std::string_view text, Query& query) {
    const auto equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    if (name == "Q") {  // Transport 1.1.1, 6.4.3: without a value
        if (equals != std::string_view::npos || query.queue) return false;
        return query.queue = true;
    }
    if (equals == std::string_view::npos) return false;
    const std::string_view value = text.substr(equals + 1);
    if (name == "ep") return set_once(query.endpoint, value);
    if (name == "lt") return set_once(query.lifetime, value);
    if (name == "lwm2m") return set_once(query.version, value);
    if (name == "b") return set_once(query.binding, value);
    return name == "sms" && !value.empty();  // an MSISDN, which we have no use for
}

tl::expected<Query, Code> read_query(const coap::MessageView& message) {
    Query query;
    for (const coap::Option& option : message.options) {
        if (option.number != coap::OptionNumber::uri_query) continue;
        if (!read_parameter(option.text(), query)) return Refusal(Code::bad_request);
    }
    return query;
}

std::optional<std::uint32_t> read_seconds(std::string_view text) {
    std::uint32_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return seconds;
}

std::uint8_t binding_bit(char letter, lwm2m::Version version) {
    constexpr std::uint8_t none = 0;
    switch (letter) {
        case 'U': return Binding::udp;
        case 'S': return Binding::sms;
        case 'T': return version.minor >= 1 ? Binding::tcp : none;
        case 'N': return version.minor >= 1 ? Binding::non_ip : none;
        case 'M': return version.minor >= 2 ? Binding::mqtt : none;
        case 'H': return version.minor >= 2 ? Binding::http : none;
        default: return 0;
    }
}

// "U", "UQ" (1.0 only), "UT".
bool read_binding(std::string_view text, lwm2m::Version version, RegisterRequest& request) {
    std::uint8_t bits = 0;
    for (const char letter : text) {
        if (letter == 'Q' && version.minor == 0 && !request.queue_mode) {
            request.queue_mode = true;
            continue;
        }
        const std::uint8_t bit = binding_bit(letter, version);
        if (bit == 0 || (bits & bit) != 0) return false;
        bits |= bit;
    }
    request.binding = bits;
    return bits != 0;
}

// What a Register and an Update have in common.
bool read_common(const Query& query, lwm2m::Version version, RegisterRequest& request) {
    if (query.lifetime) {
        request.lifetime = read_seconds(*query.lifetime);
        // 1.2 knows a registration without end, by a lifetime of 0 (Core 1.2, 6.2.1).
        if (!request.lifetime || (*request.lifetime == 0 && version.minor < 2)) return false;
    }
    if (query.queue && version.minor == 0) return false;
    if (query.binding && !read_binding(*query.binding, version, request)) return false;
    if (query.queue) request.queue_mode = true;
    return true;
}

bool valid_endpoint(std::string_view name) {
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    return !name.empty() && name.size() <= Registry::max_endpoint && lwm2m::is_utf8(base::as_bytes(name)) &&
           std::none_of(name.begin(), name.end(), control);
}

}  // namespace

tl::expected<RegisterRequest, Code> read_register(const coap::MessageView& message) {
    const auto query = read_query(message);
    if (!query) return Refusal(query.error());
    // Without security there is no other name than this one (Transport 1.1.1, 5.2.6).
    if (!query->endpoint || !valid_endpoint(*query->endpoint)) return Refusal(Code::bad_request);
    if (!query->version) return Refusal(Code::bad_request);
    RegisterRequest request;
    request.endpoint = *query->endpoint;
    const auto version = lwm2m::parse_version(*query->version);
    if (!version || version->major != 1 || version->minor > 2) return Refusal(Code::precondition_failed);
    request.version = *version;
    if (!read_common(*query, request.version, request)) return Refusal(Code::bad_request);
    return request;
}

tl::expected<RegisterRequest, Code> read_update(const coap::MessageView& message, lwm2m::Version version) {
    const auto query = read_query(message);
    if (!query) return Refusal(query.error());
    RegisterRequest request;
    request.version = version;
    if (query->endpoint || query->version) return Refusal(Code::bad_request);
    if (!read_common(*query, version, request)) return Refusal(Code::bad_request);
    return request;
}

}  // namespace server
