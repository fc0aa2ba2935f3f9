#include "simulator/fleet/object_security.h"

#include "profiles/oscore_spec.h"

namespace fleet::detail {
namespace {

using coap::OscoreRenewal;
using profiles::OscoreReboot;

// What both sides know before the keys; the views live as long as this object.
class Input {
public:
    Input(const Turn& turn, LinkId id)
        : identity_(turn.pool.profile(turn.pool.link(id)), {turn.index_of(id), turn.pool.seed, 0}) {}

    coap::OscoreInput get() const {
        return {.master_secret = identity_.master_secret(),
                .master_salt = identity_.master_salt(),
                .sender_id = identity_.sender_id().value_or(base::Bytes{}),
                .recipient_id = identity_.recipient_id(),
                .id_context = identity_.id_context()};
    }

private:
    profiles::OscoreIdentity identity_;
};

coap::OscoreContext& context_of(Turn& turn, LinkId id) { return turn.pool.security.contexts[context_index(turn, id)]; }

// What a number is for, so that two of one moment differ.
enum class Purpose : std::int64_t { id1, r3, echo };

std::uint64_t fresh_number(Turn& turn, LinkId id, Purpose purpose) {
    const auto counter = turn.now.time_since_epoch().count() * 4 + static_cast<std::int64_t>(purpose);
    return base::draw(turn.pool.seed ^ turn.pool.security.entropy, turn.index_of(id), base::Stream::oscore,
                      static_cast<std::uint64_t>(counter));
}
coap::OscoreRenewalNonce fresh_nonce(Turn& turn, LinkId id, Purpose purpose) {
    const std::uint64_t number = fresh_number(turn, id, purpose);
    coap::OscoreRenewalNonce nonce{};
    for (std::size_t i = 0; i < nonce.size(); ++i) nonce[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return nonce;
}

metrics::Discard reason(coap::OscoreFailure failure) {
    switch (failure) {
        case coap::OscoreFailure::malformed: return metrics::Discard::malformed;
        case coap::OscoreFailure::no_context: return metrics::Discard::oscore_context;
        case coap::OscoreFailure::replay: return metrics::Discard::oscore_replay;
        case coap::OscoreFailure::decrypt: return metrics::Discard::oscore_decrypt;
        case coap::OscoreFailure::unprotected: return metrics::Discard::unprotected;
    }
    return metrics::Discard::malformed;
}

coap::Header header_for(const coap::MessageView& request, Link& link, coap::Code code) {
    const bool confirmable = request.type == coap::MessageType::confirmable;
    return {.type = confirmable ? coap::MessageType::acknowledgement : coap::MessageType::non_confirmable,
            .code = code,
            .message_id = confirmable ? request.message_id : link.peer.take_message_id(),
            .token = request.token};
}

// Who a device without OSCORE or with wrong keys is, is not known: a CON gets the error that RFC 8613 8.2 has for it, a
// NON nothing.
void refuse(Turn& turn, LinkId id, const coap::MessageView& request, coap::OscoreFailure failure) {
    if (request.type != coap::MessageType::confirmable) return;
    auto out = turn.open();
    coap::write_oscore_error(failure, header_for(request, turn.pool.link(id), coap::oscore_error(failure)), out);
    turn.endpoint.keep_reply(id, request, out.written());
    turn.counters.answer(metrics::ServerRequest::unknown, static_cast<std::uint8_t>(coap::oscore_error(failure)));
    turn.counters.send(metrics::Sent::answer);
    turn.send(id, out);
}

// RFC 8613 B.1.2: after a reboot a request is taken when it shows by its Echo that it is no older than that.
bool proves_fresh(coap::OscoreContext& context, const coap::OscoreOpened& opened) {
    const auto echo = opened.message.find_uint(coap::OptionNumber::echo);
    if (!echo || *echo != context.awaited_echo) return false;
    context.awaited_echo = 0;
    context.replay.begin_at(*opened.partial_iv);
    return true;
}

void ask_for_echo(Turn& turn, LinkId id, const coap::MessageView& request) {
    coap::OscoreContext& context = context_of(turn, id);
    auto out = turn.open();
    coap::MessageWriter message(out, header_for(request, turn.pool.link(id), coap::Code::unauthorized));
    std::array<std::uint8_t, 8> echo;
    base::Writer(echo).put_uint(context.awaited_echo, echo.size());
    message.option(coap::OptionNumber::echo, echo);
    protect_answer(turn, id, coap::OscoreNonce::own, out);
    if (out.failed()) return;
    turn.endpoint.keep_reply(id, request, out.written());
    turn.counters.answer(metrics::ServerRequest::unknown, static_cast<std::uint8_t>(coap::Code::unauthorized));
    turn.counters.send(metrics::Sent::answer);
    turn.send(id, out);
}

}  // namespace

void begin_context(Turn& turn, LinkId id) {
    auto& security = turn.pool.security;
    const auto& spec = *turn.pool.profile(turn.pool.link(id)).oscore;
    std::uint32_t& place = security.of_device[turn.pool.device_of(id)];
    if (place == 0) {
        const auto index = security.contexts.take();
        CHECK(index != base::no_index);  // there is one for each device
        place = index + 1;
        coap::OscoreContext& made = security.contexts[index];
        coap::derive(Input(turn, id).get(), made);
        made.tells_id_context = made.has_id_context;
        made.next_partial_iv = spec.first_partial_iv;
        if (spec.reboot == OscoreReboot::b2) made.renewal = OscoreRenewal::due;
    }
    coap::OscoreContext& context = context_of(turn, id);
    if (context.renewal == OscoreRenewal::due) {
        coap::ask_for_renewal(Input(turn, id).get(), fresh_nonce(turn, id, Purpose::id1), context);
    }
}

void leave_context(Turn& turn, LinkId id) {
    coap::OscoreContext& context = context_of(turn, id);
    switch (turn.pool.profile(turn.pool.link(id)).oscore->reboot) {
        case OscoreReboot::keep: break;
        case OscoreReboot::b1: coap::forget_mutable(context, fresh_number(turn, id, Purpose::echo) | 1); break;
        case OscoreReboot::b2: context.renewal = OscoreRenewal::due; break;
    }
}

void doubt_context(Turn& turn, LinkId id) {
    if (turn.pool.profile(turn.pool.link(id)).oscore->reboot != OscoreReboot::b2) return;
    context_of(turn, id).renewal = OscoreRenewal::due;
}

coap::Incoming on_protected_datagram(Turn& turn, LinkId id, base::Bytes datagram, base::Writer& out) {
    Link& link = turn.pool.link(id);
    coap::OscoreContext& context = context_of(turn, id);
    const auto& parameters = turn.pool.profile(link).transmission;
    const auto take = [&](const coap::OscoreInput* input) {
        const coap::OscoreLink opener{context, turn.pool.security.workspace, input};
        return turn.endpoint.on_datagram(turn.now, id, link.peer, parameters, datagram, out, &opener);
    };
    if (context.renewal != OscoreRenewal::asked) return take(nullptr);
    const Input input(turn, id);
    const auto known = input.get();
    return take(&known);
}

std::optional<coap::MessageView> unprotect(Turn& turn, LinkId id, const coap::MessageView& request, Repeated repeated) {
    coap::OscoreContext& context = context_of(turn, id);
    const bool checked = repeated == Repeated::no && context.awaited_echo == 0;
    const auto opened = coap::unprotect_request(context, request, turn.pool.security.workspace,
                                                checked ? coap::OscoreReplay::accept : coap::OscoreReplay::ignore);
    if (!opened) {
        turn.counters.discard(reason(opened.error()));
        if (repeated == Repeated::no) refuse(turn, id, request, opened.error());
        return std::nullopt;
    }
    if (context.awaited_echo != 0 && !proves_fresh(context, *opened)) {
        turn.counters.receive(metrics::Received::request);
        ask_for_echo(turn, id, request);
        return std::nullopt;
    }
    return opened->message;
}

void protect_answer(Turn& turn, LinkId id, coap::OscoreNonce nonce, base::Writer& out) {
    auto& security = turn.pool.security;
    coap::protect_response(context_of(turn, id), security.workspace.request_partial_iv, nonce, out, security.workspace);
}

bool is_asked_again(Turn& turn, LinkId id, const coap::MessageView& response) {
    coap::OscoreContext& context = context_of(turn, id);
    auto& echo = turn.pool.security.workspace.echo;
    const auto asked =
        response.code == coap::Code::unauthorized ? response.find(coap::OptionNumber::echo) : std::nullopt;
    const bool has_echo = asked && !asked->value.empty() && asked->value.size() <= echo.max_size;
    if (has_echo) echo.assign(asked->value);
    if (context.renewal != OscoreRenewal::answered) return has_echo;
    coap::propose_renewal(Input(turn, id).get(), fresh_nonce(turn, id, Purpose::r3), context);
    return true;
}

}  // namespace fleet::detail
