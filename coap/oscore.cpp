#include "coap/oscore.h"

#include <algorithm>
#include <bit>

#include "simulator/base/check.h"
#include "simulator/base/reader.h"

namespace coap {
namespace {

constexpr unsigned kid_context_flag = 0x10;
constexpr unsigned kid_flag = 0x08;
constexpr unsigned iv_size_bits = 0x07;
constexpr unsigned reserved_bits = 0xe0;

// Without leading zeros; of 0 one byte (RFC 8613 6.1).
std::size_t iv_size(std::uint64_t partial_iv) {
    return std::max<std::size_t>(1, (static_cast<std::size_t>(std::bit_width(partial_iv)) + 7) / 8);
}

// RFC 8613 4.1, figure 5: what a proxy needs stays outside, anything else goes inside. Observe is both.
bool stays_outside(OptionNumber number) {
    return number == OptionNumber::uri_host || number == OptionNumber::uri_port ||
           number == OptionNumber::proxy_scheme || number == OptionNumber::hop_limit;
}

// RFC 8613 5.4: Enc_structure of COSE around [1, [10], request_kid, request_piv, options], for the algorithm that we
// have and without class I options, of which there are none.
class AssociatedData {
public:
    AssociatedData(base::Bytes request_kid, std::uint64_t request_partial_iv) {
        const std::size_t iv = iv_size(request_partial_iv);
        base::Writer out(memory_);
        out.put_u8(0x83);
        out.put_u8(0x68);
        out.put(std::string_view("Encrypt0"));
        out.put_u8(0x40);
        out.put_u8(static_cast<std::uint8_t>(0x40 + 7 + request_kid.size() + iv));
        out.put_u8(0x85);
        out.put_u8(0x01);
        out.put_u8(0x81);
        out.put_u8(oscore_aead);
        out.put_u8(static_cast<std::uint8_t>(0x40 + request_kid.size()));
        out.put(request_kid);
        out.put_u8(static_cast<std::uint8_t>(0x40 + iv));
        out.put_uint(request_partial_iv, iv);
        out.put_u8(0x40);
        CHECK(!out.failed());
        size_ = out.size();
    }
    base::Bytes view() const { return base::Bytes(memory_).first(size_); }

private:
    std::array<std::uint8_t, 40> memory_{};
    std::size_t size_ = 0;
};

// What the plaintext holds in front of its options: one byte, the code.
constexpr std::size_t header_size = 4;

// The plain message once more, without a token and what stays outside. Its last header byte becomes the code, so that
// the plaintext stands there in one piece.
base::MutableBytes write_plaintext(const MessageView& message, base::Bytes echo, OscoreWorkspace& workspace) {
    base::Writer out(workspace.sealed);
    MessageWriter inner(out, {.type = message.type, .code = message.code, .message_id = 0, .token = {}});
    const bool response = is_response(message.code);
    for (const Option& option : message.options) {
        if (!echo.empty() && option.number > OptionNumber::echo) {
            inner.option(OptionNumber::echo, echo);
            echo = {};
        }
        if (stays_outside(option.number) || option.number == OptionNumber::oscore) continue;
        // 4.1.3.5.2: a notification's number is its Partial IV.
        const bool numbered = response && option.number == OptionNumber::observe;
        inner.option(option.number, numbered ? base::Bytes{} : option.value);
    }
    if (!echo.empty()) inner.option(OptionNumber::echo, echo);
    inner.payload(message.payload);
    if (out.failed()) return {};
    workspace.sealed[header_size - 1] = static_cast<std::uint8_t>(message.code);
    return base::MutableBytes(workspace.sealed).subspan(header_size - 1, out.size() - (header_size - 1));
}

struct Sealing {
    base::Bytes sender_key;
    std::array<std::uint8_t, oscore_nonce_size> nonce;
    AssociatedData associated;
    OscoreOption option;
    base::Bytes echo;
};

Code outer_code(const MessageView& message) {
    const bool observes = message.find(OptionNumber::observe).has_value();
    if (is_request(message.code)) return observes ? Code::fetch : Code::post;
    return observes ? Code::content : Code::changed;
}

// RFC 8613 8.1, 8.3.
void seal(const Sealing& with, base::Writer& datagram, OscoreWorkspace& workspace) {
    if (datagram.failed()) return;
    const auto parsed = parse(datagram.written());
    CHECK(parsed.has_value());
    const MessageView& message = *parsed;
    const auto text = write_plaintext(message, with.echo, workspace);
    if (text.empty()) return datagram.fail();

    // The outer message takes the place of the plain one: what it needs of that goes to the side.
    const Token token(message.token);
    const Header header{message.type, outer_code(message), message.message_id, token.view()};
    base::Writer aside(workspace.outside);
    MessageWriter outer(aside, header);
    std::array<std::uint8_t, 64> value_memory;
    base::Writer value(value_memory);
    write_oscore_option(with.option, value);
    bool written = false;
    for (const Option& option : message.options) {
        if (!stays_outside(option.number) && option.number != OptionNumber::observe) continue;
        if (!written && option.number > OptionNumber::oscore) {
            outer.option(OptionNumber::oscore, value.written());
            written = true;
        }
        outer.option(option.number, option.value);
    }
    if (!written) outer.option(OptionNumber::oscore, value.written());
    outer.begin_payload();

    std::array<std::uint8_t, oscore_tag_size> tag;
    workspace.cipher.ccm8_seal({.key = with.sender_key, .nonce = with.nonce, .associated = with.associated.view()},
                               text, tag);
    datagram.rewind(0);
    datagram.put(aside.written());
    datagram.put(text);
    datagram.put(tag);
    if (value.failed() || aside.failed()) datagram.fail();
}

// The number that the next message with a Partial IV of ours gets; the datagram fails where there is none left.
std::optional<std::uint64_t> take_partial_iv(OscoreContext& context, base::Writer& datagram) {
    if (context.next_partial_iv > oscore_last_partial_iv) {
        datagram.fail();
        return std::nullopt;
    }
    return context.next_partial_iv++;
}

struct Opening {
    base::Bytes recipient_key;
    std::array<std::uint8_t, oscore_nonce_size> nonce;
    AssociatedData associated;
};

// Decrypts, and puts the header and token of the outer message in front of what was inside.
tl::expected<MessageView, OscoreFailure> open(const Opening& with, const MessageView& outer,
                                              OscoreWorkspace& workspace) {
    const auto fail = [](OscoreFailure why) { return tl::unexpected<OscoreFailure>(why); };
    const std::size_t body_at = header_size + outer.token.size();
    // One byte at least, the code.
    if (outer.payload.size() <= oscore_tag_size || body_at + outer.payload.size() > OscoreWorkspace::size) {
        return fail(OscoreFailure::malformed);
    }
    const auto ciphertext = outer.payload.first(outer.payload.size() - oscore_tag_size);
    const base::MutableBytes memory(workspace.opened);
    const auto text = memory.subspan(body_at - 1, ciphertext.size());
    std::copy(ciphertext.begin(), ciphertext.end(), text.begin());
    if (!workspace.cipher.ccm8_open(
            {.key = with.recipient_key, .nonce = with.nonce, .associated = with.associated.view()}, text,
            outer.payload.last(oscore_tag_size))) {
        return fail(OscoreFailure::decrypt);
    }
    const auto code = static_cast<Code>(text.front());
    const bool same_kind = is_request(outer.code) ? is_request(code) : is_response(code);
    if (!same_kind) return fail(OscoreFailure::malformed);
    base::Writer header(memory.first(body_at));
    MessageWriter(header, {outer.type, code, outer.message_id, outer.token});
    const auto inner = parse(memory.first(body_at - 1 + ciphertext.size()));
    if (!inner || inner->find(OptionNumber::oscore)) return fail(OscoreFailure::malformed);
    return *inner;
}

// RFC 8613 8.2, 8.4: options of the outer message that are not protected join those that were; all others outside are
// ignored. `observe` is the value that the Observe option shall have, if it is to stay.
tl::expected<MessageView, OscoreFailure> merge(const MessageView& outer, const MessageView& inner,
                                               std::optional<std::uint64_t> observe, OscoreWorkspace& workspace) {
    base::Writer out(workspace.merged);
    MessageWriter message(out, {inner.type, inner.code, inner.message_id, inner.token});
    auto outside = outer.options.begin();
    const auto put_outside = [&](OptionNumber until) {
        for (; outside != outer.options.end() && outside->number <= until; ++outside) {
            if (stays_outside(outside->number)) message.option(outside->number, outside->value);
        }
    };
    for (const Option& option : inner.options) {
        put_outside(option.number);
        if (stays_outside(option.number)) continue;
        if (option.number != OptionNumber::observe) {
            message.option(option.number, option.value);
        } else if (observe) {
            message.option_uint(OptionNumber::observe, *observe);
        }
    }
    put_outside(static_cast<OptionNumber>(0xffff));
    message.payload(inner.payload);
    if (out.failed()) return tl::unexpected<OscoreFailure>(OscoreFailure::malformed);
    const auto merged = parse(out.written());
    CHECK(merged.has_value());
    return *merged;
}

bool has_outside(const MessageView& outer) {
    for (const Option& option : outer.options) {
        if (stays_outside(option.number)) return true;
    }
    return false;
}

// Is the ID Context that a request names the one of this context?
bool names_context(const OscoreContext& context, base::Bytes kid_context) {
    if (!context.has_id_context) return false;
    if (base::equal(kid_context, context.id_context.view())) return true;
    const auto unwrapped = unwrap_id_context(kid_context);
    return unwrapped && base::equal(*unwrapped, context.id_context.view());
}

}  // namespace

base::Result<OscoreOption> read_oscore_option(base::Bytes value) {
    OscoreOption option;
    if (value.empty()) return option;
    base::Reader in(value);
    const unsigned flags = *in.take_u8();
    if ((flags & reserved_bits) != 0) return base::fail("reserved bits of the OSCORE option are set", 0);
    if (flags == 0) return base::fail("an OSCORE option without flags is empty", 0);
    const std::size_t size = flags & iv_size_bits;
    if (size > 5) return base::fail("reserved length of the Partial IV", 0);
    if (size > 0) {
        const auto partial_iv = in.take_uint(size);
        if (!partial_iv) return base::fail("Partial IV runs past the end", in.offset());
        if (iv_size(*partial_iv) != size) return base::fail("Partial IV with leading zeros", 1);
        option.partial_iv = *partial_iv;
    }
    if ((flags & kid_context_flag) != 0) {
        const auto length = in.take_u8();
        const auto kid_context = length ? in.take(*length) : base::Result<base::Bytes>(base::fail(""));
        if (!kid_context) return base::fail("kid context runs past the end", in.offset());
        option.kid_context = *kid_context;
    }
    if ((flags & kid_flag) != 0) {
        option.kid = in.rest();
    } else if (!in.at_end()) {
        return base::fail("bytes behind the OSCORE option's fields", in.offset());
    }
    return option;
}

void write_oscore_option(const OscoreOption& option, base::Writer& out) {
    if (!option.partial_iv && !option.kid_context && !option.kid) return;
    const std::size_t size = option.partial_iv ? iv_size(*option.partial_iv) : 0;
    unsigned flags = static_cast<unsigned>(size);
    if (option.kid_context) flags |= kid_context_flag;
    if (option.kid) flags |= kid_flag;
    out.put_u8(static_cast<std::uint8_t>(flags));
    if (option.partial_iv) out.put_uint(*option.partial_iv, size);
    if (option.kid_context) {
        out.put_u8(static_cast<std::uint8_t>(option.kid_context->size()));
        out.put(*option.kid_context);
    }
    if (option.kid) out.put(*option.kid);
}

std::optional<OscoreOption> find_oscore(const MessageView& message) {
    const auto option = message.find(OptionNumber::oscore);
    if (!option) return std::nullopt;
    const auto read = read_oscore_option(option->value);
    return read ? std::optional(*read) : std::nullopt;
}

void protect_request(OscoreContext& context, base::Writer& datagram, OscoreWorkspace& workspace) {
    const auto partial_iv = take_partial_iv(context, datagram);
    if (!partial_iv) return;
    context.request_partial_iv = *partial_iv;
    std::array<std::uint8_t, OscoreIdContext::max_size + 2> wrapped_memory;
    base::Writer wrapped(wrapped_memory);
    OscoreOption option{.partial_iv = partial_iv, .kid_context = {}, .kid = context.sender_id.view()};
    if (context.tells_id_context) {
        const bool renewed = context.renewal == OscoreRenewal::asked || context.renewal == OscoreRenewal::proposed;
        if (renewed) wrap_id_context(context.id_context.view(), wrapped);
        option.kid_context = renewed ? wrapped.written() : context.id_context.view();
    }
    seal({.sender_key = context.sender_key,
          .nonce = oscore_nonce(context, context.sender_id.view(), *partial_iv),
          .associated = AssociatedData(context.sender_id.view(), *partial_iv),
          .option = option,
          .echo = workspace.echo.view()},
         datagram, workspace);
    workspace.echo = {};
}

void protect_response(OscoreContext& context, std::uint64_t request_partial_iv, OscoreNonce nonce,
                      base::Writer& datagram, OscoreWorkspace& workspace, std::optional<base::Bytes> kid_context) {
    const auto request_kid = context.recipient_id.view();
    Sealing sealing{.sender_key = context.sender_key,
                    .nonce = oscore_nonce(context, request_kid, request_partial_iv),
                    .associated = AssociatedData(request_kid, request_partial_iv),
                    .option = {.partial_iv = {}, .kid_context = {}, .kid = {}},
                    .echo = {}};
    if (nonce == OscoreNonce::own) {
        sealing.option.partial_iv = take_partial_iv(context, datagram);
        if (!sealing.option.partial_iv) return;
        sealing.nonce = oscore_nonce(context, context.sender_id.view(), *sealing.option.partial_iv);
    }
    std::array<std::uint8_t, OscoreIdContext::max_size + 2> wrapped_memory;
    base::Writer wrapped(wrapped_memory);
    if (kid_context) {
        wrap_id_context(*kid_context, wrapped);
        sealing.option.kid_context = wrapped.written();
    }
    seal(sealing, datagram, workspace);
}

OscoreResult unprotect_request(OscoreContext& context, const MessageView& message, OscoreWorkspace& workspace,
                               OscoreReplay replay) {
    const auto fail = [](OscoreFailure why) { return tl::unexpected<OscoreFailure>(why); };
    const auto value = message.find(OptionNumber::oscore);
    if (!value) return fail(OscoreFailure::unprotected);
    const auto option = read_oscore_option(value->value);
    if (!option || !option->partial_iv || !option->kid) return fail(OscoreFailure::malformed);
    if (!base::equal(*option->kid, context.recipient_id.view())) return fail(OscoreFailure::no_context);
    if (option->kid_context && !names_context(context, *option->kid_context)) return fail(OscoreFailure::no_context);
    if (replay != OscoreReplay::ignore && !context.replay.is_new(*option->partial_iv)) {
        return fail(OscoreFailure::replay);
    }
    const auto inner = open({.recipient_key = context.recipient_key,
                             .nonce = oscore_nonce(context, *option->kid, *option->partial_iv),
                             .associated = AssociatedData(*option->kid, *option->partial_iv)},
                            message, workspace);
    if (!inner) return fail(inner.error());
    if (replay == OscoreReplay::accept) context.replay.accept(*option->partial_iv);
    workspace.request_partial_iv = *option->partial_iv;
    // 4.1.3.5.1: without the outer Observe nobody will pass notifications on.
    const auto observe = inner->find_uint(OptionNumber::observe);
    const bool hidden = observe && !message.find(OptionNumber::observe);
    if (!hidden && !has_outside(message)) return OscoreOpened{*inner, option->partial_iv};
    const auto merged = merge(message, *inner, hidden ? std::nullopt : observe, workspace);
    if (!merged) return fail(merged.error());
    return OscoreOpened{*merged, option->partial_iv};
}

OscoreResult unprotect_response(const OscoreContext& context, std::uint64_t request_partial_iv,
                                const MessageView& message, OscoreWorkspace& workspace) {
    const auto fail = [](OscoreFailure why) { return tl::unexpected<OscoreFailure>(why); };
    const auto value = message.find(OptionNumber::oscore);
    if (!value) return fail(OscoreFailure::unprotected);
    const auto option = read_oscore_option(value->value);
    if (!option) return fail(OscoreFailure::malformed);
    const auto request_kid = context.sender_id.view();
    const auto nonce = option->partial_iv ? oscore_nonce(context, context.recipient_id.view(), *option->partial_iv)
                                          : oscore_nonce(context, request_kid, request_partial_iv);
    const auto inner = open({.recipient_key = context.recipient_key,
                             .nonce = nonce,
                             .associated = AssociatedData(request_kid, request_partial_iv)},
                            message, workspace);
    if (!inner) return fail(inner.error());
    if (!inner->find(OptionNumber::observe)) return OscoreOpened{*inner, option->partial_iv};
    const auto merged = merge(message, *inner, option->partial_iv.value_or(0) & 0xffffff, workspace);
    if (!merged) return fail(merged.error());
    return OscoreOpened{*merged, option->partial_iv};
}

OscoreResult open_response(OscoreLink link, const MessageView& message) {
    OscoreContext& context = link.context;
    const auto option = context.renewal == OscoreRenewal::asked ? find_oscore(message) : std::nullopt;
    const auto r2 = option && option->kid_context ? unwrap_id_context(*option->kid_context) : std::nullopt;
    if (r2 && link.input != nullptr && r2->size() + oscore_renewal_size <= OscoreIdContext::max_size) {
        OscoreIdContext id_context;
        id_context.assign(*r2);
        std::copy_n(context.id_context.bytes.begin(), oscore_renewal_size, id_context.bytes.begin() + id_context.size);
        id_context.size = static_cast<std::uint8_t>(id_context.size + oscore_renewal_size);
        OscoreInput input = *link.input;
        input.id_context = id_context.view();
        OscoreContext renewed;
        derive(input, renewed);
        auto opened = unprotect_response(renewed, context.request_partial_iv, message, link.workspace);
        if (opened) {
            renewed.renewal = OscoreRenewal::answered;
            context = renewed;
        }
        renewed.wipe();
        return opened;
    }
    auto opened = unprotect_response(context, context.request_partial_iv, message, link.workspace);
    // The server has shown that it has the context: its ID need not be told any more.
    if (opened && (context.renewal == OscoreRenewal::proposed)) {
        context.renewal = OscoreRenewal::none;
        context.tells_id_context = false;
    }
    return opened;
}

Code oscore_error(OscoreFailure failure) {
    switch (failure) {
        case OscoreFailure::malformed: return Code::bad_option;
        case OscoreFailure::decrypt: return Code::bad_request;
        case OscoreFailure::no_context:
        case OscoreFailure::replay:
        case OscoreFailure::unprotected: return Code::unauthorized;
    }
    return Code::bad_request;
}

void write_oscore_error(OscoreFailure failure, const Header& header, base::Writer& out) {
    const auto text = [&]() -> std::string_view {
        switch (failure) {
            case OscoreFailure::malformed: return "Failed to decode COSE";
            case OscoreFailure::no_context: return "Security context not found";
            case OscoreFailure::replay: return "Replay detected";
            case OscoreFailure::decrypt: return "Decryption failed";
            case OscoreFailure::unprotected: return "OSCORE is required";
        }
        return "";
    }();
    MessageWriter message(out, {header.type, oscore_error(failure), header.message_id, header.token});
    message.option_uint(OptionNumber::max_age, 0);
    message.payload(text);
}

}  // namespace coap
