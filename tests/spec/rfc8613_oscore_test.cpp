// RFC 8613: the vectors of appendix C byte by byte, and what its sections say of options, replays, notifications and
// new contexts.
#include <gtest/gtest.h>

#include "coap/oscore.h"
#include "tests/support/hex.h"
#include "tests/support/message.h"

namespace {

using coap::Code;
using coap::OptionNumber;
using coap::OscoreContext;
using coap::OscoreFailure;
using coap::OscoreNonce;
using coap::OscoreOption;
using coap::OscoreReplay;
using support::ACK;
using support::CON;
using support::hex;
using support::Message;
using support::NON;

using Memory = std::vector<std::uint8_t>;

// What appendix C calls client and server, with the same Master Secret and without or with the rest.
struct Given {
    Memory secret = hex("0102030405060708090a0b0c0d0e0f10");
    Memory salt;
    Memory client;
    Memory server = hex("01");
    std::optional<Memory> id_context = std::nullopt;

    coap::OscoreInput input(bool of_client) const {
        return {.master_secret = secret,
                .master_salt = salt,
                .sender_id = of_client ? client : server,
                .recipient_id = of_client ? server : client,
                .id_context = id_context ? std::optional<base::Bytes>(*id_context) : std::nullopt};
    }
    OscoreContext context(bool of_client) const {
        OscoreContext made;
        derive(input(of_client), made);
        return made;
    }
};
Given with_salt() { return {.salt = hex("9e7ca92223786340")}; }                                               // C.1
Given without_salt() { return {.salt = {}, .client = hex("00")}; }                                            // C.2
Given with_id_context() { return {.salt = hex("9e7ca92223786340"), .id_context = hex("37cbf3210017a2d3")}; }  // C.3

std::string nonce(const OscoreContext& context, const coap::OscoreId& id, std::uint64_t partial_iv) {
    return base::to_hex(coap::oscore_nonce(context, id.view(), partial_iv));
}
std::string info(const Memory& id, const std::optional<base::Bytes>& id_context, std::string_view type,
                 std::uint8_t length) {
    Memory memory(64);
    base::Writer out(memory);
    coap::write_oscore_info(id, id_context, type, length, out);
    return base::to_hex(out.written());
}

// C.1: Key Derivation with Master Salt.
TEST(Rfc8613, C_1_KeyDerivationWithMasterSalt) {
    EXPECT_EQ(info({}, std::nullopt, "Key", 16), "8540f60a634b657910");
    EXPECT_EQ(info(hex("01"), std::nullopt, "Key", 16), "854101f60a634b657910");
    EXPECT_EQ(info({}, std::nullopt, "IV", 13), "8540f60a6249560d");
    const auto client = with_salt().context(true);
    EXPECT_EQ(base::to_hex(client.sender_key), "f0910ed7295e6ad4b54fc793154302ff");
    EXPECT_EQ(base::to_hex(client.recipient_key), "ffb14e093c94c9cac9471648b4f98710");
    EXPECT_EQ(base::to_hex(client.common_iv), "4622d4dd6d944168eefb54987c");
    EXPECT_EQ(nonce(client, client.sender_id, 0), "4622d4dd6d944168eefb54987c");
    EXPECT_EQ(nonce(client, client.recipient_id, 0), "4722d4dd6d944169eefb54987c");
    const auto server = with_salt().context(false);
    EXPECT_EQ(server.sender_key, client.recipient_key);
    EXPECT_EQ(server.recipient_key, client.sender_key);
    EXPECT_EQ(server.common_iv, client.common_iv);
}

// C.2: Key Derivation without Master Salt.
TEST(Rfc8613, C_2_KeyDerivationWithoutMasterSalt) {
    EXPECT_EQ(info(hex("00"), std::nullopt, "Key", 16), "854100f60a634b657910");
    const auto client = without_salt().context(true);
    EXPECT_EQ(base::to_hex(client.sender_key), "321b26943253c7ffb6003b0b64d74041");
    EXPECT_EQ(base::to_hex(client.recipient_key), "e57b5635815177cd679ab4bcec9d7dda");
    EXPECT_EQ(base::to_hex(client.common_iv), "be35ae297d2dace910c52e99f9");
    EXPECT_EQ(nonce(client, client.sender_id, 0), "bf35ae297d2dace910c52e99f9");
    EXPECT_EQ(nonce(client, client.recipient_id, 0), "bf35ae297d2dace810c52e99f9");
}

// C.3: Key Derivation with ID Context.
TEST(Rfc8613, C_3_KeyDerivationWithIdContext) {
    const auto id_context = hex("37cbf3210017a2d3");
    EXPECT_EQ(info({}, id_context, "Key", 16), "85404837cbf3210017a2d30a634b657910");
    EXPECT_EQ(info(hex("01"), id_context, "Key", 16), "8541014837cbf3210017a2d30a634b657910");
    EXPECT_EQ(info({}, id_context, "IV", 13), "85404837cbf3210017a2d30a6249560d");
    const auto client = with_id_context().context(true);
    EXPECT_EQ(base::to_hex(client.sender_key), "af2a1300a5e95788b356336eeecd2b92");
    EXPECT_EQ(base::to_hex(client.recipient_key), "e39a0c7c77b43f03b4b39ab9a268699f");
    EXPECT_EQ(base::to_hex(client.common_iv), "2ca58fb85ff1b81c0b7181b85e");
    EXPECT_EQ(nonce(client, client.recipient_id, 0), "2da58fb85ff1b81d0b7181b85e");
}

class Rfc8613Messages : public ::testing::Test {
protected:
    // What the plain message becomes on the wire.
    Memory request(OscoreContext& context, base::Bytes plain) {
        Memory memory(1500);
        base::Writer out(memory);
        out.put(plain);
        coap::protect_request(context, out, workspace_);
        EXPECT_FALSE(out.failed());
        return Memory(out.written().begin(), out.written().end());
    }
    Memory request(OscoreContext& context, const Message& plain) { return request(context, plain.bytes()); }
    Memory response(OscoreContext& context, std::uint64_t request_iv, OscoreNonce how, base::Bytes plain,
                    std::optional<base::Bytes> kid_context = std::nullopt) {
        Memory memory(1500);
        base::Writer out(memory);
        out.put(plain);
        coap::protect_response(context, request_iv, how, out, workspace_, kid_context);
        EXPECT_FALSE(out.failed());
        return Memory(out.written().begin(), out.written().end());
    }
    coap::OscoreResult open_request(OscoreContext& context, const Memory& wire,
                                    OscoreReplay replay = OscoreReplay::accept) {
        return coap::unprotect_request(context, coap::parse(wire).value(), workspace_, replay);
    }
    coap::OscoreResult open_response(OscoreContext& context, std::uint64_t request_iv, const Memory& wire) {
        return coap::unprotect_response(context, request_iv, coap::parse(wire).value(), workspace_);
    }
    // The whole plain message again.
    static std::string bytes_of(const coap::MessageView& message) {
        Memory memory(1500);
        base::Writer out(memory);
        coap::MessageWriter copy(out, {message.type, message.code, message.message_id, message.token});
        for (const auto& option : message.options) copy.option(option.number, option.value);
        copy.payload(message.payload);
        return base::to_hex(out.written());
    }
    static coap::MessageView outer(const Memory& wire) { return coap::parse(wire).value(); }

