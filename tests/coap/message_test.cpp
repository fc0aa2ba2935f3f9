// Message: good vectors, every truncation, hostile nibbles and lengths, and the way back (RFC 7252 3).
#include "coap/message.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/hex.h"

namespace coap {
namespace {

using support::hex;
using Buffer = std::vector<std::uint8_t>;

// The bytes lie in a heap block of exactly their size: the address sanitizer sees any read past the end.
base::Result<MessageView> parse_exactly(const Buffer& bytes) { return parse(bytes); }

std::string what(const Buffer& bytes) {
    const auto message = parse_exactly(bytes);
    return message ? "" : message.error().what;
}

// Header 40 01 00 00 (CON GET) and then `tail`.
Buffer request(std::string_view tail) {
    auto bytes = hex("40010000");
    const auto more = hex(tail);
    bytes.insert(bytes.end(), more.begin(), more.end());
    return bytes;
}

// Walks all that there is to see, so that a wrong view is met by the sanitizer.
std::size_t walk(const MessageView& message) {
    std::size_t sum = message.payload.size() + message.token.size();
    for (const auto byte : message.payload) sum += byte;
    for (const auto& option : message.options) {
        for (const auto byte : option.value) sum += byte;
        ++sum;
    }
    return sum;
}

std::size_t count(const MessageView& message) {
    std::size_t options = 0;
    for ([[maybe_unused]] const auto& option : message.options) ++options;
    return options;
}

// RFC 7252 appendix A, figure 16:
//
//    Client  Server
//      +----->|     Header: GET (T=CON, Code=0.01, MID=0x7d34)
//      | GET  |   Uri-Path: "temperature"
//      |<-----+     Header: 2.05 Content (T=ACK, Code=2.05, MID=0x7d34)
//      | 2.05 |    Payload: "22.3 C"
const char* const figure16_request = "40 01 7d 34 bb 74 65 6d 70 65 72 61 74 75 72 65";
const char* const figure16_response = "60 45 7d 34 ff 32 32 2e 33 20 43";
// RFC 7252 appendix A, figure 17: the same with the token 0x20.
const char* const figure17_request = "41 01 7d 35 20 bb 74 65 6d 70 65 72 61 74 75 72 65";
const char* const figure17_response = "61 45 7d 35 20 ff 32 32 2e 33 20 43";
// A registration (LwM2M transport 1.1, 6.4.3): POST /rd?lwm2m=1.1&ep=a&lt=60, Content-Format 40, payload </1/0>.
const char* const registration =
    "44 02 00 01 01 02 03 04 b2 72 64 11 28 39 6c 77 6d 32 6d 3d 31 2e 31 04 65 70 3d 61 05 6c 74 3d 36 30 ff "
    "3c 2f 31 2f 30 3e";

TEST(Message, ReadsFigure16OfRfc7252) {
    const auto request_bytes = hex(figure16_request);
    const auto request_view = parse(request_bytes);
    ASSERT_TRUE(request_view);
    EXPECT_EQ(request_view->type, MessageType::confirmable);
    EXPECT_EQ(request_view->code, Code::get);
    EXPECT_EQ(request_view->message_id, 0x7d34);
    EXPECT_TRUE(request_view->token.empty());
    EXPECT_EQ(request_view->find(OptionNumber::uri_path)->text(), "temperature");
    EXPECT_TRUE(request_view->payload.empty());

    const auto response_bytes = hex(figure16_response);
    const auto response = parse(response_bytes);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->type, MessageType::acknowledgement);
    EXPECT_EQ(response->code, Code::content);
    EXPECT_EQ(base::as_text(response->payload), "22.3 C");
    EXPECT_EQ(count(*response), 0u);
}

TEST(Message, ReadsTheTokenOfFigure17) {
    const auto bytes = hex(figure17_request);
    const auto message = parse(bytes);
    ASSERT_TRUE(message);
    EXPECT_TRUE(base::equal(message->token, hex("20")));
    EXPECT_EQ(message->find(OptionNumber::uri_path)->text(), "temperature");
    const auto answer = hex(figure17_response);
    EXPECT_EQ(Token(parse(answer)->token), Token(message->token));
}

TEST(Message, ReadsARegistration) {
    const auto bytes = hex(registration);
    const auto message = parse(bytes);
    ASSERT_TRUE(message) << message.error().what;
    EXPECT_EQ(message->find(OptionNumber::uri_path)->text(), "rd");
    EXPECT_EQ(message->find_uint(OptionNumber::content_format), 40u);
    std::vector<std::string> queries;
    for (const auto& option : message->options) {
        if (option.number == OptionNumber::uri_query) queries.emplace_back(option.text());
    }
    EXPECT_EQ(queries, (std::vector<std::string>{"lwm2m=1.1", "ep=a", "lt=60"}));
    EXPECT_EQ(base::as_text(message->payload), "</1/0>");
}

// RFC 7252 appendix A, figures 18 to 21: empty acknowledgements and resets.
TEST(Message, ReadsEmptyMessages) {
    const auto ack = hex("60 00 7d 38");
    EXPECT_EQ(parse(ack)->type, MessageType::acknowledgement);
    EXPECT_EQ(parse(ack)->code, Code::empty);
    const auto reset = hex("70 00 7d 38");
    EXPECT_EQ(parse(reset)->type, MessageType::reset);
    EXPECT_EQ(parse(reset)->message_id, 0x7d38);
}

// RFC 7252 4.1: "The Token Length field MUST be set to 0 and bytes of data MUST NOT be present after the Message ID
// field."
TEST(Message, AnEmptyMessageHasNothingBehindItsHeader) {
    EXPECT_NE(what(hex("60 00 7d 38 00")), "");
    EXPECT_NE(what(hex("60 00 7d 38 ff 01")), "");
    EXPECT_NE(what(hex("61 00 7d 38 20")), "");
    EXPECT_NE(what(hex("61 00 7d 38")), "");
}

TEST(Message, EveryTruncationIsRefusedOrMeansLess) {
    for (const char* text :
         {figure16_request, figure16_response, figure17_request, figure17_response, registration,
          "48 01 00 00 01 02 03 04 05 06 07 08 dd 00 00 00 01 02 03 04 05 06 07 08 09 0a 0b 0c ee 00 00 00 "
          "00 ff 2a"}) {
        const auto whole = hex(text);
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const Buffer cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            const auto message = parse_exactly(cut);
            if (size < 4 + (whole[0] & 15u)) {
                EXPECT_FALSE(message) << text << " cut to " << size;
            } else if (message) {
                walk(*message);
            } else {
                EXPECT_LE(message.error().offset, size);
            }
        }
    }
}

