// The messages of a handshake by certificate (RFC 5246 7.4.2, 7.4.4, 7.4.8; RFC 8422 5.4, 5.7; RFC 7250 3).
#include <gtest/gtest.h>

#include "simulator/net/dtls_certificates.h"
#include "tests/support/hex.h"

namespace net {
namespace {

using Message = std::vector<std::uint8_t>;

template <class Write>
Message written(Write&& write) {
    Message memory(2048);
    base::Writer out{base::MutableBytes(memory)};
    write(out);
    EXPECT_FALSE(out.failed());
    memory.resize(out.size());
    return memory;
}

// Whatever is cut off it, and whatever is put behind it, is refused.
template <class Read>
void expect_exact(const Message& message, Read&& read) {
    EXPECT_TRUE(read(message));
    for (std::size_t size = 0; size < message.size(); ++size) {
        EXPECT_FALSE(read(base::Bytes(message).first(size))) << size;
    }
    Message longer = message;
    longer.push_back(0);
    EXPECT_FALSE(read(longer));
}

TEST(CertificateMessages, AChainIsReadAsItIsWritten) {
    const Message first{1, 2, 3};
    const Message second{4, 5};
    const std::array<base::Bytes, 2> chain{first, second};
    const auto message = written([&](base::Writer& out) { write_certificate_chain(chain, out); });
    EXPECT_EQ(base::to_hex(message), "00000b0000030102030000020405");
    const auto read = read_certificate_chain(message);
    ASSERT_TRUE(read);
    ASSERT_EQ(read->size, 2u);
    EXPECT_TRUE(base::equal(read->view()[1], second));
    expect_exact(message, [](base::Bytes bytes) { return read_certificate_chain(bytes).has_value(); });
}

TEST(CertificateMessages, AChainMayBeEmptyButNotItsCertificates) {
    EXPECT_EQ(read_certificate_chain(support::hex("000000"))->size, 0u);
    EXPECT_FALSE(read_certificate_chain(support::hex("000003000000")));
    EXPECT_FALSE(read_certificate_chain(support::hex("000004ffffff01")));
    EXPECT_FALSE(read_certificate_chain(support::hex("ffffff00000101")));
    const std::array<base::Bytes, base::longest_chain + 1> many{};
    Message long_chain{0, 0, 36};
    for (std::size_t i = 0; i < many.size(); ++i) long_chain.insert(long_chain.end(), {0, 0, 1, 7});
    EXPECT_FALSE(read_certificate_chain(long_chain));
}

TEST(CertificateMessages, ARawPublicKeyIsReadAsItIsWritten) {
    const Message key(91, 7);
    const auto message = written([&](base::Writer& out) { write_raw_public_key(key, out); });
    EXPECT_TRUE(base::equal(*read_raw_public_key(message), key));
    expect_exact(message, [](base::Bytes bytes) { return read_raw_public_key(bytes).has_value(); });
}

TEST(CertificateMessages, AServersKeyIsReadAsItIsWritten) {
    const Message point(base::p256_point_size, 4);
    const Message signature(70, 9);
    const auto message = written([&](base::Writer& out) {
        write_key_parameters(point, out);
        write_signature(signature, out);
    });
    const auto read = read_server_key_exchange(message);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->parameters.size(), key_parameters_size);
    EXPECT_TRUE(base::equal(read->point, point));
    EXPECT_TRUE(base::equal(read->signature, signature));
    expect_exact(message, [](base::Bytes bytes) { return read_server_key_exchange(bytes).has_value(); });
    // Another curve, another algorithm.
    for (const std::size_t at : {0u, 2u, 69u, 70u}) {
        auto changed = message;
        changed[at] ^= 1;
        EXPECT_FALSE(read_server_key_exchange(changed)) << at;
    }
}

TEST(CertificateMessages, ARequestIsReadAsItIsWritten) {
    const auto message = written([](base::Writer& out) { write_certificate_request(out); });
    EXPECT_TRUE(read_certificate_request(message).value_or(false));
    expect_exact(message, [](base::Bytes bytes) { return read_certificate_request(bytes).has_value(); });
    // What OpenSSL asks for among much else, and what no key of ours can give: RSA with SHA-1.
    EXPECT_TRUE(read_certificate_request(support::hex("03014002 0006040305030201 0000")).value_or(false));
    EXPECT_FALSE(read_certificate_request(support::hex("0101 00020201 0000")).value_or(true));
}

TEST(CertificateMessages, APointAndASignatureAreExact) {
    const Message point(base::p256_point_size, 4);
    expect_exact(written([&](base::Writer& out) { write_point(point, out); }),
                 [](base::Bytes bytes) { return read_point(bytes).has_value(); });
    expect_exact(written([&](base::Writer& out) { write_signature(point, out); }),
                 [](base::Bytes bytes) { return read_signature(bytes).has_value(); });
}

TEST(CertificateMessages, AHelloSaysWhatItsSenderHas) {
    const RandomBytes random{};
    const auto suites = support::hex("c0aec02b");
    const auto types = support::hex("02");
    ClientHello hello;
    hello.version = dtls12_version;
    hello.random = random;
    hello.suites = suites;
    hello.by_certificate = true;
    hello.server_name = "server.test";
    hello.client_types = hello.server_types = types;
    const auto message = written([&](base::Writer& out) { write_client_hello(hello, out); });
    const auto read = read_client_hello(message);
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->offers(CipherSuite::ecdhe_ecdsa_aes128_gcm));
    EXPECT_FALSE(read->other_groups);
    EXPECT_FALSE(read->other_signatures);
    EXPECT_TRUE(base::equal(read->client_types, types));
    EXPECT_TRUE(base::equal(read->server_types, types));
    for (std::size_t size = 0; size < message.size(); ++size) {
        // Extensions may be left out as a whole.
        const bool whole = size == 2 + 32 + 1 + 1 + 2 + suites.size() + 2 + 2;
        EXPECT_EQ(read_client_hello(base::Bytes(message).first(size)).has_value(), whole) << size;
    }
}