    OscoreContext client_ = with_salt().context(true);
    OscoreContext server_ = with_salt().context(false);
    coap::OscoreWorkspace workspace_;
};

// C.4, C.5, C.6: OSCORE Request, Client: GET coap://localhost/tv1 with Sender Sequence Number 20.
TEST_F(Rfc8613Messages, C_4_Request) {
    client_.next_partial_iv = 20;
    const auto plain = hex("44015d1f00003974396c6f63616c686f737483747631");
    const auto wire = request(client_, plain);
    EXPECT_EQ(base::to_hex(wire), "44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f1c1668b3825e");
    const auto opened = open_request(server_, wire);
    ASSERT_TRUE(opened);
    EXPECT_EQ(bytes_of(opened->message), base::to_hex(plain));
}

TEST_F(Rfc8613Messages, C_5_RequestWithoutMasterSalt) {
    auto client = without_salt().context(true);
    auto server = without_salt().context(false);
    client.next_partial_iv = 20;
    const auto plain = hex("440171c30000b932396c6f63616c686f737483747631");
    const auto wire = request(client, plain);
    EXPECT_EQ(base::to_hex(wire), "440271c30000b932396c6f63616c686f737463091400ff4ed339a5a379b0b8bc731fffb0");
    const auto opened = open_request(server, wire);
    ASSERT_TRUE(opened);
    EXPECT_EQ(bytes_of(opened->message), base::to_hex(plain));
}

TEST_F(Rfc8613Messages, C_6_RequestWithIdContext) {
    auto client = with_id_context().context(true);
    auto server = with_id_context().context(false);
    client.next_partial_iv = 20;
    client.tells_id_context = true;
    const auto plain = hex("44012f8eef9bbf7a396c6f63616c686f737483747631");
    const auto wire = request(client, plain);
    EXPECT_EQ(base::to_hex(wire),
              "44022f8eef9bbf7a396c6f63616c686f73746b19140837cbf3210017a2d3ff72cd7273fd331ac45cffbe55c3");
    const auto opened = open_request(server, wire);
    ASSERT_TRUE(opened);
    EXPECT_EQ(bytes_of(opened->message), base::to_hex(plain));
}

// C.7, C.8: OSCORE Response to the request of C.4, without and with a Partial IV.
TEST_F(Rfc8613Messages, C_7_Response) {
    const auto plain = hex("64455d1f00003974ff48656c6c6f20576f726c6421");
    const auto wire = response(server_, 20, OscoreNonce::of_request, plain);
    EXPECT_EQ(base::to_hex(wire), "64445d1f0000397490ffdbaad1e9a7e7b2a813d3c31524378303cdafae119106");
    const auto opened = open_response(client_, 20, wire);
    ASSERT_TRUE(opened);
    EXPECT_EQ(bytes_of(opened->message), base::to_hex(plain));
}

TEST_F(Rfc8613Messages, C_8_ResponseWithPartialIv) {
    const auto plain = hex("64455d1f00003974ff48656c6c6f20576f726c6421");
    const auto wire = response(server_, 20, OscoreNonce::own, plain);
    EXPECT_EQ(base::to_hex(wire), "64445d1f00003974920100ff4d4c13669384b67354b2b6175ff4b8658c666a6cf88e");
    const auto opened = open_response(client_, 20, wire);
    ASSERT_TRUE(opened);
    EXPECT_EQ(bytes_of(opened->message), base::to_hex(plain));
}

// ---- 6.1, the option

std::string written(const OscoreOption& option) {
    Memory memory(300);
    base::Writer out(memory);
    coap::write_oscore_option(option, out);
    return base::to_hex(out.written());
}

// 6.3: examples of compressed COSE objects.
TEST(Rfc8613Option, S6_3_Examples) {
    EXPECT_EQ(written({.partial_iv = 5, .kid_context = {}, .kid = hex("25")}), "090525");
    EXPECT_EQ(written({.partial_iv = 0, .kid_context = {}, .kid = base::Bytes{}}), "0900");
    const auto context = hex("44616c656b");
    EXPECT_EQ(written({.partial_iv = 5, .kid_context = context, .kid = base::Bytes{}}), "19050544616c656b");
    EXPECT_EQ(written({}), "");
    EXPECT_EQ(written({.partial_iv = 7, .kid_context = {}, .kid = {}}), "0107");
}

TEST(Rfc8613Option, S6_1_IsReadAsItWasWritten) {
    const auto context = hex("0102030405");
    for (const std::uint64_t partial_iv : {0ull, 1ull, 255ull, 256ull, 65536ull, (1ull << 40) - 1}) {
        const auto kid = hex("616263");
        const auto value = hex(written({.partial_iv = partial_iv, .kid_context = context, .kid = kid}));
        const auto read = coap::read_oscore_option(value);
        ASSERT_TRUE(read) << partial_iv;
        EXPECT_EQ(read->partial_iv, partial_iv);
        EXPECT_EQ(base::to_hex(*read->kid_context), "0102030405");
        EXPECT_EQ(base::to_hex(*read->kid), "616263");
    }
}

TEST(Rfc8613Option, S6_1_WhatIsReservedIsRefused) {
    for (const char* value : {"2900", "4900", "8900", "0e000000000000", "0f00000000000000", "00"}) {
        EXPECT_FALSE(coap::read_oscore_option(hex(value))) << value;
    }
    EXPECT_FALSE(coap::read_oscore_option(hex("0200ff"))) << "leading zero";
    EXPECT_FALSE(coap::read_oscore_option(hex("010501"))) << "bytes behind the Partial IV, and no kid";
}

TEST(Rfc8613Option, S6_1_TruncatedAnywhereItIsRefusedOrHasAShorterKid) {
    const auto whole = hex("1a0102030a0b0c6b6964");
    ASSERT_TRUE(coap::read_oscore_option(whole));
    for (std::size_t size = 1; size < 7; ++size) {
        EXPECT_FALSE(coap::read_oscore_option(base::Bytes(whole).first(size))) << size;
    }
    for (std::size_t size = 7; size < whole.size(); ++size) {
        EXPECT_TRUE(coap::read_oscore_option(base::Bytes(whole).first(size))) << size;
    }
}

// ---- 4.1, what is inside

// Figure 5: all but what a proxy needs is class E.
TEST_F(Rfc8613Messages, S4_1_OnlyWhatAProxyNeedsIsSeen) {
    const Message plain = Message(CON, Code::put)
                              .id(7)
                              .token("aa")
                              .option(OptionNumber::uri_host, std::string_view("host"))
                              .uint(OptionNumber::uri_port, 5683)
                              .path("/3/0/15")
                              .format(0)
                              .query("pmin=1")
                              .block1(0, 1, 64)
                              .uint(OptionNumber::size1, 200)
                              .uint(OptionNumber::no_response, 2)
                              .payload("UTC");
    const auto wire = request(client_, plain);
    std::vector<OptionNumber> seen;
    for (const auto& option : outer(wire).options) seen.push_back(option.number);
    EXPECT_EQ(seen, (std::vector{OptionNumber::uri_host, OptionNumber::uri_port, OptionNumber::oscore}));
    EXPECT_EQ(outer(wire).code, Code::post);
    const auto opened = open_request(server_, wire);
    ASSERT_TRUE(opened);
    EXPECT_EQ(bytes_of(opened->message), base::to_hex(plain.bytes()));
}

// 4.1.3.5: Observe is inside and outside, the outer code FETCH and 2.05.
TEST_F(Rfc8613Messages, S4_1_3_5_ObserveStandsInsideAndOutside) {
    const auto wire = request(client_, Message(CON, Code::get).id(1).token("4a").observe(0).path("/3/0/9"));
    EXPECT_EQ(outer(wire).code, Code::fetch);
    EXPECT_EQ(outer(wire).find_uint(OptionNumber::observe), 0u);
    const auto opened = open_request(server_, wire);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->message.code, Code::get);
    EXPECT_EQ(opened->message.find_uint(OptionNumber::observe), 0u);
}

