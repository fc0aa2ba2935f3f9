#include "simulator/net/dtls_record.h"

#include <gtest/gtest.h>

#include "tests/support/hex.h"

namespace net {
namespace {

using Datagram = std::vector<std::uint8_t>;

struct Line {
    base::Aes128 aes;
    DtlsSession sender;
    DtlsSession receiver;
    CbcKeys sender_mac;
    CbcKeys receiver_mac;
    Datagram id;

    explicit Line(RecordCipher cipher = RecordCipher::aes128_ccm8, std::string_view id_hex = "")
        : id(support::hex(id_hex)) {
        sender.write_key.fill(1);
        sender.write_salt.fill(2);
        sender.cipher = cipher;
        sender.write_id_size = static_cast<std::uint8_t>(id.size());
        std::copy(id.begin(), id.end(), sender.write_id.begin());
        sender_mac.write_mac.fill(3);
        receiver.read_key = sender.write_key;
        receiver.read_salt = sender.write_salt;
        receiver.cipher = cipher;
        receiver.read_id_size = sender.write_id_size;
        receiver_mac.read_mac = sender_mac.write_mac;
    }
    Datagram send(std::string_view text, ContentType type = ContentType::application_data) {
        Datagram out(text.size() + record_overhead(sender));
        const auto size = seal(aes, sender, &sender_mac, type, base::as_bytes(text), out);
        EXPECT_NE(size, 0u);
        out.resize(size);
        return out;
    }
    struct Got {
        RecordDiscard discard;
        ContentType type;
        std::string text;
        bool newest;
    };
    Got take(Datagram datagram) {
        RecordReader records(datagram, id.size());
        const auto record = records.next();
        if (!record) return {RecordDiscard::malformed, ContentType::alert, "", false};
        const auto opened = open(aes, receiver, &receiver_mac, id, *record);
        return {opened.discard, opened.type, std::string(base::as_text(opened.text)), opened.newest};
    }
};

TEST(DtlsRecord, IsOpenedAsItWasSealed) {
    for (const auto cipher : {RecordCipher::aes128_ccm8, RecordCipher::aes128_gcm, RecordCipher::aes128_cbc_sha256}) {
        for (const auto* id : {"", "0102030405", "00112233445566778899aabbcc"}) {
            Line line(cipher, id);
            for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 60u, 300u, 1200u}) {
                const std::string text(size, 'x');
                const auto got = line.take(line.send(text));
                EXPECT_EQ(name(got.discard), "none");
                EXPECT_EQ(got.type, ContentType::application_data);
                EXPECT_EQ(got.text, text);
            }
            EXPECT_EQ(line.take(line.send("ab", ContentType::alert)).type, ContentType::alert);
        }
    }
}

// RFC 6347 4.1, RFC 9146 4: the shape on the wire.
TEST(DtlsRecord, HasTheLayoutOfTheRfcs) {
    Line plain;
    EXPECT_EQ(base::to_hex(base::Bytes(plain.send("hello")).first(21)),
              "17fefd00010000000000000015"
              "0001000000000000");
    EXPECT_EQ(plain.send("hello").size(), 13u + 8 + 5 + 8);
    Line with_id(RecordCipher::aes128_ccm8, "c1d2");
    const auto record = with_id.send("hello");
    EXPECT_EQ(base::to_hex(base::Bytes(record).first(15)), "19fefd0001000000000000c1d20016");
}

TEST(DtlsRecord, IsTakenOnce) {
    Line line;
    const auto record = line.send("one");
    EXPECT_EQ(line.take(record).discard, RecordDiscard::none);
    EXPECT_EQ(line.take(record).discard, RecordDiscard::replay);
}

// RFC 6347 4.1.2.6: a window of 64 records.
TEST(DtlsRecord, MayComeLateByLessThanTheWindow) {
    Line line;
    std::vector<Datagram> records;
    for (int i = 0; i < 66; ++i) records.push_back(line.send(std::to_string(i)));
    EXPECT_TRUE(line.take(records[65]).newest);
    EXPECT_EQ(line.take(records[1]).discard, RecordDiscard::replay);  // 64 behind the newest
    const auto late = line.take(records[2]);
    EXPECT_EQ(late.discard, RecordDiscard::none);
    EXPECT_FALSE(late.newest);
    EXPECT_EQ(line.take(records[2]).discard, RecordDiscard::replay);
    EXPECT_EQ(line.take(records[64]).text, "64");
}

TEST(DtlsRecord, ThatDoesNotOpenMovesNoWindow) {
    Line line;
    auto far = line.send("x");
    far[9] = 0x7f;  // a sequence far ahead, forged
    EXPECT_EQ(line.take(far).discard, RecordDiscard::decrypt);
    EXPECT_EQ(line.take(line.send("next")).discard, RecordDiscard::none);
}

TEST(DtlsRecord, OpensNothingThatWasChangedOrCutOff) {
    for (const auto cipher : {RecordCipher::aes128_ccm8, RecordCipher::aes128_gcm, RecordCipher::aes128_cbc_sha256}) {
        Line line(cipher, "0a0b");
        const auto record = line.send("hello, world");
        for (std::size_t i = 0; i < record.size(); ++i) {
            auto changed = record;
            changed[i] ^= 0x10;
            EXPECT_NE(line.take(changed).discard, RecordDiscard::none) << i;
            EXPECT_NE(line.take(Datagram(record.begin(), record.begin() + static_cast<std::ptrdiff_t>(i))).discard,
                      RecordDiscard::none);
        }
        EXPECT_EQ(line.take(record).discard, RecordDiscard::none);
    }
}

TEST(DtlsRecord, SaysWhyItWasThrownAway) {
    Line line;
    auto record = line.send("x");
    record[2] = 0xff;
    EXPECT_EQ(line.take(record).discard, RecordDiscard::version);
    record[2] = 0xfd;
    record[4] = 2;
    EXPECT_EQ(line.take(record).discard, RecordDiscard::epoch);
    line.receiver.read_id_size = 2;
    EXPECT_EQ(line.take(line.send("x")).discard, RecordDiscard::wrong_id);
    line.receiver = {};
    EXPECT_EQ(line.take(line.send("x")).discard, RecordDiscard::no_session);
}

TEST(DtlsRecord, NumberIsNeverUsedTwice) {
    Line line;
    line.sender.write_sequence = last_sequence;
    EXPECT_EQ(line.take(line.send("last")).discard, RecordDiscard::none);
    Datagram out(100);
    EXPECT_EQ(seal(line.aes, line.sender, nullptr, ContentType::application_data, base::as_bytes("x"), out), 0u);
    Line other;
    EXPECT_EQ(seal(other.aes, other.sender, nullptr, ContentType::application_data, base::as_bytes("x"),
                   base::MutableBytes(out).first(10)),
              0u);
    EXPECT_EQ(other.sender.write_sequence, 0u);
}

TEST(DtlsRecord, ComesBesideOthersInADatagram) {
    Line line;
    auto datagram = line.send("one");
    for (const auto byte : line.send("two")) datagram.push_back(byte);
    datagram.push_back(23);
    RecordReader records(datagram, 0);
    EXPECT_TRUE(records.next());
    EXPECT_TRUE(records.next());
    EXPECT_FALSE(records.next());
    EXPECT_TRUE(records.malformed());
}

}  // namespace
}  // namespace net
