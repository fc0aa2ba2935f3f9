// OscoreContext: the security context that a client and a server share (RFC 8613 3): the keys and the Common IV, whose
// sequence number is next, and which of the peer's numbers have been seen.
//
// Both sides derive it from the same input, each with its own Sender ID and Recipient ID. The algorithms are the
// mandatory ones: AES-CCM-16-64-128 (COSE 10) and HKDF-SHA-256.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "simulator/base/bytes.h"
#include "simulator/base/writer.h"

namespace coap {

// Up to `capacity` bytes that lie where they are kept.
template <std::size_t capacity>
struct ShortBytes {
    std::uint8_t size = 0;
    std::array<std::uint8_t, capacity> bytes{};

    static constexpr std::size_t max_size = capacity;

    // REQUIRES: view.size() <= max_size.
    void assign(base::Bytes view) {
        size = static_cast<std::uint8_t>(view.size());
        for (std::size_t i = 0; i < view.size(); ++i) bytes[i] = view[i];
    }
    base::Bytes view() const { return base::Bytes(bytes).first(size); }
};

inline constexpr std::size_t oscore_key_size = 16;
inline constexpr std::size_t oscore_nonce_size = 13;
inline constexpr std::size_t oscore_tag_size = 8;
inline constexpr std::uint8_t oscore_aead = 10;                                        // AES-CCM-16-64-128
inline constexpr std::uint64_t oscore_last_partial_iv = (std::uint64_t{1} << 40) - 1;  // RFC 8613 7.2.1

// RFC 8613 3.3: a Sender ID is at most as long as the nonce, less 6.
using OscoreId = ShortBytes<oscore_nonce_size - 6>;
// No longer one is taken: R2 and R3 of appendix B.2 fit.
using OscoreIdContext = ShortBytes<32>;

// Which of the peer's Partial IVs have been seen: the newest, and the 63 before it (RFC 8613 7.4).
class OscoreReplayWindow {
public:
    static constexpr std::uint64_t width = 64;

    bool is_new(std::uint64_t partial_iv) const;
    // REQUIRES: is_new(partial_iv), and that the message with it has been verified.
    void accept(std::uint64_t partial_iv);
    // What came before is not known, and is refused from now on.
    void begin_at(std::uint64_t partial_iv);

private:
    std::uint64_t next_ = 0;  // one above the newest
    std::uint64_t seen_ = 0;  // bit i: next_ - 1 - i was seen
};

// What is known before the keys. The views need to live for the derivation only.
struct OscoreInput {
    base::Bytes master_secret;
    base::Bytes master_salt;
    base::Bytes sender_id;                  // at most OscoreId::max_size bytes
    base::Bytes recipient_id;               // the same
    std::optional<base::Bytes> id_context;  // at most OscoreIdContext::max_size bytes
};

// Where a client is in making a new context with its server (RFC 8613 B.2). `id_context` is then ID1, R2 || ID1 or
// R2 || R3.
enum class OscoreRenewal : std::uint8_t {
    none,
    due,       // a new context is wanted
    asked,     // ID1: request #1 is under way
    answered,  // R2 || ID1: response #1 has come, request #2 is to be sent
    proposed,  // R2 || R3: request #2 is under way
};

// What is kept of a context. Whoever gives its memory back wipes it first.
struct OscoreContext {
    std::array<std::uint8_t, oscore_key_size> sender_key{};
    std::array<std::uint8_t, oscore_key_size> recipient_key{};
    std::array<std::uint8_t, oscore_nonce_size> common_iv{};
    OscoreId sender_id;
    OscoreId recipient_id;
    OscoreIdContext id_context;
    bool has_id_context = false;
    bool tells_id_context = false;  // in each request, as `kid context`; as a CBOR byte string while it is renewed
    OscoreRenewal renewal = OscoreRenewal::none;
    std::uint64_t next_partial_iv = 0;     // the Sender Sequence Number
    std::uint64_t request_partial_iv = 0;  // of our request under way
    // The replay window was lost; the peer has to send this back before a request of its is taken (B.1.2). 0: none.
    std::uint64_t awaited_echo = 0;
    OscoreReplayWindow replay;

    void wipe();
};
static_assert(sizeof(OscoreContext) <= 160);

// RFC 8613 3.2: the keys and the Common IV; sequence numbers and the replay window begin anew. Writes straight into
// `context`, so that no copy of a key is left behind.
void derive(const OscoreInput& input, OscoreContext& context);

// RFC 8613 3.2.1: the `info` that a key or IV of that many bytes is derived with:
// [id, id_context / null, alg, "Key" / "IV", L].
void write_oscore_info(base::Bytes id, const std::optional<base::Bytes>& id_context, std::string_view type,
                       std::uint8_t length, base::Writer& out);

// RFC 8613 5.2: of a message whose Partial IV was made by the endpoint `id`.
std::array<std::uint8_t, oscore_nonce_size> oscore_nonce(const OscoreContext& context, base::Bytes id,
                                                         std::uint64_t partial_iv);

// RFC 8613 B.1: after a reboot the sequence goes on above anything that may have been used, as if the number were
// stored every `interval` uses; requests of the peer are taken when one has brought `echo` (not 0) back.
void forget_mutable(OscoreContext& context, std::uint64_t echo, std::uint64_t interval = 64);

// Of the nonces that appendix B.2 exchanges, `kid context` is a CBOR byte string: what it holds, or nothing.
std::optional<base::Bytes> unwrap_id_context(base::Bytes kid_context);
void wrap_id_context(base::Bytes id_context, base::Writer& out);

// The steps of a client that makes a new context (RFC 8613 B.2). `input` is that of the context, its ID Context aside.
inline constexpr std::size_t oscore_renewal_size = 8;  // bytes of ID1 and R3
using OscoreRenewalNonce = std::array<std::uint8_t, oscore_renewal_size>;
void ask_for_renewal(OscoreInput input, const OscoreRenewalNonce& id1, OscoreContext& context);
// REQUIRES: renewal is `answered`.
void propose_renewal(OscoreInput input, const OscoreRenewalNonce& r3, OscoreContext& context);

}  // namespace coap