// 4.1.3.5.1: a proxy that took the outer Observe away will not pass notifications on.
TEST_F(Rfc8613Messages, S4_1_3_5_1_WithoutTheOuterObserveItIsAPlainRead) {
    const auto wire = request(client_, Message(CON, Code::get).id(1).observe(0).path("/3/0/9"));
    const auto sealed = outer(wire);
    Message stripped(CON, Code::fetch);
    stripped.id(1).option(OptionNumber::oscore, sealed.find(OptionNumber::oscore)->value).payload(sealed.payload);
    const auto bytes = stripped.bytes();
    const auto opened = open_request(server_, Memory(bytes.begin(), bytes.end()));
    ASSERT_TRUE(opened);
    EXPECT_FALSE(opened->message.find(OptionNumber::observe));
    EXPECT_TRUE(opened->message.find(OptionNumber::uri_path));
}

// 4.1.3.5.2: a notification's number is its Partial IV, whatever stands outside.
TEST_F(Rfc8613Messages, S4_1_3_5_2_NotificationsAreNumberedByTheirPartialIv) {
    server_.next_partial_iv = 0x1234567;
    const auto wire =
        response(server_, 0, OscoreNonce::own, Message(NON, Code::content).id(9).token("4a").observe(3).bytes());
    EXPECT_EQ(outer(wire).code, Code::content);
    const auto opened = open_response(client_, 0, wire);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->message.find_uint(OptionNumber::observe), 0x234567u);
    EXPECT_EQ(opened->partial_iv, 0x1234567u);
}