TEST(CertificateMessages, AServersHelloHasNoExtensionThatTheClientDoesNotKnow) {
    const RandomBytes random{};
    ServerHello hello;
    hello.version = dtls12_version;
    hello.random = random;
    const auto plain = written([&](base::Writer& out) { write_server_hello(hello, out); });
    EXPECT_EQ(plain.size(), 2u + 32 + 1 + 2 + 1 + 2);
    hello.renegotiation_info = hello.point_formats = hello.extended_master_secret = true;
    const auto message = written([&](base::Writer& out) { write_server_hello(hello, out); });
    const auto read = read_server_hello(message);
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->renegotiation_info && read->by_certificate && read->extended_master_secret);
}

TEST(CertificateMessages, ALongMessageIsPutIntoRecordsThatFit) {
    Message body(5000);
    for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<std::uint8_t>(i % 251);
    Message flight(flight_capacity);
    base::Writer out{base::MutableBytes(flight)};
    std::uint64_t sequence = 7;
    put_message_records(HandshakeType::certificate, 2, body, sequence, out);
    EXPECT_EQ(sequence, 12u);
    CertificateInbox inbox;
    std::size_t datagrams = 0;
    each_datagram(out.memory().first(out.size()), 0, 1472, [&](base::Bytes datagram) {
        ++datagrams;
        EXPECT_LE(datagram.size(), 1280u);
        Message copy(datagram.begin(), datagram.end());
        RecordReader records(copy, 0);
        while (const auto record = records.next()) {
            base::Reader reader(record->fragment);
            inbox.add(*take_fragment(reader), 2);
        }
    });
    EXPECT_EQ(datagrams, 5u);
    const auto whole = inbox.whole(2);
    ASSERT_TRUE(whole);
    EXPECT_TRUE(base::equal(whole->body, body));
}

}  // namespace
}  // namespace net
