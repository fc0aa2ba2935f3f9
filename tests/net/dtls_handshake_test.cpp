#include "simulator/base/random.h"
#include "tests/net/dtls_fixture.h"

namespace net {
namespace {

using Kind = HandshakeStep::Kind;
using Cause = HandshakeStep::Cause;

static_assert(std::is_trivially_copyable_v<ClientHandshake> && sizeof(ClientHandshake) <= 1280);
static_assert(std::is_trivially_copyable_v<ServerHandshake> && sizeof(ServerHandshake) <= 1280);

// RFC 6347 4.2, figure 1: three datagrams of the client, three of the server.
TEST(ClientHandshake, EndsWithKeysThatBothSidesHave) {
    DtlsPair pair;
    pair.run();
    pair.expect_traffic();
    EXPECT_EQ(pair.from_client.size(), 3u);
    EXPECT_EQ(pair.from_server.size(), 3u);
    EXPECT_FALSE(pair.client.resumed());
    EXPECT_EQ(base::as_text(pair.server.identity()), "urn:dev:1");
}

TEST(ClientHandshake, AgreesOnAConnectionIdForRecordsToTheServer) {
    DtlsPair pair;
    pair.own_id = support::hex("010203040506");
    pair.run();
    pair.expect_traffic();
    EXPECT_EQ(pair.client_session.write_id_size, 6);
    EXPECT_EQ(pair.server_session.write_id_size, 0);
}

TEST(ClientHandshake, GoesWithoutConnectionIdWhereOneSideDoesNotSpeakIt) {
    DtlsPair pair;
    pair.server_config.accept_connection_id = false;
    pair.run();
    pair.expect_traffic();
    pair.again();
    pair.server_config.accept_connection_id = true;
    pair.client_config.offer_connection_id = false;
    pair.run();
    pair.expect_traffic();
}

TEST(ClientHandshake, SpeaksCbcWhereTheServerHasNoCcm) {
    DtlsPair pair;
    pair.client_config.offer_cbc = true;
    pair.server_config.accept_ccm8 = false;
    pair.run();
    pair.expect_traffic();
    EXPECT_EQ(pair.client_session.cipher, RecordCipher::aes128_cbc_sha256);
}

// RFC 5246 7.3, figure 2: the client's Finished is the last flight.
TEST(ClientHandshake, ResumesASessionThatBothRemember) {
    DtlsPair pair;
    pair.run();
    pair.known = pair.client.resumable();
    EXPECT_EQ(pair.known->master, pair.server.resumable().master);
    pair.again();
    pair.run();
    pair.expect_traffic();
    EXPECT_TRUE(pair.client.resumed());
    EXPECT_TRUE(pair.server.resumed());
    EXPECT_EQ(pair.from_server.size(), 2u);
}

TEST(ClientHandshake, IsFullWhereTheServerHasForgottenTheSession) {
    DtlsPair pair;
    pair.run();
    pair.known = pair.client.resumable();
    pair.known->id[0] ^= 1;
    auto forgotten = pair.known;
    pair.again();
    auto out = pair.writer();
    pair.client.start(pair.now, pair.client_config, {.device = 7, .random = pair.random(), .resume = &*forgotten}, out);
    pair.known.reset();
    pair.send(pair.to_server, pair.from_client, out);
    pair.deliver();
    pair.expect_traffic();
    EXPECT_FALSE(pair.client.resumed());
}

// RFC 6347 4.2.4: the flight is sent again when its time is up, with new record numbers.
TEST(ClientHandshake, SendsALostFlightAgain) {
    for (std::size_t lost = 0; lost < 6; ++lost) {
        SCOPED_TRACE(lost);
        DtlsPair pair;
        std::size_t count = 0;
        pair.keep = [&](const Datagram&) { return count++ != lost; };
        pair.run();
        if (lost < 5) {
            pair.expect_traffic();
            EXPECT_GE(base::seconds(pair.now), 1.0);
        }
    }
}

TEST(ClientHandshake, SurvivesTheLossOfTheServersLastFlight) {
    DtlsPair pair;
    bool lost = false;
    pair.keep = [&](const Datagram& datagram) {
        const bool last = datagram[0] == 20 && !lost;  // ChangeCipherSpec begins it
        lost = lost || last;
        return !last;
    };
    pair.run();
    EXPECT_EQ(pair.server_step.kind, Kind::established);
    while (pair.client_step.kind == Kind::waiting && pair.advance()) pair.deliver();
    pair.expect_traffic();
}

TEST(ClientHandshake, KeepsTheLastFlightOfAResumptionUntilTheServerHasIt) {
    DtlsPair pair;
    pair.run();
    pair.known = pair.client.resumable();
    pair.again();
    bool lost = false;
    pair.keep = [&](const Datagram& datagram) {
        const bool last = datagram[0] == 20 && !lost;
        lost = lost || last;
        return !last;
    };
    pair.run();
    EXPECT_TRUE(lost);
    pair.expect_traffic();
}

TEST(ClientHandshake, SurvivesThirtyPercentLossAndRepeats) {
    std::size_t established = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE(seed);
        DtlsPair pair;
        std::uint64_t draws = 0;
        pair.keep = [&](const Datagram&) {
            return base::to_unit(base::draw(seed, 1, base::Stream::network, draws++)) >= 0.3;
        };
        pair.start();
        pair.deliver();
        for (int i = 0; i < 40 && !pair.both_established() && pair.advance(); ++i) {
            // What is on the line comes twice, and in the wrong order.
            for (auto* line : {&pair.to_client, &pair.to_server}) {
                if (!line->empty()) line->push_front(line->back());
            }
            pair.deliver();
        }
        if (!pair.both_established()) continue;
        ++established;
        pair.expect_traffic();
    }
    EXPECT_GE(established, 190u);  // a flight is lost six times running, now and then
}

TEST(ClientHandshake, GivesUpAfterItsLastTransmission) {
    DtlsPair pair;
    pair.keep = [](const Datagram&) { return false; };
    pair.run();
    EXPECT_EQ(pair.client_step.kind, Kind::failed);
    EXPECT_EQ(pair.client_step.cause, Cause::timeout);
    EXPECT_EQ(pair.from_client.size(), 6u);
    EXPECT_EQ(base::seconds(pair.now), 63.0);
}

// Each byte of each of our flights under another record: what was sealed is never sealed again with the same number.
TEST(ClientHandshake, NeverUsesARecordNumberTwice) {
    DtlsPair pair;
    std::size_t count = 0;
    pair.keep = [&](const Datagram&) { return count++ % 2 == 0; };
    pair.run();
    std::vector<std::pair<std::uint16_t, std::uint64_t>> numbers;
    for (auto datagram : pair.from_client) {
        RecordReader records(datagram, 0);
        while (const auto record = records.next()) numbers.emplace_back(record->epoch, record->sequence);
    }
    auto unique = numbers;
    std::sort(unique.begin(), unique.end());
    unique.erase(std::unique(unique.begin(), unique.end()), unique.end());
    EXPECT_EQ(unique.size(), numbers.size());
}

// --- what goes wrong ---

TEST(ClientHandshake, ObeysUnknownPskIdentity) {
    DtlsPair pair;
    pair.keys.client_identity = "urn:dev:stranger";
    pair.run();
    EXPECT_EQ(pair.client_step.cause, Cause::alert_received);
    EXPECT_EQ(pair.client_step.alert, Alert::unknown_psk_identity);
    EXPECT_EQ(pair.server_step.cause, Cause::alert_sent);
}

// RFC 6347 4.1.2.7: a record that does not open is thrown away without a word, so a wrong key is found by waiting.
// An identity does not say of which generation its key is.
TEST(PskServer, FindsOutWhichOfItsKeysTheClientHas) {
    for (const bool cbc : {false, true}) {
        for (std::uint8_t generation = 0; generation < 3; ++generation) {
            DtlsPair pair;
            pair.client_config.offer_ccm8 = !cbc;
            pair.client_config.offer_cbc = cbc;
            pair.keys.next_server_keys = {"the second key..", "the third key"};
            if (generation > 0) pair.keys.client_key = pair.keys.next_server_keys[generation - 1u];
            pair.run();
            ASSERT_TRUE(pair.both_established());
            EXPECT_EQ(pair.server.generation(), generation);
            EXPECT_FALSE(pair.server.unreadable());
            pair.expect_traffic();
        }
    }
}

// A record that nobody can open does not spoil the search: the next one is tried under all keys again.
TEST(PskServer, TriesAllItsKeysOnEachRecord) {
    DtlsPair pair;
    pair.keys.next_server_keys = {"the second key.."};
    pair.start();
    bool spoiled = false;
    pair.keep = [&](const Datagram& datagram) {
        const bool finished = datagram.size() > 40 && datagram[0] == 22 && pair.from_client.size() == 3 && !spoiled;
        if (!finished) return true;
        spoiled = true;
        auto copy = datagram;
        copy.back() ^= 1;
        pair.to_server.push_back(copy);
        return false;
    };
    pair.deliver();
    while (!pair.both_established() && pair.advance()) pair.deliver();
    EXPECT_TRUE(spoiled);
    EXPECT_TRUE(pair.both_established());
    EXPECT_EQ(pair.server.generation(), 0);
    EXPECT_TRUE(pair.server.unreadable());
}

TEST(ClientHandshake, FailsByTimeWithAWrongKey) {
    DtlsPair pair;
    pair.keys.client_key = "some other bytes";
    pair.run();
    EXPECT_EQ(pair.client_step.cause, Cause::timeout);
    EXPECT_GE(pair.discarded(pair.server_discards, RecordDiscard::decrypt), 1u);
}

Datagram plain_handshake(HandshakeType type, std::uint16_t sequence, base::Bytes body, std::uint64_t number = 0) {
    Datagram message(handshake_header_size + body.size());
    const auto header = handshake_header(type, sequence, body.size());
    std::copy(header.begin(), header.end(), message.begin());
    std::copy(body.begin(), body.end(), message.begin() + handshake_header_size);
    Datagram record(record_header_size + message.size());
    write_plain_record(ContentType::handshake, number, message, record);
    return record;
}

Datagram server_hello(std::uint16_t version, std::uint16_t suite) {
    std::array<std::uint8_t, 128> memory;
    base::Writer out{base::MutableBytes(memory)};
    const RandomBytes random{};
    write_server_hello({.version = version, .random = random, .session_id = {}, .suite = suite}, out);
    return plain_handshake(HandshakeType::server_hello, 0, out.written());
}

TEST(ClientHandshake, RefusesAnotherVersion) {
    DtlsPair pair;
    pair.start();
    pair.client_takes(server_hello(dtls10_version, 0xc0a8));
    EXPECT_EQ(pair.client_step.kind, Kind::failed);
    EXPECT_EQ(pair.client_step.alert, Alert::protocol_version);
    EXPECT_EQ(pair.from_client.back()[0], 21);
}

TEST(ClientHandshake, RefusesASuiteThatItDidNotOffer) {
    DtlsPair pair;
    pair.start();
    pair.client_takes(server_hello(dtls12_version, 0xc0ae));
    EXPECT_EQ(pair.client_step.alert, Alert::illegal_parameter);
}

TEST(ClientHandshake, RefusesMessagesOutOfTheirPlace) {
    DtlsPair pair;
    pair.start();
    pair.client_takes(plain_handshake(HandshakeType::server_hello_done, 0, {}));
    EXPECT_EQ(pair.client_step.alert, Alert::unexpected_message);
}

TEST(ClientHandshake, FollowsThreeCookiesAndNoMore) {
    DtlsPair pair;
    pair.start();
    for (std::uint16_t i = 0; i < 4; ++i) {
        pair.client_takes(plain_handshake(HandshakeType::hello_verify_request, i, support::hex("feff 02 aabb"), i));
        EXPECT_EQ(pair.client_step.kind, i < 3 ? Kind::waiting : Kind::failed);
    }
    EXPECT_EQ(pair.client_step.alert, Alert::handshake_failure);
}

TEST(ClientHandshake, DropsApplicationDataOfEpochZero) {
    DtlsPair pair;
    pair.start();
    Datagram record(20);
    record.resize(write_plain_record(ContentType::application_data, 0, base::as_bytes("hello"), record));
    pair.client_takes(record);
    EXPECT_EQ(pair.client_step.kind, Kind::waiting);
    EXPECT_EQ(pair.discarded(pair.client_discards, RecordDiscard::unprotected), 1u);
}

TEST(ClientHandshake, TakesNoFinishedThatIsNotSealed) {
    DtlsPair pair;
    pair.keep = [&](const Datagram& datagram) { return datagram[0] != 20; };
    pair.start();
    pair.deliver();
    pair.client_takes(plain_handshake(HandshakeType::finished, 3, Datagram(verify_data_size), 9));
    EXPECT_EQ(pair.client_step.kind, Kind::waiting);
    EXPECT_EQ(pair.discarded(pair.client_discards, RecordDiscard::unexpected), 1u);
}

// RFC 6347 4.2.3: fragments in any order, overlapping, twice.
TEST(ClientHandshake, PutsFragmentsTogether) {
    DtlsPair pair;
    pair.start();
    std::array<std::uint8_t, 3> body{0xfe, 0xff, 0x00};
    const auto piece = [&](std::uint32_t offset, std::uint32_t size) {
        Datagram message(handshake_header_size + size);
        base::Writer out{base::MutableBytes(message)};
        out.put_u8(3);
        out.put_uint(3, 3);
        out.put_u16(0);
        out.put_uint(offset, 3);
        out.put_uint(size, 3);
        out.put(base::Bytes(body).subspan(offset, size));
        Datagram record(record_header_size + message.size());
        write_plain_record(ContentType::handshake, offset, message, record);
        return record;
    };
    pair.from_client.clear();
    pair.client_takes(piece(2, 1));
    pair.client_takes(piece(2, 1));
    pair.client_takes(piece(0, 1));
    EXPECT_TRUE(pair.from_client.empty());
    pair.client_takes(piece(0, 2));
    EXPECT_EQ(pair.from_client.size(), 1u);  // the second ClientHello
}

TEST(ClientHandshake, RefusesAMessageThatNoMemoryWouldHold) {
    DtlsPair pair;
    pair.start();
    Datagram record = support::hex("16 fefd 0000 000000000000 000d  02 ffffff 0000 000000 000001 00");
    pair.client_takes(record);
    EXPECT_EQ(pair.client_step.alert, Alert::internal_error);
}

TEST(ClientHandshake, TakesMessagesBeforeTheirTurn) {
    DtlsPair pair;
    pair.keep = [&](const Datagram& datagram) { return datagram[0] != 22 || datagram[13] != 2; };
    pair.start();
    pair.deliver();
    // The flight with ServerHello and ServerHelloDone as two datagrams, the later one first.
    const Datagram flight = pair.from_server.back();
    const std::size_t first = record_header_size + (std::size_t{flight[11]} << 8 | flight[12]);
    pair.client_takes(Datagram(flight.begin() + static_cast<std::ptrdiff_t>(first), flight.end()));
    pair.client_takes(Datagram(flight.begin(), flight.begin() + static_cast<std::ptrdiff_t>(first)));
    pair.deliver();
    pair.expect_traffic();
}

TEST(ClientHandshake, StaysCalmWhateverIsCutOff) {
    DtlsPair source;
    source.run();
    for (const auto& flight : source.from_server) {
        for (std::size_t size = 0; size < flight.size(); ++size) {
            DtlsPair pair;
            pair.start();
            pair.client_takes(Datagram(flight.begin(), flight.begin() + static_cast<std::ptrdiff_t>(size)));
            EXPECT_NE(pair.client_step.kind, Kind::established);
        }
    }
}

TEST(PskServer, KeepsNothingBeforeTheCookieIsBack) {
    DtlsPair pair;
    pair.keep = [&](const Datagram&) { return pair.from_server.empty(); };
    pair.start();
    pair.deliver();
    EXPECT_FALSE(pair.server_began);
    EXPECT_EQ(pair.from_server.size(), 1u);
    EXPECT_LE(pair.from_server[0].size(), pair.from_client[0].size());  // no amplifier
}

TEST(PskServer, RefusesAClientWithoutASuiteOfOurs) {
    DtlsPair pair;
    pair.server_config.accept_ccm8 = false;
    pair.run();
    EXPECT_EQ(pair.client_step.cause, Cause::alert_received);
    EXPECT_EQ(pair.client_step.alert, Alert::handshake_failure);
}

}  // namespace
}  // namespace net