// 4.1.3.2: Block-wise inside is invisible.
TEST_F(Rfc8613Messages, S4_1_3_4_1_BlockwiseIsInner) {
    const auto body = support::body_of(1024);
    const auto wire = response(server_, 4, OscoreNonce::of_request,
                               Message(ACK, Code::content).id(9).block2(0, 1, 1024).payload(body).bytes());
    EXPECT_FALSE(outer(wire).find(OptionNumber::block2));
    const auto opened = open_response(client_, 4, wire);
    ASSERT_TRUE(opened);
    EXPECT_EQ(base::as_text(opened->message.payload), body);
}

// 8.2, 8.4: options outside that belong inside are ignored.
TEST_F(Rfc8613Messages, S8_2_AddedOptionsAreIgnored) {
    const auto wire = request(client_, Message(CON, Code::get).id(1).path("/3"));
    const auto sealed = outer(wire);
    Message added(CON, Code::post);
    added.id(1)
        .option(OptionNumber::oscore, sealed.find(OptionNumber::oscore)->value)
        .path("/5/0/1")
        .uint(OptionNumber::max_age, 7)
        .payload(sealed.payload);
    const auto bytes = added.bytes();
    const auto opened = open_request(server_, Memory(bytes.begin(), bytes.end()));
    ASSERT_TRUE(opened);
    EXPECT_EQ(bytes_of(opened->message), base::to_hex(Message(CON, Code::get).id(1).path("/3").bytes()));
}

