#include "coap/oscore_context.h"

#include "simulator/base/check.h"
#include "simulator/base/crypto.h"

namespace coap {
namespace {

// RFC 8949 3: a byte string (major type 2) or text (3) shorter than 256 bytes.
void put_cbor_head(std::uint8_t major, std::size_t size, base::Writer& out) {
    if (size < 24) {
        out.put_u8(static_cast<std::uint8_t>(major << 5 | size));
    } else {
        out.put_u8(static_cast<std::uint8_t>(major << 5 | 24));
        out.put_u8(static_cast<std::uint8_t>(size));
    }
}
constexpr std::uint8_t cbor_null = 0xf6;

}  // namespace

bool OscoreReplayWindow::is_new(std::uint64_t partial_iv) const {
    if (partial_iv >= next_) return true;
    const std::uint64_t age = next_ - 1 - partial_iv;
    return age < width && (seen_ >> age & 1) == 0;
}

void OscoreReplayWindow::accept(std::uint64_t partial_iv) {
    if (partial_iv >= next_) {
        const std::uint64_t moved = partial_iv + 1 - next_;
        seen_ = moved >= width ? 0 : seen_ << moved;
        next_ = partial_iv + 1;
    }
    seen_ |= std::uint64_t{1} << (next_ - 1 - partial_iv);
}

void OscoreReplayWindow::begin_at(std::uint64_t partial_iv) {
    next_ = partial_iv + 1;
    seen_ = ~std::uint64_t{0};
}

void write_oscore_info(base::Bytes id, const std::optional<base::Bytes>& id_context, std::string_view type,
                       std::uint8_t length, base::Writer& out) {
    out.put_u8(0x85);
    put_cbor_head(2, id.size(), out);
    out.put(id);
    if (id_context) {
        put_cbor_head(2, id_context->size(), out);
        out.put(*id_context);
    } else {
        out.put_u8(cbor_null);
    }
    out.put_u8(oscore_aead);
    put_cbor_head(3, type.size(), out);
    out.put(type);
    out.put_u8(length);
}

void derive(const OscoreInput& input, OscoreContext& context) {
    CHECK(input.sender_id.size() <= OscoreId::max_size && input.recipient_id.size() <= OscoreId::max_size);
    CHECK(!input.id_context || input.id_context->size() <= OscoreIdContext::max_size);
    auto key = base::hkdf_extract(input.master_salt, input.master_secret);
    const auto fill = [&](base::Bytes id, std::string_view type, base::MutableBytes out) {
        std::array<std::uint8_t, 64> memory;
        base::Writer info(memory);
        write_oscore_info(id, input.id_context, type, static_cast<std::uint8_t>(out.size()), info);
        base::hkdf_expand(key, info.written(), out);
    };
    fill(input.sender_id, "Key", context.sender_key);
    fill(input.recipient_id, "Key", context.recipient_key);
    fill({}, "IV", context.common_iv);
    base::wipe(key);
    context.sender_id.assign(input.sender_id);
    context.recipient_id.assign(input.recipient_id);
    context.has_id_context = input.id_context.has_value();
    context.id_context.assign(input.id_context.value_or(base::Bytes{}));
    context.next_partial_iv = 0;
    context.request_partial_iv = 0;
    context.awaited_echo = 0;
    context.replay = {};
}

void OscoreContext::wipe() {
    base::wipe(sender_key);
    base::wipe(recipient_key);
    base::wipe(common_iv);
    *this = {};
}

std::array<std::uint8_t, oscore_nonce_size> oscore_nonce(const OscoreContext& context, base::Bytes id,
                                                         std::uint64_t partial_iv) {
    std::array<std::uint8_t, oscore_nonce_size> nonce = context.common_iv;
    constexpr std::size_t iv_size = 5;
    nonce[0] ^= static_cast<std::uint8_t>(id.size());
    const std::size_t id_at = oscore_nonce_size - iv_size - id.size();
    for (std::size_t i = 0; i < id.size(); ++i) nonce[id_at + i] ^= id[i];
    for (std::size_t i = 0; i < iv_size; ++i) {
        nonce[oscore_nonce_size - 1 - i] ^= static_cast<std::uint8_t>(partial_iv >> (8 * i));
    }
    return nonce;
}

void forget_mutable(OscoreContext& context, std::uint64_t echo, std::uint64_t interval) {
    context.next_partial_iv = (context.next_partial_iv / interval + 1) * interval;
    context.awaited_echo = echo;
}

std::optional<base::Bytes> unwrap_id_context(base::Bytes kid_context) {
    if (kid_context.empty() || kid_context[0] >> 5 != 2) return std::nullopt;
    const std::size_t size = kid_context[0] & 31;
    if (size < 24) return kid_context.size() == size + 1 ? std::optional(kid_context.subspan(1)) : std::nullopt;
    const bool one_byte = size == 24 && kid_context.size() >= 2 && kid_context[1] >= 24;
    if (!one_byte || kid_context.size() != kid_context[1] + std::size_t{2}) return std::nullopt;
    return kid_context.subspan(2);
}

void wrap_id_context(base::Bytes id_context, base::Writer& out) {
    put_cbor_head(2, id_context.size(), out);
    out.put(id_context);
}

void ask_for_renewal(OscoreInput input, const OscoreRenewalNonce& id1, OscoreContext& context) {
    input.id_context = base::Bytes(id1);
    derive(input, context);
    context.tells_id_context = true;
    context.renewal = OscoreRenewal::asked;
}

void propose_renewal(OscoreInput input, const OscoreRenewalNonce& r3, OscoreContext& context) {
    CHECK(context.renewal == OscoreRenewal::answered);
    OscoreIdContext id_context;
    id_context.assign(context.id_context.view());
    const std::size_t r3_at = id_context.size - oscore_renewal_size;  // where ID1 stands
    for (std::size_t i = 0; i < oscore_renewal_size; ++i) id_context.bytes[r3_at + i] = r3[i];
    input.id_context = id_context.view();
    derive(input, context);
    context.tells_id_context = true;
    context.renewal = OscoreRenewal::proposed;
}

}  // namespace coap