TEST(Message, RefusesTokenLengthsNineToFifteen) {
    for (unsigned length = 9; length <= 15; ++length) {
        Buffer bytes(4 + length, 0);
        bytes[0] = static_cast<std::uint8_t>(0x40u | length);
        bytes[1] = 1;
        EXPECT_EQ(what(bytes), "token length above 8") << length;
    }
    for (unsigned length = 0; length <= 8; ++length) {
        Buffer bytes(4 + length, 0);
        bytes[0] = static_cast<std::uint8_t>(0x40u | length);
        bytes[1] = 1;
        EXPECT_EQ(what(bytes), "") << length;
    }
}

TEST(Message, RefusesOtherVersions) {
    EXPECT_EQ(what(hex("00 01 00 00")), "version is not 1");
    EXPECT_EQ(what(hex("80 01 00 00")), "version is not 1");
    EXPECT_EQ(what(hex("c0 01 00 00")), "version is not 1");
}

// RFC 7252 3.1: 15 is reserved for the payload marker, as delta and as length, in the first option and in any later
// one.
TEST(Message, RefusesReservedNibblesAtEveryPlace) {
    const Buffer good = hex("40 01 00 00 b1 61 d1 00 62 01 63 e1 00 00 64 ff 70");
    ASSERT_EQ(what(good), "");
    for (const std::size_t at : {4u, 6u, 9u, 11u}) {
        for (unsigned other = 0; other < 15; ++other) {
            auto delta = good;
            delta[at] = static_cast<std::uint8_t>(0xf0u | other);
            EXPECT_EQ(what(delta), "reserved option nibble 15") << at << ' ' << other;
            EXPECT_EQ(parse(delta).error().offset, at);
            auto length = good;
            length[at] = static_cast<std::uint8_t>(other << 4 | 0x0fu);
            EXPECT_NE(what(length), "") << at << ' ' << other;
        }
    }
}

TEST(Message, RefusesExtendedNibblesThatRunPastTheEnd) {
    for (const char* tail :
         {"d0",   "e0",     "e000",     "0d",     "0e",   "0e00", "dd",     "dd00", "de00",       "de0000", "ee",
          "ee00", "ee0000", "ee000000", "ed0000", "ed00", "0d00", "0e0000", "05",   "0501020304", "0dff"}) {
        EXPECT_NE(what(request(tail)), "") << tail;
    }
}

