#include "simulator/server/oscore_clients.h"

#include <algorithm>

#include "simulator/base/random.h"

namespace server {
namespace {

using coap::OscoreFailure;
using coap::OscoreReplay;

// A kid as one number: 7 bytes at most, and how many.
std::uint64_t key_of(base::Bytes kid) {
    std::uint64_t key = kid.size();
    for (const auto byte : kid) key = key << 8 | byte;
    return key;
}

std::uint64_t fingerprint(base::Bytes bytes) {
    std::uint64_t value = bytes.size();
    for (const auto byte : bytes) value = base::mix(value ^ byte);
    return value;
}

tl::unexpected<OscoreFailure> fail(OscoreFailure why) { return tl::unexpected<OscoreFailure>(why); }

}  // namespace

OscoreClients::OscoreClients(OscoreDirectory directory, std::uint32_t capacity, std::uint64_t seed)
    : directory_(std::move(directory)),
      seed_(seed),
      records_(directory_ ? capacity : 0),
      by_kid_(directory_ ? capacity : 0) {}

OscoreClients::~OscoreClients() {
    for (Index index = 0; index < records_.touched(); ++index) records_[index].context.wipe();
    answering_.wipe();
}

OscoreClients::Index OscoreClients::find(base::Bytes kid) {
    if (!directory_ || kid.size() > coap::OscoreId::max_size) return base::no_index;
    if (const Index* known = by_kid_.find(key_of(kid))) return *known;
    const auto owner = directory_.owner_of(kid);
    if (!owner) return base::no_index;
    const Index index = records_.take();
    if (index == base::no_index) return base::no_index;
    coap::derive(owner->input, records_[index].context);
    by_kid_.insert(key_of(kid), index);
    return index;
}

tl::expected<OscoreClients::Opened, OscoreFailure> OscoreClients::open(base::Time now, const coap::MessageView& message,
                                                                       OscoreReplay replay) {
    const auto value = message.find(coap::OptionNumber::oscore);
    if (!value) return fail(OscoreFailure::unprotected);
    const auto option = coap::read_oscore_option(value->value);
    if (!option || !option->kid || !option->partial_iv) return fail(OscoreFailure::malformed);
    const Index index = find(*option->kid);
    if (index == base::no_index) return fail(OscoreFailure::no_context);
    const auto opened = coap::unprotect_request(records_[index].context, message, workspace_, replay);
    if (opened) return Opened{opened->message, index, *opened->partial_iv, false};
    const auto other = option->kid_context ? coap::unwrap_id_context(*option->kid_context) : std::nullopt;
    if (opened.error() != OscoreFailure::no_context || !other) return fail(opened.error());
    return open_other(now, index, message, *other, replay);
}

// RFC 8613 B.2: request #2, when its ID Context begins with the R2 that was offered; else request #1.
tl::expected<OscoreClients::Opened, OscoreFailure> OscoreClients::open_other(base::Time now, Index index,
                                                                             const coap::MessageView& message,
                                                                             base::Bytes id_context,
                                                                             OscoreReplay replay) {
    Record& record = records_[index];
    const std::size_t r2_size = record.r2.size();
    if (id_context.size() + r2_size > coap::OscoreIdContext::max_size) return fail(OscoreFailure::no_context);
    const auto owner = directory_.owner_of(record.context.recipient_id.view());
    if (!owner) return fail(OscoreFailure::no_context);
    coap::OscoreInput input = owner->input;
    input.id_context = id_context;
    coap::derive(input, answering_);
    const auto opened = coap::unprotect_request(answering_, message, workspace_, replay);
    if (!opened) return fail(opened.error());
    const bool second =
        record.offers && id_context.size() > r2_size && base::equal(id_context.first(r2_size), record.r2);
    if (second) {
        record.context = answering_;
        record.offers = false;
        return Opened{opened->message, index, *opened->partial_iv, false};
    }
    // Request #1 that comes twice is offered the same R2: the client goes by the answer that reaches it first.
    if (const auto asked = fingerprint(id_context); !record.offers || record.asked != asked) {
        const auto counter = static_cast<std::uint64_t>(now.time_since_epoch().count());
        const auto bits = base::draw(seed_ ^ directory_.entropy, asked, base::Stream::oscore, counter);
        for (std::size_t i = 0; i < r2_size; ++i) record.r2[i] = static_cast<std::uint8_t>(bits >> (8 * i));
        record.asked = asked;
        record.offers = true;
    }
    coap::OscoreIdContext joined;
    joined.assign(record.r2);
    std::copy(id_context.begin(), id_context.end(), joined.bytes.begin() + joined.size);
    joined.size = static_cast<std::uint8_t>(joined.size + id_context.size());
    const auto again = directory_.owner_of(record.context.recipient_id.view());
    input = again->input;
    input.id_context = joined.view();
    coap::derive(input, answering_);
    return Opened{opened->message, index, *opened->partial_iv, true};
}

void OscoreClients::protect_answer(const Opened& request, coap::OscoreNonce nonce, base::Writer& out) {
    coap::protect_response(records_[request.context].context, request.partial_iv, nonce, out, workspace_);
}

void OscoreClients::answer_renewal(const Opened& request, const coap::Header& header, base::Writer& out) {
    coap::MessageWriter(out, {header.type, coap::Code::unauthorized, header.message_id, header.token});
    coap::protect_response(answering_, request.partial_iv, coap::OscoreNonce::own, out, workspace_,
                           base::Bytes(records_[request.context].r2));
}

}  // namespace server
