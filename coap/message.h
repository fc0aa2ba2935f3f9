// Message: the CoAP datagram (RFC 7252 3).
//
//   |Ver| T |  TKL  |      Code     |          Message ID           |
//   | Token (0 to 8 bytes) | Options ... | 1 1 1 1 1 1 1 1 | Payload ...
//
// `parse` checks everything once; after it no accessor of the view can run past the end.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "coap/code.h"
#include "coap/option.h"
#include "simulator/base/bytes.h"
#include "simulator/base/error.h"
#include "simulator/base/writer.h"

namespace coap {

enum class MessageType : std::uint8_t { confirmable = 0, non_confirmable = 1, acknowledgement = 2, reset = 3 };
const char* name(MessageType type);  // "CON", "NON", "ACK", "RST"

// 0 to 8 bytes, compared as a whole (RFC 7252 5.3.1).
struct Token {
    std::array<std::uint8_t, 8> bytes{};
    std::uint8_t size = 0;

    Token() = default;
    explicit Token(base::Bytes view) : size(static_cast<std::uint8_t>(view.size() < 8 ? view.size() : 8)) {
        for (std::size_t i = 0; i < size; ++i) bytes[i] = view[i];
    }
    base::Bytes view() const { return base::Bytes(bytes).first(size); }
    friend bool operator==(const Token&, const Token&) = default;
};

// A parsed message: a view on the datagram, valid as long as its bytes.
struct MessageView {
    MessageType type{};
    Code code{};
    std::uint16_t message_id = 0;
    base::Bytes token;
    OptionRange options;
    base::Bytes payload;  // without the marker; empty where there is none

    // The first option of that number.
    std::optional<Option> find(OptionNumber number) const;
    std::optional<std::uint64_t> find_uint(OptionNumber number) const;
};

// Refuses what RFC 7252 3 calls a message format error: another version, a token length of 9 to 15, a reserved nibble
// 15, an option that runs past the end or beyond number 65535, a payload marker without payload, and an Empty message
// with anything behind its header. Also options of more than 65535 + 269 bytes, which cannot be written.
base::Result<MessageView> parse(base::Bytes datagram);

struct Header {
    MessageType type = MessageType::confirmable;
    Code code = Code::empty;
    std::uint16_t message_id = 0;
    base::Bytes token;
};

// Writes one message into the memory of a Writer: the header at construction, then options in rising order of their
// numbers, then the payload. Never fails by itself: `out.failed()` tells when the memory was too small.
class MessageWriter {
public:
    MessageWriter(base::Writer& out, const Header& header);

    // `number` must not be below the number of the option before it.
    void option(OptionNumber number, base::Bytes value);
    void option(OptionNumber number, std::string_view text) { option(number, base::as_bytes(text)); }
    void option_uint(OptionNumber number, std::uint64_t value);
    void option_empty(OptionNumber number) { option(number, base::Bytes{}); }
    // One option a segment: "/rd/5a3f" becomes "rd" and "5a3f". An empty path or "/" writes none.
    void path(OptionNumber number, std::string_view path);

    void payload(base::Bytes bytes);
    void payload(std::string_view text) { payload(base::as_bytes(text)); }
    // For a payload written straight into the Writer: the marker goes first; `end_payload` takes the marker back when
    // nothing followed.
    void begin_payload();
    void end_payload();

    base::Writer& out() { return out_; }

private:
    base::Writer& out_;
    std::uint16_t last_ = 0;
    std::size_t payload_start_ = 0;
};

}  // namespace coap