// RFC 7252 3.1; the sum of deltas is computed wide, so that it cannot come back to a low number.
TEST(Message, RefusesOptionNumbersAbove65535) {
    EXPECT_EQ(what(request("e0 fe f2")), "");  // 65535 at once
    EXPECT_EQ(what(request("e0 fe f3")), "option number above 65535");
    EXPECT_EQ(what(request("e0 ff ff")), "option number above 65535");  // 65804
    EXPECT_EQ(what(request("e0 fe f2 10")), "option number above 65535");
    EXPECT_EQ(what(request("e0 fe f2 00")), "");
    EXPECT_EQ(what(request("e0 fe f2 00 d0 00")), "option number above 65535");
    EXPECT_EQ(what(request("e0 7f ff e0 7f ff")), "option number above 65535");  // 33036 + 33036 wraps to 536
}

TEST(Message, RefusesOptionLengthsThatWrap) {
    EXPECT_EQ(what(request("0e ff ff 00")), "option value runs past the end");  // 65804 bytes, 268 with 16 bits
    EXPECT_EQ(what(request("0e fe f3 00")), "option value runs past the end");  // 65536 bytes, 0 with 16 bits
    Buffer whole = request("be ff ff");
    whole.resize(whole.size() + 65804, 0x61);
    const auto message = parse_exactly(whole);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->find(OptionNumber::uri_path)->value.size(), 65804u);
    whole.pop_back();
    EXPECT_EQ(what(whole), "option value runs past the end");
}

// RFC 7252 3: "The presence of a marker followed by a zero-length payload MUST be processed as a message format error."
TEST(Message, RefusesAMarkerWithoutPayload) {
    EXPECT_EQ(what(request("ff")), "payload marker without payload");
    EXPECT_EQ(what(request("b1 61 ff")), "payload marker without payload");
    EXPECT_EQ(what(request("ff ff")), "");
}

TEST(Message, AZeroLengthOptionMayBeLast) {
    const auto bytes = request("b0");
    const auto message = parse_exactly(bytes);
    ASSERT_TRUE(message);
    ASSERT_EQ(count(*message), 1u);
    EXPECT_EQ(message->find(OptionNumber::uri_path)->text(), "");
    for (const char* tail : {"d0 00", "e0 00 00", "b1 61 00"}) EXPECT_EQ(what(request(tail)), "") << tail;
}

TEST(Message, AThousandEmptyOptionsEnd) {
    auto bytes = request("b0");
    bytes.resize(bytes.size() + 999, 0x00);
    const auto message = parse_exactly(bytes);
    ASSERT_TRUE(message);
    EXPECT_EQ(count(*message), 1000u);
    EXPECT_FALSE(message->find(OptionNumber::uri_query));
}

TEST(Message, KeepsUnknownOptions) {
    const auto bytes = request("b1 61 e3 06 e8 01 02 03 0d 00 00 01 02 03 04 05 06 07 08 09 0a 0b 0c");
    const auto message = parse_exactly(bytes);
    ASSERT_TRUE(message) << message.error().what;
    const auto number = static_cast<OptionNumber>(11 + 269 + 0x6e8);
    EXPECT_TRUE(base::equal(message->find(number)->value, hex("010203")));
    EXPECT_EQ(count(*message), 3u);
}

TEST(Message, FindStopsAtALaterNumber) {
    const auto bytes = request("61 05 51 61");  // Observe 5, Uri-Path "a"
    const auto message = parse_exactly(bytes);
    EXPECT_EQ(message->find_uint(OptionNumber::observe), 5u);
    EXPECT_FALSE(message->find(OptionNumber::uri_port));
    EXPECT_FALSE(message->find_uint(OptionNumber::block1));
}

// RFC 7252 3.2: leading zeros are tolerated by the reader, never sent by the writer.
TEST(Message, UintOptionsMayHaveLeadingZeros) {
    const auto bytes = request("c4 00 00 00 28");
    EXPECT_EQ(parse_exactly(bytes)->find_uint(OptionNumber::content_format), 40u);
    const auto zero = request("c0");
    EXPECT_EQ(parse_exactly(zero)->find_uint(OptionNumber::content_format), 0u);
}

TEST(MessageWriter, WritesFigures16And17) {
    Buffer memory(64);
    {
        base::Writer out(memory);
        MessageWriter writer(out, {.type = MessageType::confirmable, .code = Code::get, .message_id = 0x7d34});
        writer.path(OptionNumber::uri_path, "/temperature");
        EXPECT_EQ(base::to_hex(out.written()), base::to_hex(hex(figure16_request)));
    }
    {
        base::Writer out(memory);
        const auto token = hex("20");
        MessageWriter writer(
            out, {.type = MessageType::acknowledgement, .code = Code::content, .message_id = 0x7d35, .token = token});
        writer.payload("22.3 C");
        EXPECT_EQ(base::to_hex(out.written()), base::to_hex(hex(figure17_response)));
    }
}

