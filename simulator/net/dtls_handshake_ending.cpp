#include "simulator/net/dtls_handshake_ending.h"

namespace net {

void HandshakeEnding::hash(HandshakeType type, std::uint16_t sequence, base::Bytes body) {
    transcript_.update(handshake_header(type, sequence, body.size()));
    transcript_.update(body);
}

void HandshakeEnding::derive(const ResumableSession& agreed, const RandomBytes& client, const RandomBytes& server,
                             Side side) {
    derive_keys(agreed.master, client, server, agreed.suite, side, session_, mac_);
    keys_ready_ = true;
}

void HandshakeEnding::finish_first(const ResumableSession& agreed, Side side, std::uint16_t sequence) {
    finish(agreed, side);
    hash(HandshakeType::finished, sequence, own_verify_);
    expect(agreed, side == Side::client ? Side::server : Side::client);
}

void HandshakeEnding::expect(const ResumableSession& agreed, Side peer) {
    peer_verify_ = verify_data(agreed.master, peer, transcript_.digest());
}

void HandshakeEnding::finish(const ResumableSession& agreed, Side side) {
    own_verify_ = verify_data(agreed.master, side, transcript_.digest());
}

bool HandshakeEnding::matches(base::Bytes verify_data_of_peer) const {
    return verify_data_of_peer.size() == verify_data_size &&
           base::equal_in_constant_time(verify_data_of_peer, peer_verify_);
}

void HandshakeEnding::put_plain(ContentType type, base::Bytes text, base::Writer& out) {
    const std::size_t size = write_plain_record(type, plain_sequence_, text, out.memory().subspan(out.size()));
    if (size == 0) return out.fail();
    ++plain_sequence_;
    out.advance(size);
}

void HandshakeEnding::put_alert(Alert alert, base::Writer& out) {
    const std::array<std::uint8_t, 2> text{static_cast<std::uint8_t>(AlertLevel::fatal),
                                           static_cast<std::uint8_t>(alert)};
    put_plain(ContentType::alert, text, out);
}

void HandshakeEnding::write_finished(base::Aes128& aes, DtlsSession& session, std::uint16_t sequence,
                                     base::Writer& out) {
    static constexpr std::array<std::uint8_t, 1> change_cipher_spec{1};
    put_plain(ContentType::change_cipher_spec, change_cipher_spec, out);
    std::array<std::uint8_t, handshake_header_size + verify_data_size> memory;
    base::Writer message{base::MutableBytes(memory)};
    message.put(handshake_header(HandshakeType::finished, sequence, verify_data_size));
    message.put(own_verify_);
    const std::size_t size =
        seal(aes, session, &mac_, ContentType::handshake, message.written(), out.memory().subspan(out.size()));
    size == 0 ? out.fail() : out.advance(size);
}

std::optional<HandshakeStep> step_of_alert(base::Bytes text) {
    const auto alert = static_cast<Alert>(text[1]);
    // RFC 5246 7.2: a warning changes nothing, but close_notify ends it.
    if (text[0] == static_cast<std::uint8_t>(AlertLevel::warning) && alert != Alert::close_notify) return std::nullopt;
    return HandshakeStep{HandshakeStep::Kind::failed, HandshakeStep::Cause::alert_received, alert};
}

}  // namespace net
