// DTLS records: an established session of DTLS 1.2 in 80 bytes, and how datagrams are sealed and opened with it
// (RFC 6347 4.1; connection ids: RFC 9146).
//
//   type(1) version(2) epoch(2) sequence(6) [cid] length(2) | fragment
//   AEAD fragment: explicit nonce(8) | text | tag(8 or 16)     CBC fragment: IV(16) | text, MAC(32), padding
//
// However a handshake came about (our own PSK one, or a library's), what it leaves behind is a DtlsSession.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "simulator/base/crypto.h"

namespace net {

enum class ContentType : std::uint8_t {
    change_cipher_spec = 20,
    alert = 21,
    handshake = 22,
    application_data = 23,
    connection_id = 25,  // tls12_cid: the true type is inside (RFC 9146 4)
};

enum class RecordCipher : std::uint8_t { none, aes128_ccm8, aes128_gcm, aes128_cbc_sha256 };

inline constexpr std::uint16_t dtls12_version = 0xfefd;
inline constexpr std::uint16_t dtls10_version = 0xfeff;
inline constexpr std::size_t record_header_size = 13;  // without connection id
inline constexpr std::size_t max_connection_id = 13;
inline constexpr std::uint64_t last_sequence = (std::uint64_t{1} << 48) - 1;

// Plain bytes that may lie in a slab; all zero: no session. There is one epoch with keys, number 1, since nobody here
// renegotiates.
struct DtlsSession {
    std::array<std::uint8_t, 16> write_key{};
    std::array<std::uint8_t, 16> read_key{};
    std::array<std::uint8_t, 4> write_salt{};  // AEAD: the fixed part of the nonce (RFC 5288 3)
    std::array<std::uint8_t, 4> read_salt{};
    std::uint64_t write_sequence = 0;  // of the next record
    std::uint64_t read_limit = 0;      // one more than the highest sequence that was taken
    std::uint64_t read_window = 0;     // bit i: the record read_limit - 1 - i was taken
    RecordCipher cipher = RecordCipher::none;
    std::uint8_t write_id_size = 0;  // of the peer's connection id, which our records carry
    std::uint8_t read_id_size = 0;  // of ours, which the peer's records carry; whoever owns the session knows the bytes
    std::array<std::uint8_t, max_connection_id> write_id{};

    explicit operator bool() const { return cipher != RecordCipher::none; }
};
static_assert(sizeof(DtlsSession) == 80);

// The MAC keys of a CBC session, which few sessions are: kept apart.
struct CbcKeys {
    std::array<std::uint8_t, 32> write_mac{};
    std::array<std::uint8_t, 32> read_mac{};
};

// Why a record was thrown away. Nothing is answered to any of it (RFC 6347 4.1.2.7).
enum class RecordDiscard : std::uint8_t {
    none,
    malformed,    // no record, cut off, or of an impossible length
    version,      // of another protocol version
    epoch,        // of an epoch that has no keys here
    unprotected,  // application data or an alert that should have been sealed (epoch 0)
    replay,       // taken before, or too old to know (RFC 6347 4.1.2.6)
    decrypt,      // it does not open: changed, or sealed with another key
    wrong_id,     // of another connection id
    unexpected,   // opens, but makes no sense at this place
    no_session,   // there is nothing to open it with
};
inline constexpr std::size_t record_discard_count = 10;
std::string_view name(RecordDiscard discard);

// One record of a datagram: a view on it.
struct RecordView {
    ContentType type = ContentType::alert;
    std::uint16_t version = 0;
    std::uint16_t epoch = 0;
    std::uint64_t sequence = 0;
    base::MutableBytes id;        // where the type is connection_id
    base::MutableBytes fragment;  // opened in place
};

// The records of a datagram one after another. `id_size`: of the connection id that records to us carry.
class RecordReader {
public:
    RecordReader(base::MutableBytes datagram, std::size_t id_size) : rest_(datagram), id_size_(id_size) {}

    // Nothing at the end of the datagram, and where what follows is no record; `malformed()` tells which.
    std::optional<RecordView> next();
    bool malformed() const { return malformed_; }

private:
    base::MutableBytes rest_;
    std::size_t id_size_;
    bool malformed_ = false;
};

// Bytes that a record is longer than its text, at most.
std::size_t record_overhead(const DtlsSession& session);

// Writes `text` as one record and uses up a sequence number. 0 when `out` is too small or the last number is used up:
// then nothing was done. `mac` only for a CBC session. `out` must not overlap `text`.
std::size_t seal(base::Aes128& aes, DtlsSession& session, const CbcKeys* mac, ContentType type, base::Bytes text,
                 base::MutableBytes out);

struct Opened {
    RecordDiscard discard = RecordDiscard::none;
    ContentType type = ContentType::alert;
    base::MutableBytes text;  // inside the record
    bool newest = false;      // no later record was taken before it
};
// Opens a record of epoch 1 in place, and marks it as taken. `own_id`: the connection id that it must carry, if any.
Opened open(base::Aes128& aes, DtlsSession& session, const CbcKeys* mac, base::Bytes own_id, const RecordView& record);

// Writes a record of epoch 0.
std::size_t write_plain_record(ContentType type, std::uint64_t sequence, base::Bytes text, base::MutableBytes out);

}  // namespace net