TEST(MessageWriter, WritesARegistration) {
    Buffer memory(64);
    base::Writer out(memory);
    const auto token = hex("01020304");
    MessageWriter writer(out, {.type = MessageType::confirmable, .code = Code::post, .message_id = 1, .token = token});
    writer.path(OptionNumber::uri_path, "/rd");
    writer.option_uint(OptionNumber::content_format, 40);
    for (const char* query : {"lwm2m=1.1", "ep=a", "lt=60"}) writer.option(OptionNumber::uri_query, query);
    writer.begin_payload();
    out.put("</1/0>");
    writer.end_payload();
    EXPECT_EQ(base::to_hex(out.written()), base::to_hex(hex(registration)));
}

// RFC 7252 3.1: 12, 13, 268 and 269 are where the forms of delta and length change.
TEST(MessageWriter, ChoosesTheShortestFormOfDeltaAndLength) {
    struct Row {
        unsigned number;
        std::size_t length;
        const char* head;
    };
    for (const auto& row :
         {Row{12, 0, "c0"}, Row{13, 0, "d000"}, Row{268, 0, "d0ff"}, Row{269, 0, "e00000"}, Row{65535, 0, "e0fef2"},
          Row{1, 12, "1c"}, Row{1, 13, "1d00"}, Row{1, 268, "1dff"}, Row{1, 269, "1e0000"}, Row{13, 13, "dd0000"},
          Row{269, 269, "ee00000000"}, Row{0, 0, "00"}}) {
        Buffer memory(512);
        base::Writer out(memory);
        MessageWriter writer(out, {});
        writer.option(static_cast<OptionNumber>(row.number), Buffer(row.length, 0x61));
        ASSERT_EQ(base::to_hex(out.written().subspan(4)).substr(0, std::string(row.head).size()), row.head);
        EXPECT_EQ(out.size(), 4 + std::string(row.head).size() / 2 + row.length);
    }
}

TEST(MessageWriter, WritesUintsWithoutLeadingZeros) {
    struct Row {
        std::uint64_t value;
        const char* bytes;
    };
    for (const auto& row : {Row{0, "c0"}, Row{1, "c101"}, Row{255, "c1ff"}, Row{256, "c20100"},
                            Row{0xffffffff, "c4ffffffff"}, Row{0x0102030405060708, "c80102030405060708"}}) {
        Buffer memory(64);
        base::Writer out(memory);
        MessageWriter(out, {}).option_uint(OptionNumber::content_format, row.value);
        EXPECT_EQ(base::to_hex(out.written().subspan(4)), row.bytes);
    }
}

TEST(MessageWriter, SplitsAPathIntoItsSegments) {
    struct Row {
        const char* path;
        const char* bytes;
    };
    for (const auto& row : {Row{"", ""}, Row{"/", ""}, Row{"/rd", "b27264"}, Row{"rd", "b27264"},
                            Row{"/rd/5a", "b27264023561"}, Row{"/a//b", "b161000162"}}) {
        Buffer memory(64);
        base::Writer out(memory);
        MessageWriter(out, {}).path(OptionNumber::uri_path, row.path);
        EXPECT_EQ(base::to_hex(out.written().subspan(4)), row.bytes) << row.path;
    }
}

TEST(MessageWriter, TakesTheMarkerOfAnEmptyPayloadBack) {
    Buffer memory(64);
    base::Writer out(memory);
    MessageWriter writer(out, {.code = Code::content});
    writer.begin_payload();
    writer.end_payload();
    EXPECT_EQ(out.size(), 4u);
    writer.payload("");
    EXPECT_EQ(out.size(), 4u);
    EXPECT_TRUE(parse(out.written()));
}

// Wakaama, RIOT CVE-2026-27703: an answer that does not fit must not be written past its buffer, and must be told.
TEST(MessageWriter, FailsAtEveryTooSmallSizeAndWritesNoByteMore) {
    const auto write = [](base::Writer& out) {
        const auto token = hex("01020304");
        MessageWriter writer(out, {.code = Code::created, .token = token});
        writer.option(OptionNumber::location_path, "rd");
        writer.option(OptionNumber::location_path, std::string(256, 'x'));
        writer.option_uint(OptionNumber::size1, 70000);
        writer.payload("payload");
    };
    Buffer enough(1024);
    base::Writer all(enough);
    write(all);
    ASSERT_FALSE(all.failed());
    for (std::size_t size = 0; size <= all.size(); ++size) {
        Buffer memory(size);  // the sanitizer guards its end
        base::Writer out(memory);
        write(out);
        EXPECT_EQ(out.failed(), size < all.size()) << size;
    }
}