// ---- 7.4, replays

TEST_F(Rfc8613Messages, S7_4_ARequestIsTakenOnce) {
    const auto wire = request(client_, Message(CON, Code::get).id(1).path("/3"));
    EXPECT_TRUE(open_request(server_, wire, OscoreReplay::check));
    EXPECT_TRUE(open_request(server_, wire));
    EXPECT_EQ(open_request(server_, wire).error(), OscoreFailure::replay);
    EXPECT_TRUE(open_request(server_, wire, OscoreReplay::ignore));
}

TEST_F(Rfc8613Messages, S7_4_ReorderedRequestsAreTakenWithinTheWindow) {
    std::vector<Memory> wires;
    for (int i = 0; i < 70; ++i) wires.push_back(request(client_, Message(CON, Code::get).path("/3")));
    EXPECT_TRUE(open_request(server_, wires[69]));
    EXPECT_TRUE(open_request(server_, wires[68]));
    EXPECT_TRUE(open_request(server_, wires[6]));
    EXPECT_EQ(open_request(server_, wires[6]).error(), OscoreFailure::replay);
    EXPECT_EQ(open_request(server_, wires[5]).error(), OscoreFailure::replay) << "too old to tell";
}

// A forged message does not move the window.
TEST_F(Rfc8613Messages, S7_4_OnlyWhatIsVerifiedMovesTheWindow) {
    auto wire = request(client_, Message(CON, Code::get).path("/3"));
    auto forged = wire;
    forged.back() ^= 1;
    EXPECT_EQ(open_request(server_, forged).error(), OscoreFailure::decrypt);
    EXPECT_TRUE(open_request(server_, wire));
}

TEST(Rfc8613Replay, S7_4_WindowAgainstAPlainSet) {
    coap::OscoreReplayWindow window;
    std::vector<std::uint64_t> taken;
    std::uint64_t newest = 0;
    for (std::uint64_t i = 0; i < 5000; ++i) {
        const std::uint64_t number = i / 2 + (i * 2654435761u >> 3) % 80;
        const bool known = std::find(taken.begin(), taken.end(), number) != taken.end();
        const bool old = !taken.empty() && number + coap::OscoreReplayWindow::width <= newest;
        ASSERT_EQ(window.is_new(number), !known && !old) << number;
        if (known || old) continue;
        window.accept(number);
        taken.push_back(number);
        newest = std::max(newest, number);
    }
}

