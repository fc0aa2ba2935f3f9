// Message: a CoAP message as a test says it, in one line: Message(CON, Code::get).id(1234).path("/status").block2(2, 0,
// 64).
#pragma once

#include <algorithm>
#include <bit>
#include <string>
#include <utility>
#include <vector>

#include "coap/block.h"
#include "coap/message.h"

namespace support {

inline constexpr auto CON = coap::MessageType::confirmable;
inline constexpr auto NON = coap::MessageType::non_confirmable;
inline constexpr auto ACK = coap::MessageType::acknowledgement;
inline constexpr auto RST = coap::MessageType::reset;

class Message {
public:
    Message(coap::MessageType type, coap::Code code) : type_(type), code_(code) {}

    Message& id(std::uint16_t message_id) { return id_ = message_id, *this; }
    Message& token(std::string_view hex) { return token_ = base::from_hex(hex).value(), *this; }
    Message& token(base::Bytes bytes) { return token_.assign(bytes.begin(), bytes.end()), *this; }
    Message& payload(std::string_view text) { return payload(base::as_bytes(text)); }
    Message& payload(base::Bytes bytes) { return payload_.assign(bytes.begin(), bytes.end()), *this; }

    Message& option(coap::OptionNumber number, base::Bytes value) {
        options_.emplace_back(number, std::vector<std::uint8_t>(value.begin(), value.end()));
        return *this;
    }
    Message& option(coap::OptionNumber number, std::string_view value) { return option(number, base::as_bytes(value)); }
    Message& uint(coap::OptionNumber number, std::uint64_t value) {
        std::vector<std::uint8_t> bytes;
        for (; value != 0; value >>= 8) bytes.insert(bytes.begin(), static_cast<std::uint8_t>(value));
        return option(number, bytes);
    }
    Message& path(std::string_view path) { return segments(coap::OptionNumber::uri_path, path); }
    Message& location(std::string_view path) { return segments(coap::OptionNumber::location_path, path); }
    Message& query(std::string_view text) { return option(coap::OptionNumber::uri_query, text); }
    Message& observe(std::uint32_t value) { return uint(coap::OptionNumber::observe, value); }
    Message& etag(std::string_view hex) { return option(coap::OptionNumber::etag, base::from_hex(hex).value()); }
    Message& format(unsigned value) { return uint(coap::OptionNumber::content_format, value); }
    // As the RFC writes them: 1:0/1/128 is block1(0, 1, 128).
    Message& block1(unsigned number, unsigned more, unsigned size) {
        return block(coap::OptionNumber::block1, number, more, size);
    }
    Message& block2(unsigned number, unsigned more, unsigned size) {
        return block(coap::OptionNumber::block2, number, more, size);
    }

    // The bytes, options in order; they live as long as this message is not changed.
    base::Bytes bytes() const {
        auto sorted = options_;
        std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        std::size_t most = 13 + payload_.size();
        for (const auto& [number, value] : sorted) most += 5 + value.size();
        bytes_.resize(most);
        base::Writer out(bytes_);
        coap::MessageWriter writer(out, {.type = type_, .code = code_, .message_id = id_, .token = token_});
        for (const auto& [number, value] : sorted) writer.option(number, value);
        writer.payload(payload_);
        bytes_.resize(out.size());
        return bytes_;
    }
    coap::MessageView view() const { return coap::parse(bytes()).value(); }

private:
    Message& segments(coap::OptionNumber number, std::string_view path) {
        while (!path.empty()) {
            path.remove_prefix(path.front() == '/' ? 1 : 0);
            const auto end = std::min(path.find('/'), path.size());
            option(number, path.substr(0, end));
            path.remove_prefix(end);
        }
        return *this;
    }
    Message& block(coap::OptionNumber option_number, unsigned number, unsigned more, unsigned size) {
        const auto szx = static_cast<std::uint8_t>(std::countr_zero(size) - 4);
        return uint(option_number, coap::encode_block({.number = number, .more = more != 0, .szx = szx}));
    }

    coap::MessageType type_;
    coap::Code code_;
    std::uint16_t id_ = 0;
    std::vector<std::uint8_t> token_;
    std::vector<std::pair<coap::OptionNumber, std::vector<std::uint8_t>>> options_;
    std::vector<std::uint8_t> payload_;
    mutable std::vector<std::uint8_t> bytes_;
};

// A body whose bytes tell their place: n bytes of "abc...zabc...".
inline std::string body_of(std::size_t size) {
    std::string body(size, ' ');
    for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>('a' + (i + i / 26) % 26);
    return body;
}

}  // namespace support
