#include "simulator/net/dtls_record.h"

#include <cstring>

#include "simulator/base/writer.h"

namespace net {
namespace {

constexpr std::size_t explicit_nonce_size = 8;
constexpr std::size_t mac_size = 32;
constexpr std::size_t largest_text = 1u << 14;  // RFC 5246 6.2.1
constexpr std::size_t window_size = 64;

std::uint64_t take_number(base::Bytes bytes) {
    std::uint64_t value = 0;
    for (const auto byte : bytes) value = value << 8 | byte;
    return value;
}

void put_number(std::uint64_t value, base::MutableBytes out) {
    for (std::size_t i = out.size(); i-- > 0; value >>= 8) out[i] = static_cast<std::uint8_t>(value);
}

std::size_t tag_size(RecordCipher cipher) {
    return cipher == RecordCipher::aes128_gcm ? base::Aes128::gcm_tag_size : base::Aes128::ccm8_tag_size;
}

// What is authenticated beside the text: RFC 5246 6.2.3.3, or RFC 9146 5 where the record has a connection id.
class Associated {
public:
    Associated(ContentType type, std::uint64_t numbered, base::Bytes id, std::size_t text_size) : out_(memory_) {
        if (type == ContentType::connection_id) {
            out_.put_uint(~std::uint64_t{0}, 8);
            out_.put_u8(static_cast<std::uint8_t>(type));
            out_.put_u8(static_cast<std::uint8_t>(id.size()));
            out_.put_u8(static_cast<std::uint8_t>(type));
            out_.put_u16(dtls12_version);
            out_.put_uint(numbered, 8);
            out_.put(id);
        } else {
            out_.put_uint(numbered, 8);
            out_.put_u8(static_cast<std::uint8_t>(type));
            out_.put_u16(dtls12_version);
        }
        out_.put_u16(static_cast<std::uint16_t>(text_size));
    }
    Associated(const Associated&) = delete;
    Associated& operator=(const Associated&) = delete;
    base::Bytes bytes() const { return out_.written(); }

private:
    std::array<std::uint8_t, 8 + 3 + 2 + 8 + max_connection_id + 2> memory_{};
    base::Writer out_;
};

using Nonce = std::array<std::uint8_t, 12>;

Nonce nonce_of(const std::array<std::uint8_t, 4>& salt, base::Bytes explicit_part) {
    Nonce nonce;
    std::memcpy(nonce.data(), salt.data(), 4);
    std::memcpy(nonce.data() + 4, explicit_part.data(), explicit_nonce_size);
    return nonce;
}

// The IV of a CBC record must not be foreseen (RFC 5246 6.2.3.2): the encrypted number of the record is not (SP 800-38A
// appendix C), and it is the same in a run that is repeated.
void put_iv(base::Aes128& aes, base::Bytes key, std::uint64_t numbered, base::MutableBytes iv) {
    static constexpr std::array<std::uint8_t, 16> zero{};
    std::memset(iv.data(), 0xff, iv.size());
    put_number(numbered, iv.first(8));
    aes.cbc_encrypt(key, zero, iv);
}

RecordDiscard check_replay(const DtlsSession& session, std::uint64_t sequence) {
    if (sequence >= session.read_limit) return RecordDiscard::none;
    const std::uint64_t age = session.read_limit - 1 - sequence;
    if (age >= window_size || (session.read_window >> age & 1) != 0) return RecordDiscard::replay;
    return RecordDiscard::none;
}

// True when no later one was taken before.
bool mark_taken(DtlsSession& session, std::uint64_t sequence) {
    if (sequence < session.read_limit) {
        session.read_window |= std::uint64_t{1} << (session.read_limit - 1 - sequence);
        return false;
    }
    const std::uint64_t shift = sequence + 1 - session.read_limit;
    session.read_window = shift >= window_size ? 1 : session.read_window << shift | 1;
    session.read_limit = sequence + 1;
    return true;
}

struct Numbered {
    ContentType type;
    std::uint64_t number;  // epoch and sequence
    base::Bytes id;
};

bool open_aead(base::Aes128& aes, const DtlsSession& session, const Numbered& record, base::MutableBytes fragment,
               base::MutableBytes& text) {
    const std::size_t tag = tag_size(session.cipher);
    if (fragment.size() < explicit_nonce_size + tag) return false;
    text = fragment.subspan(explicit_nonce_size, fragment.size() - explicit_nonce_size - tag);
    const auto nonce = nonce_of(session.read_salt, fragment.first(explicit_nonce_size));
    const Associated associated(record.type, record.number, record.id, text.size());
    const base::Aes128::Sealing with{session.read_key, nonce, associated.bytes()};
    return session.cipher == RecordCipher::aes128_gcm ? aes.gcm_open(with, text, fragment.last(tag))
                                                      : aes.ccm8_open(with, text, fragment.last(tag));
}

bool open_cbc(base::Aes128& aes, const DtlsSession& session, const CbcKeys& keys, const Numbered& record,
              base::MutableBytes fragment, base::MutableBytes& text) {
    constexpr std::size_t block = base::Aes128::block_size;
    if (fragment.size() < block + mac_size + block || fragment.size() % block != 0) return false;
    const auto body = fragment.subspan(block);
    aes.cbc_decrypt(session.read_key, fragment.first(block), body);
    // RFC 5246 6.2.3.2: the MAC is checked in any case, as if a bad padding were none.
    const std::size_t padding = body.back();
    bool good = padding + 1 + mac_size <= body.size();
    const std::size_t cut = good ? padding + 1 : 1;
    for (std::size_t i = 0; i < cut; ++i) good &= body[body.size() - 1 - i] == padding;
    const std::size_t size = body.size() - mac_size - (good ? cut : 1);
    text = body.first(size);
    const Associated associated(record.type, record.number, record.id, size);
    const auto mac = base::HmacSha256(keys.read_mac).mac({associated.bytes(), text});
    return base::equal_in_constant_time(mac, body.subspan(size, mac_size)) && good;
}

}  // namespace

std::string_view name(RecordDiscard discard) {
    static constexpr std::array<std::string_view, record_discard_count> names{
        "none",   "malformed", "version",  "epoch",      "unprotected",
        "replay", "decrypt",   "wrong_id", "unexpected", "no_session"};
    return names[static_cast<std::size_t>(discard)];
}

std::optional<RecordView> RecordReader::next() {
    if (rest_.empty()) return std::nullopt;
    malformed_ = true;
    if (rest_.size() < record_header_size) return std::nullopt;
    RecordView record;
    record.type = static_cast<ContentType>(rest_[0]);
    const bool with_id = record.type == ContentType::connection_id;
    const std::size_t header = record_header_size + (with_id ? id_size_ : 0);
    const bool known = with_id || (rest_[0] >= 20 && rest_[0] <= 23);
    if (!known || rest_.size() < header) return std::nullopt;
    const base::Bytes bytes = rest_;
    record.version = static_cast<std::uint16_t>(take_number(bytes.subspan(1, 2)));
    record.epoch = static_cast<std::uint16_t>(take_number(bytes.subspan(3, 2)));
    record.sequence = take_number(bytes.subspan(5, 6));
    record.id = rest_.subspan(11, with_id ? id_size_ : 0);
    const std::size_t length = take_number(bytes.subspan(header - 2, 2));
    if (length > rest_.size() - header) return std::nullopt;
    record.fragment = rest_.subspan(header, length);
    rest_ = rest_.subspan(header + length);
    malformed_ = false;
    return record;
}

std::size_t record_overhead(const DtlsSession& session) {
    const std::size_t id = session.write_id_size == 0 ? 0 : session.write_id_size + 1u;
    if (session.cipher == RecordCipher::aes128_cbc_sha256) {
        return record_header_size + id + base::Aes128::block_size * 2 + mac_size;
    }
    return record_header_size + id + explicit_nonce_size + tag_size(session.cipher);
}

std::size_t seal(base::Aes128& aes, DtlsSession& session, const CbcKeys* mac, ContentType type, base::Bytes text,
                 base::MutableBytes out) {
    if (session.write_sequence > last_sequence || text.size() > largest_text) return 0;
    if (out.size() < text.size() + record_overhead(session)) return 0;
    const bool with_id = session.write_id_size != 0;
    const ContentType outer = with_id ? ContentType::connection_id : type;
    const std::uint64_t number = std::uint64_t{1} << 48 | session.write_sequence;
    const base::Bytes id(session.write_id.data(), session.write_id_size);
    const std::size_t header = record_header_size + id.size();
    const std::size_t size = text.size() + (with_id ? 1 : 0);  // DTLSInnerPlaintext ends with the true type
    const bool cbc = session.cipher == RecordCipher::aes128_cbc_sha256;
    const std::size_t before = cbc ? base::Aes128::block_size : explicit_nonce_size;
    const auto body = out.subspan(header + before);
    if (!text.empty()) std::memcpy(body.data(), text.data(), text.size());
    if (with_id) body[text.size()] = static_cast<std::uint8_t>(type);
    const auto extra = out.subspan(header, before);
    const Associated associated(outer, number, id, size);
    std::size_t after = 0;
    if (cbc) {
        const auto tag = base::HmacSha256(mac->write_mac).mac({associated.bytes(), body.first(size)});
        std::memcpy(body.data() + size, tag.data(), mac_size);
        const std::size_t padding = base::Aes128::block_size - (size + mac_size) % base::Aes128::block_size;
        std::memset(body.data() + size + mac_size, static_cast<int>(padding - 1), padding);
        after = mac_size + padding;
        put_iv(aes, session.write_key, number, extra);
        aes.cbc_encrypt(session.write_key, extra, body.first(size + after));
    } else {
        after = tag_size(session.cipher);
        put_number(number, extra);
        const auto nonce = nonce_of(session.write_salt, extra);
        const base::Aes128::Sealing with{session.write_key, nonce, associated.bytes()};
        const auto tag = body.subspan(size, after);
        session.cipher == RecordCipher::aes128_gcm ? aes.gcm_seal(with, body.first(size), tag)
                                                   : aes.ccm8_seal(with, body.first(size), tag);
    }
    out[0] = static_cast<std::uint8_t>(outer);
    put_number(dtls12_version, out.subspan(1, 2));
    put_number(number, out.subspan(3, 8));
    if (with_id) std::memcpy(out.data() + 11, id.data(), id.size());
    put_number(before + size + after, out.subspan(header - 2, 2));
    ++session.write_sequence;
    return header + before + size + after;
}

Opened open(base::Aes128& aes, DtlsSession& session, const CbcKeys* mac, base::Bytes own_id, const RecordView& record) {
    const auto discard = [](RecordDiscard why) { return Opened{why, ContentType::alert, {}, false}; };
    if (!session) return discard(RecordDiscard::no_session);
    if (record.version != dtls12_version) return discard(RecordDiscard::version);
    if (record.epoch != 1) return discard(RecordDiscard::epoch);
    const bool with_id = record.type == ContentType::connection_id;
    // RFC 9146 3: where a connection id was agreed on, a record without it is not taken, and the other way round.
    if (with_id != (session.read_id_size != 0) || !base::equal(record.id, own_id)) {
        return discard(RecordDiscard::wrong_id);
    }
    if (const auto why = check_replay(session, record.sequence); why != RecordDiscard::none) return discard(why);
    const Numbered numbered{record.type, std::uint64_t{record.epoch} << 48 | record.sequence, record.id};
    Opened opened;
    const bool good = session.cipher == RecordCipher::aes128_cbc_sha256
                          ? open_cbc(aes, session, *mac, numbered, record.fragment, opened.text)
                          : open_aead(aes, session, numbered, record.fragment, opened.text);
    if (!good || opened.text.size() > largest_text + 1) return discard(RecordDiscard::decrypt);
    opened.type = record.type;
    if (with_id) {
        // RFC 9146 4: behind the true type there may be zeros.
        std::size_t size = opened.text.size();
        while (size > 0 && opened.text[size - 1] == 0) --size;
        if (size == 0) return discard(RecordDiscard::malformed);
        opened.type = static_cast<ContentType>(opened.text[size - 1]);
        opened.text = opened.text.first(size - 1);
    }
    opened.newest = mark_taken(session, record.sequence);
    return opened;
}

std::size_t write_plain_record(ContentType type, std::uint64_t sequence, base::Bytes text, base::MutableBytes out) {
    const std::size_t size = record_header_size + text.size();
    if (out.size() < size) return 0;
    out[0] = static_cast<std::uint8_t>(type);
    put_number(dtls12_version, out.subspan(1, 2));
    put_number(sequence & last_sequence, out.subspan(3, 8));
    put_number(text.size(), out.subspan(11, 2));
    if (!text.empty()) std::memmove(out.data() + record_header_size, text.data(), text.size());
    return size;
}

}  // namespace net