// ---- 8.2, what is refused

TEST_F(Rfc8613Messages, S8_2_EveryFlippedBitIsFound) {
    const auto wire = request(client_, Message(CON, Code::get).id(1).path("/3/0/0"));
    const auto ciphertext_at = wire.size() - outer(wire).payload.size();
    for (std::size_t at = ciphertext_at; at < wire.size(); ++at) {
        auto forged = wire;
        forged[at] ^= 0x10;
        EXPECT_EQ(open_request(server_, forged).error(), OscoreFailure::decrypt) << at;
    }
}

TEST_F(Rfc8613Messages, S8_2_TruncatedAnywhereItIsRefused) {
    const auto wire = request(client_, Message(CON, Code::get).id(1).path("/3/0/0"));
    for (std::size_t size = 4; size < wire.size(); ++size) {
        const Memory cut(wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(size));
        if (!coap::parse(cut)) continue;
        EXPECT_FALSE(open_request(server_, cut)) << size;
    }
}

TEST_F(Rfc8613Messages, S8_2_AnUnknownKidOrIdContextIsNoContext) {
    auto other = Given{.salt = {}, .client = hex("07")}.context(true);
    EXPECT_EQ(open_request(server_, request(other, Message(CON, Code::get))).error(), OscoreFailure::no_context);
    auto another = with_id_context().context(true);
    another.tells_id_context = true;
    EXPECT_EQ(open_request(server_, request(another, Message(CON, Code::get))).error(), OscoreFailure::no_context);
}

// 8.2: 4.01, 4.02 or 4.00, unprotected, Max-Age 0.
TEST(Rfc8613Errors, S8_2_CodesAndWords) {
    const auto said = [](OscoreFailure failure) {
        Memory memory(100);
        base::Writer out(memory);
        coap::write_oscore_error(failure, {.type = ACK, .code = {}, .message_id = 5, .token = {}}, out);
        const auto message = coap::parse(out.written()).value();
        EXPECT_EQ(message.find_uint(OptionNumber::max_age), 0u);
        return coap::to_string(message.code) + " " + std::string(base::as_text(message.payload));
    };
    EXPECT_EQ(said(OscoreFailure::malformed), "4.02 Failed to decode COSE");
    EXPECT_EQ(said(OscoreFailure::no_context), "4.01 Security context not found");
    EXPECT_EQ(said(OscoreFailure::replay), "4.01 Replay detected");
    EXPECT_EQ(said(OscoreFailure::decrypt), "4.00 Decryption failed");
}

// 7.2.1: no number is used twice, and none beyond the last.
TEST_F(Rfc8613Messages, S7_2_1_TheLastPartialIvIsTheLastRequest) {
    client_.next_partial_iv = coap::oscore_last_partial_iv;
    const auto wire = request(client_, Message(CON, Code::get));
    EXPECT_EQ(coap::find_oscore(outer(wire))->partial_iv, coap::oscore_last_partial_iv);
    Memory memory(100);
    base::Writer out(memory);
    out.put(Message(CON, Code::get).bytes());
    coap::protect_request(client_, out, workspace_);
    EXPECT_TRUE(out.failed());
}

// 8.3: a response with the request's nonce and one with a number of its own are different messages.
TEST_F(Rfc8613Messages, S8_3_AnswersToOneRequestHaveTheirOwnNonces) {
    const auto plain = Message(ACK, Code::content).id(1).payload("21.5");
    const auto first = response(server_, 5, OscoreNonce::of_request, plain.bytes());
    const auto second = response(server_, 5, OscoreNonce::own, plain.bytes());
    const auto third = response(server_, 5, OscoreNonce::own, plain.bytes());
    EXPECT_NE(base::to_hex(outer(first).payload), base::to_hex(outer(second).payload));
    EXPECT_NE(base::to_hex(outer(second).payload), base::to_hex(outer(third).payload));
    EXPECT_TRUE(open_response(client_, 5, third));
    EXPECT_FALSE(open_response(client_, 6, third)) << "it answers another request";
}

// ---- appendix B