TEST(MessageWriter, RefusesAnOptionThatNoLengthCanSay) {
    Buffer memory(1 << 17);
    base::Writer out(memory);
    MessageWriter(out, {}).option(OptionNumber::uri_path, Buffer(65535 + 269, 0x61));
    EXPECT_FALSE(out.failed());
    base::Writer refused(memory);
    MessageWriter(refused, {}).option(OptionNumber::uri_path, Buffer(65535 + 270, 0x61));
    EXPECT_TRUE(refused.failed());
}

TEST(MessageWriterDeathTest, OptionsRise) {
    Buffer memory(64);
    base::Writer out(memory);
    MessageWriter writer(out, {});
    writer.option(OptionNumber::uri_query, "a");
    EXPECT_DEATH(writer.option(OptionNumber::uri_path, "b"), "CHECK");
}

TEST(Message, WhatIsWrittenIsRead) {
    EXPECT_TRUE(rc::check("parse(write(message)) == message", [] {
        const auto type = *rc::gen::inRange(0, 4);
        const auto code = *rc::gen::inRange(1, 256);
        const auto id = *rc::gen::arbitrary<std::uint16_t>();
        auto token = *rc::gen::arbitrary<Buffer>();
        if (token.size() > 8) token.resize(8);
        auto options = *rc::gen::container<std::vector<std::pair<std::uint16_t, Buffer>>>(
            rc::gen::pair(rc::gen::arbitrary<std::uint16_t>(), rc::gen::arbitrary<Buffer>()));
        const auto stretch = *rc::gen::inRange<std::size_t>(0, 300);
        if (!options.empty()) options.front().second.resize(stretch);
        std::stable_sort(options.begin(), options.end(),
                         [](const auto& a, const auto& b) { return a.first < b.first; });
        const auto payload = *rc::gen::arbitrary<Buffer>();

        Buffer memory(1 << 16);
        base::Writer out(memory);
        MessageWriter writer(out, {.type = static_cast<MessageType>(type),
                                   .code = static_cast<Code>(code),
                                   .message_id = id,
                                   .token = token});
        for (const auto& [number, value] : options) writer.option(static_cast<OptionNumber>(number), value);
        writer.payload(payload);
        RC_ASSERT(!out.failed());

        const Buffer bytes(out.written().begin(), out.written().end());
        const auto message = parse(bytes);
        RC_ASSERT(message.has_value());
        RC_ASSERT(static_cast<int>(message->type) == type);
        RC_ASSERT(static_cast<int>(message->code) == code);
        RC_ASSERT(message->message_id == id);
        RC_ASSERT(base::equal(message->token, token));
        RC_ASSERT(base::equal(message->payload, payload));
        std::size_t at = 0;
        for (const auto& option : message->options) {
            RC_ASSERT(at < options.size());
            RC_ASSERT(static_cast<std::uint16_t>(option.number) == options[at].first);
            RC_ASSERT(base::equal(option.value, options[at].second));
            ++at;
        }
        RC_ASSERT(at == options.size());
    }));
}

TEST(Message, AnyBytesAreReadOrRefused) {
    EXPECT_TRUE(rc::check("parse stays within any bytes", [](Buffer bytes) {
        bytes.insert(bytes.begin(), {0x40, 0x01, 0x00, 0x00});
        const auto message = parse(bytes);
        if (message) {
            walk(*message);
            RC_ASSERT(message->options.bytes().size() + message->payload.size() <= bytes.size());
        } else {
            RC_ASSERT(message.error().offset <= bytes.size());
        }
    }));
}

TEST(Token, IsComparedAsAWhole) {
    EXPECT_EQ(Token(hex("0102")), Token(hex("0102")));
    EXPECT_FALSE(Token(hex("01")) == Token(hex("0100")));
    EXPECT_TRUE(base::equal(Token(hex("0102030405060708")).view(), hex("0102030405060708")));
    EXPECT_TRUE(Token().view().empty());
}

TEST(MessageType, HasTheNamesOfTheRfc) {
    EXPECT_STREQ(name(MessageType::confirmable), "CON");
    EXPECT_STREQ(name(MessageType::non_confirmable), "NON");
    EXPECT_STREQ(name(MessageType::acknowledgement), "ACK");
    EXPECT_STREQ(name(MessageType::reset), "RST");
}

}  // namespace
}  // namespace coap
