#include "coap/message.h"

#include "simulator/base/check.h"
#include "simulator/base/reader.h"

namespace coap {
namespace {

constexpr std::uint8_t payload_marker = 0xff;
constexpr std::uint32_t max_option_number = 65535;

// `at` is the offset of the byte that the nibble is from.
base::Result<std::uint32_t> take_extended(base::Reader& in, unsigned nibble, std::size_t at) {
    if (nibble == 15) return base::fail("reserved option nibble 15", at);
    if (nibble < 13) return nibble;
    const auto more = in.take_uint(nibble == 13 ? 1 : 2);
    if (!more) return base::fail("option header runs past the end", in.offset());
    return static_cast<std::uint32_t>(*more) + (nibble == 13 ? 13u : 269u);
}

// Moves `in` to the payload marker or the end; returns how many bytes the options take.
base::Result<std::size_t> check_options(base::Reader& in) {
    const std::size_t start = in.offset();
    std::uint32_t number = 0;
    while (!in.at_end() && in.rest()[0] != payload_marker) {
        const std::size_t at = in.offset();
        const std::uint8_t first = *in.take_u8();
        const auto delta = take_extended(in, first >> 4, at);
        if (!delta) return tl::unexpected(delta.error());
        const auto length = take_extended(in, first & 15, at);
        if (!length) return tl::unexpected(length.error());
        number += *delta;
        if (number > max_option_number) return base::fail("option number above 65535", at);
        if (!in.take(*length)) return base::fail("option value runs past the end", in.offset());
    }
    return in.offset() - start;
}

unsigned nibble_of(std::size_t value) { return value < 13 ? static_cast<unsigned>(value) : value < 269 ? 13u : 14u; }

void put_extended(base::Writer& out, std::size_t value) {
    if (value >= 269) {
        out.put_u16(static_cast<std::uint16_t>(value - 269));
    } else if (value >= 13) {
        out.put_u8(static_cast<std::uint8_t>(value - 13));
    }
}

}  // namespace

const char* name(MessageType type) {
    switch (type) {
        case MessageType::confirmable: return "CON";
        case MessageType::non_confirmable: return "NON";
        case MessageType::acknowledgement: return "ACK";
        case MessageType::reset: return "RST";
    }
    return "";
}

std::optional<Option> MessageView::find(OptionNumber number) const {
    for (const auto& option : options) {
        if (option.number == number) return option;
        if (option.number > number) break;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> MessageView::find_uint(OptionNumber number) const {
    const auto option = find(number);
    if (!option) return std::nullopt;
    return option->uint();
}

base::Result<MessageView> parse(base::Bytes datagram) {
    if (datagram.size() < 4) return base::fail("shorter than the 4-byte header", datagram.size());
    if (datagram[0] >> 6 != 1) return base::fail("version is not 1", 0);
    const std::size_t token_size = datagram[0] & 15;
    if (token_size > 8) return base::fail("token length above 8", 0);

    MessageView message;
    message.type = static_cast<MessageType>(datagram[0] >> 4 & 3);
    message.code = static_cast<Code>(datagram[1]);
    message.message_id = static_cast<std::uint16_t>(datagram[2] << 8 | datagram[3]);
    // RFC 7252 4.1: an Empty message has no token, options or payload.
    if (message.code == Code::empty && datagram.size() > 4)
        return base::fail("an Empty message with bytes behind its header", 4);

    if (datagram.size() < 4 + token_size) return base::fail("token runs past the end", datagram.size());
    message.token = datagram.subspan(4, token_size);

    const std::size_t options_at = 4 + token_size;
    base::Reader in(datagram);
    (void)in.take(options_at);
    const auto options_size = check_options(in);
    if (!options_size) return tl::unexpected(options_size.error());
    message.options = OptionRange(datagram.subspan(options_at, *options_size));
    if (!in.at_end()) {
        if (in.left() == 1) return base::fail("payload marker without payload", in.offset());
        message.payload = in.rest().subspan(1);
    }
    return message;
}

MessageWriter::MessageWriter(base::Writer& out, const Header& header) : out_(out) {
    CHECK(header.token.size() <= 8);
    out_.put_u8(static_cast<std::uint8_t>(0x40u | static_cast<unsigned>(header.type) << 4 | header.token.size()));
    out_.put_u8(static_cast<std::uint8_t>(header.code));
    out_.put_u16(header.message_id);
    out_.put(header.token);
}

void MessageWriter::option(OptionNumber number, base::Bytes value) {
    const auto wide = static_cast<std::uint16_t>(number);
    CHECK(wide >= last_);
    const std::size_t delta = static_cast<std::size_t>(wide - last_);
    if (value.size() > 65535 + 269) {
        out_.fail();
        return;
    }
    out_.put_u8(static_cast<std::uint8_t>(nibble_of(delta) << 4 | nibble_of(value.size())));
    put_extended(out_, delta);
    put_extended(out_, value.size());
    out_.put(value);
    last_ = wide;
}

void MessageWriter::option_uint(OptionNumber number, std::uint64_t value) {
    std::array<std::uint8_t, 8> bytes{};
    std::size_t size = 0;
    for (std::uint64_t rest = value; rest != 0; rest >>= 8) bytes[7 - size++] = static_cast<std::uint8_t>(rest);
    option(number, base::Bytes(bytes).last(size));
}

void MessageWriter::path(OptionNumber number, std::string_view path) {
    if (path.starts_with('/')) path.remove_prefix(1);
    while (!path.empty()) {
        const auto slash = path.find('/');
        option(number, path.substr(0, slash));
        if (slash == std::string_view::npos) return;
        path.remove_prefix(slash + 1);
    }
}

void MessageWriter::payload(base::Bytes bytes) {
    if (bytes.empty()) return;
    out_.put_u8(payload_marker);
    out_.put(bytes);
}

void MessageWriter::begin_payload() {
    out_.put_u8(payload_marker);
    payload_start_ = out_.size();
}

void MessageWriter::end_payload() {
    if (out_.size() == payload_start_) out_.rewind(payload_start_ - 1);
}

}  // namespace coap