// B.1.1: SSN2 = SSN1 + K.
TEST(Rfc8613Reboot, B_1_1_TheSequenceGoesOnAboveWhatMayHaveBeenUsed) {
    auto context = with_salt().context(true);
    context.next_partial_iv = 130;
    forget_mutable(context, 77, 64);
    EXPECT_EQ(context.next_partial_iv, 192u);
    EXPECT_EQ(context.awaited_echo, 77u);
}

// B.2, figure 14:
//
//   ID Context = ID1        ---- request #1, kid context ID1 ---->
//                           <--- response #1, kid context R2 ----  ID Context = R2 || ID1
//   ID Context = R2 || R3   ---- request #2, kid context R2||R3 ->
//                           <--- response #2 ---------------------  ID Context = R2 || R3
TEST_F(Rfc8613Messages, B_2_TwoExchangesMakeANewContext) {
    const auto given = with_salt();
    const auto of_server = [&](base::Bytes id_context) {
        OscoreContext context;
        auto input = given.input(false);
        input.id_context = id_context;
        derive(input, context);
        return context;
    };
    const auto input = given.input(true);
    coap::ask_for_renewal(input, {1, 2, 3, 4, 5, 6, 7, 8}, client_);
    const auto request1 = request(client_, Message(CON, Code::post).id(1).path("/rd"));
    const auto asked = coap::find_oscore(outer(request1));
    ASSERT_TRUE(asked && asked->kid_context);
    EXPECT_EQ(base::to_hex(*asked->kid_context), "480102030405060708");
    const auto id1 = hex("0102030405060708");
    auto first = of_server(id1);
    ASSERT_TRUE(open_request(first, request1));

    const auto r2 = hex("aabbccddeeff0011");
    auto second = of_server(hex("aabbccddeeff00110102030405060708"));
    const auto response1 =
        response(second, *asked->partial_iv, OscoreNonce::own, Message(ACK, Code::unauthorized).id(1).bytes(), r2);
    const auto answered =
        coap::open_response({.context = client_, .workspace = workspace_, .input = &input}, outer(response1));
    ASSERT_TRUE(answered);
    EXPECT_EQ(answered->message.code, Code::unauthorized);
    ASSERT_EQ(client_.renewal, coap::OscoreRenewal::answered);

    coap::propose_renewal(input, {9, 9, 9, 9, 9, 9, 9, 9}, client_);
    const auto request2 = request(client_, Message(CON, Code::post).id(2).path("/rd"));
    const auto proposed = coap::find_oscore(outer(request2));
    EXPECT_EQ(base::to_hex(*proposed->kid_context), "50aabbccddeeff00110909090909090909");
    auto third = of_server(hex("aabbccddeeff00110909090909090909"));
    ASSERT_TRUE(open_request(third, request2));
    const auto response2 =
        response(third, *proposed->partial_iv, OscoreNonce::of_request, Message(ACK, Code::created).id(2).bytes());
    ASSERT_TRUE(coap::open_response({.context = client_, .workspace = workspace_}, outer(response2)));
    EXPECT_EQ(client_.renewal, coap::OscoreRenewal::none);
    const auto later = request(client_, Message(CON, Code::post).id(3).path("/rd/5a"));
    EXPECT_FALSE(coap::find_oscore(outer(later))->kid_context) << "the context is known by now";
}

// RFC 9175 2.2: the Echo of a 4.01 goes into the request that is sent again, among the inner options.
TEST_F(Rfc8613Messages, Rfc9175_EchoGoesIntoOneRequest) {
    workspace_.echo.assign(hex("0011223344"));
    const auto wire = request(client_, Message(CON, Code::post)
                                           .id(1)
                                           .path("/rd")
                                           .option(OptionNumber::request_tag, std::string_view("t"))
                                           .payload("x"));
    const auto opened = open_request(server_, wire);
    ASSERT_TRUE(opened);
    EXPECT_EQ(base::to_hex(opened->message.find(OptionNumber::echo)->value), "0011223344");
    EXPECT_TRUE(opened->message.find(OptionNumber::request_tag));
    const auto next = open_request(server_, request(client_, Message(CON, Code::post).id(2).path("/rd")));
    EXPECT_FALSE(next->message.find(OptionNumber::echo));
}

}  // namespace
