#include "simulator/fleet/oscore.h"

#include <utility>

#include "profiles/oscore_spec.h"

namespace fleet::detail {
namespace {

using coap::OscoreRenewal;
using profiles::OscoreReboot;

constexpr std::uint64_t wrong_key_draw = ~std::uint64_t{0};

const profiles::OscoreSpec& spec_of(const Turn& turn, LinkId id) {
    const Link& link = turn.pool.link(id);
    return *profiles::oscore_of(turn.pool.profile(link), link.server);
}

// What both sides know before the keys; the views live as long as this object.
class Input {
public:
    Input(const Turn& turn, LinkId id)
        : identity_(turn.pool.profile(turn.pool.link(id)), {turn.index_of(id), turn.pool.seed, 0},
                    turn.pool.link(id).server),
          wrong_(turn.unit(id, base::Stream::oscore, wrong_key_draw - turn.pool.link(id).server) <
                 spec_of(turn, id).wrong_key) {}

    coap::OscoreInput get() const {
        return {.master_secret = identity_.master_secret(),
                .master_salt = wrong_ ? base::as_bytes("wrong") : identity_.master_salt(),
                .sender_id = identity_.sender_id().value_or(base::Bytes{}),
                .recipient_id = identity_.recipient_id(),
                .id_context = identity_.id_context()};
    }

private:
    profiles::OscoreIdentity identity_;
    bool wrong_;  // by the profile's wrong_key
};

coap::OscoreContext& context_of(const Turn& turn, LinkId id) {
    auto& security = turn.pool.security;
    return security.contexts[security.of_link[id]];
}

void show_plain(const Turn& turn, base::Bytes message) {
    const auto& security = turn.pool.security;
    if (security.see) security.see(turn.now, true, message);
}
void show_opened(const Turn& turn, const coap::MessageView& message) {
    const auto& security = turn.pool.security;
    if (!security.see) return;
    std::array<std::uint8_t, coap::OscoreWorkspace::size> memory;
    base::Writer out(memory);
    coap::MessageWriter copy(out, {message.type, message.code, message.message_id, message.token});
    for (const auto& option : message.options) copy.option(option.number, option.value);
    copy.payload(message.payload);
    security.see(turn.now, false, out.written());
}

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

// The answer to a request whose meaning is not known.
void send_answer(Turn& turn, LinkId id, const coap::MessageView& request, coap::Code code, const base::Writer& out) {
    if (out.failed()) return;
    turn.endpoint.keep_reply(id, request, out.written());
    turn.counters.answer(metrics::ServerRequest::unknown, static_cast<std::uint8_t>(code));
    turn.counters.send(metrics::Sent::answer);
    turn.send(id, out);
}

// Who a device without OSCORE or with wrong keys is, is not known: a CON gets the error that RFC 8613 8.2 has for it, a
// NON nothing.
void refuse(Turn& turn, LinkId id, const coap::MessageView& request, coap::OscoreFailure failure) {
    if (request.type != coap::MessageType::confirmable) return;
    const auto code = coap::oscore_error(failure);
    auto out = turn.open();
    coap::write_oscore_error(failure, header_for(request, turn.pool.link(id), code), out);
    send_answer(turn, id, request, code, out);
}

// RFC 8613 4.1.3.4.2: a message that a proxy takes apart may not be longer than this; it has to be opened in one piece.
constexpr std::size_t max_unfragmented_size = coap::OscoreWorkspace::size - 16;

void answer_block(Turn& turn, LinkId id, const coap::MessageView& request,
                  const coap::BlockTransfers::Received& received) {
    auto out = turn.open();
    coap::MessageWriter message(out, header_for(request, turn.pool.link(id), received.code));
    if (received.block1) message.option_uint(coap::OptionNumber::block1, coap::encode_block(*received.block1));
    if (received.size1) message.option_uint(coap::OptionNumber::size1, *received.size1);
    turn.counters.receive(metrics::Received::request);
    send_answer(turn, id, request, received.code, out);
}

// The protected answer once more, with the outer Block1 that says of which block it is.
void add_outer_block(const coap::Block& block, base::Writer& datagram) {
    if (datagram.failed()) return;
    std::array<std::uint8_t, coap::OscoreWorkspace::size> memory;
    base::Writer copy(memory);
    copy.put(datagram.written());
    const auto answer = copy.failed() ? base::fail("") : coap::parse(copy.written());
    if (!answer) return datagram.fail();
    datagram.rewind(0);
    coap::MessageWriter message(datagram, {answer->type, answer->code, answer->message_id, answer->token});
    for (const auto& option : answer->options) message.option(option.number, option.value);
    message.option_uint(coap::OptionNumber::block1, coap::encode_block(block));
    message.payload(answer->payload);
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
    protect_response(turn, id, note_request(turn), coap::OscoreNonce::own, out);
    send_answer(turn, id, request, coap::Code::unauthorized, out);
}

std::optional<coap::MessageView> unprotect_whole(Turn& turn, LinkId id, const coap::MessageView& request,
                                                 Repeated repeated) {
    coap::OscoreContext& context = context_of(turn, id);
    const bool checked = repeated == Repeated::no && context.awaited_echo == 0;
    const auto opened = coap::unprotect_request(context, request, turn.pool.security.workspace,
                                                checked ? coap::OscoreReplay::accept : coap::OscoreReplay::ignore);
    if (!opened) {
        turn.counters.discard(reason(opened.error()));
        if (repeated == Repeated::no) refuse(turn, id, request, opened.error());
        return std::nullopt;
    }
    show_opened(turn, opened->message);
    if (context.awaited_echo != 0 && !proves_fresh(context, *opened)) {
        turn.counters.receive(metrics::Received::request);
        ask_for_echo(turn, id, request);
        return std::nullopt;
    }
    return opened->message;
}

}  // namespace

void begin_context(Turn& turn, LinkId id) {
    auto& security = turn.pool.security;
    const auto& spec = spec_of(turn, id);
    Link& link = turn.pool.link(id);
    if (!link.has_context) {
        const auto index = security.contexts.take();
        CHECK(index != base::no_index);  // there is one for each link
        security.of_link[id] = index;
        link.has_context = true;
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
    switch (spec_of(turn, id).reboot) {
        case OscoreReboot::keep: break;
        case OscoreReboot::b1: coap::forget_mutable(context, fresh_number(turn, id, Purpose::echo) | 1); break;
        case OscoreReboot::b2: context.renewal = OscoreRenewal::due; break;
    }
}

void doubt_context(Turn& turn, LinkId id) {
    if (spec_of(turn, id).reboot != OscoreReboot::b2) return;
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
    coap::Incoming incoming;
    if (context.renewal == OscoreRenewal::asked) {
        const Input input(turn, id);
        const auto known = input.get();
        incoming = take(&known);
    } else {
        incoming = take(nullptr);
    }
    if (incoming.kind == coap::Incoming::Kind::response && !incoming.refused) show_opened(turn, incoming.message);
    return incoming;
}

std::optional<coap::MessageView> unprotect(Turn& turn, LinkId id, const coap::MessageView& request, Repeated repeated) {
    auto& security = turn.pool.security;
    auto& blocks = turn.pool.blocks;
    security.outer_block.reset();
    const auto oscore = request.find(coap::OptionNumber::oscore);
    if (!oscore || !request.find(coap::OptionNumber::block1)) return unprotect_whole(turn, id, request, repeated);
    // RFC 8613 4.1.3.4.2: a proxy has taken the message apart.
    const coap::TransferKey key{id, coap::fingerprint(oscore->value, coap::resource_of(request))};
    auto received = blocks.receive(turn.now, key, request);
    if (received.length > max_unfragmented_size) {
        received.kind = coap::BlockTransfers::Received::Kind::answer;
        received.code = coap::Code::request_entity_too_large;
        received.size1 = static_cast<std::uint32_t>(max_unfragmented_size);
    }
    if (received.kind == coap::BlockTransfers::Received::Kind::answer) {
        answer_block(turn, id, request, received);
        return std::nullopt;
    }
    coap::MessageView whole = request;
    whole.payload = received.body;
    security.outer_block = received.block1;
    const auto plain = unprotect_whole(turn, id, whole, repeated);
    blocks.finish(turn.now, key, coap::Code::unauthorized);  // a replay, by another message id
    return plain;
}

void protect_request(Turn& turn, LinkId id, base::Writer& out) {
    if (out.failed()) return;
    show_plain(turn, out.written());
    coap::protect_request(context_of(turn, id), out, turn.pool.security.workspace);
}

void protect_response(Turn& turn, LinkId id, std::uint64_t request, coap::OscoreNonce nonce, base::Writer& out) {
    if (out.failed()) return;
    show_plain(turn, out.written());
    auto& security = turn.pool.security;
    coap::protect_response(context_of(turn, id), request, nonce, out, security.workspace);
    if (const auto block = std::exchange(security.outer_block, std::nullopt)) add_outer_block(*block, out);
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
