#include "simulator/lwm2m/registration.h"

#include <array>
#include <charconv>

#include "simulator/lwm2m/content_format.h"

namespace lwm2m {
namespace {

constexpr std::size_t max_query = 255;  // RFC 7252 5.10: a Uri-Query has 0 to 255 bytes

void put_query(coap::MessageWriter& message, std::string_view name, std::string_view value) {
    std::array<char, max_query> text;
    if (name.size() + value.size() > text.size()) {
        message.out().fail();
        return;
    }
    std::copy(value.begin(), value.end(), std::copy(name.begin(), name.end(), text.begin()));
    message.option(coap::OptionNumber::uri_query, std::string_view(text.data(), name.size() + value.size()));
}

void put_query(coap::MessageWriter& message, std::string_view name, std::uint32_t value) {
    std::array<char, 10> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    put_query(message, name, std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

void put_links(coap::MessageWriter& message, const PayloadBlock& links) {
    if (links.block1) message.option_uint(coap::OptionNumber::block1, *links.block1);
    if (links.size1) message.option_uint(coap::OptionNumber::size1, *links.size1);
    message.payload(links.bytes);
}

}  // namespace

void write_register(coap::Header header, const RegisterParameters& parameters, const PayloadBlock& links,
                    base::Writer& out) {
    header.code = coap::Code::post;
    coap::MessageWriter message(out, header);
    message.option(coap::OptionNumber::uri_path, "rd");
    message.option_uint(coap::OptionNumber::content_format, static_cast<std::uint16_t>(ContentFormat::link));
    if (!parameters.endpoint.empty()) put_query(message, "ep=", parameters.endpoint);
    put_query(message, "lt=", parameters.lifetime);
    put_query(message, "lwm2m=", parameters.version);
    if (!parameters.binding.empty()) put_query(message, "b=", parameters.binding);
    if (parameters.queue_mode) message.option(coap::OptionNumber::uri_query, "Q");
    put_links(message, links);
}

void write_update(coap::Header header, const UpdateParameters& parameters, const PayloadBlock& links,
                  base::Writer& out) {
    header.code = coap::Code::post;
    coap::MessageWriter message(out, header);
    message.path(coap::OptionNumber::uri_path, parameters.location);
    if (!links.bytes.empty()) {
        message.option_uint(coap::OptionNumber::content_format, static_cast<std::uint16_t>(ContentFormat::link));
    }
    if (parameters.lifetime) put_query(message, "lt=", *parameters.lifetime);
    if (!parameters.binding.empty()) put_query(message, "b=", parameters.binding);
    if (!parameters.binding.empty() && parameters.queue_mode) message.option(coap::OptionNumber::uri_query, "Q");
    put_links(message, links);
}

void write_deregister(coap::Header header, std::string_view location, base::Writer& out) {
    header.code = coap::Code::delete_;
    coap::MessageWriter message(out, header);
    message.path(coap::OptionNumber::uri_path, location);
}

std::optional<std::string_view> read_location(const coap::MessageView& response, base::MutableBytes memory) {
    base::Writer path(memory);
    for (const auto& option : response.options) {
        if (option.number != coap::OptionNumber::location_path) continue;
        if (path.size() > 0) path.put("/");
        path.put(option.value);
    }
    if (path.failed() || path.size() == 0) return std::nullopt;
    return base::as_text(path.written());
}

}  // namespace lwm2m
