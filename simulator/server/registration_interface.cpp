// What devices ask of the server: Register, Update, De-register (Core 1.1.1, 6.2) and Send (6.4.6).
#include <algorithm>
#include <array>

#include "simulator/server/payload.h"
#include "simulator/server/server.h"

namespace server {
namespace {

using coap::Code;
using coap::OptionNumber;

constexpr std::uint8_t szx_for_strangers = 2;  // 64 bytes

// Where a request goes.
struct Target {
    enum class Kind : std::uint8_t { registrations, registration, data, firmware, other };
    Kind kind = Kind::other;
    std::string_view location;  // of `registration` and `firmware`: the segment behind the first
};

Target target_of(const coap::MessageView& message) {
    std::array<std::string_view, 2> segments;
    std::size_t count = 0;
    for (const coap::Option& option : message.options) {
        if (option.number != OptionNumber::uri_path) continue;
        if (count < segments.size()) segments[count] = option.text();
        ++count;
    }
    if (count == 1 && segments[0] == "dp") return {Target::Kind::data, {}};
    if (count == 2 && segments[0] == FirmwareStore::folder) return {Target::Kind::firmware, segments[1]};
    if (count == 0 || count > 2 || segments[0] != "rd") return {};
    if (count == 1) return {Target::Kind::registrations, {}};
    return {Target::Kind::registration, segments[1]};
}

// RFC 7252 5.4.1: a critical option that is not understood is answered with 4.02.
bool understood(const coap::MessageView& message) {
    constexpr std::array known{OptionNumber::uri_host,  OptionNumber::uri_port, OptionNumber::uri_path,
                               OptionNumber::uri_query, OptionNumber::accept,   OptionNumber::block1,
                               OptionNumber::block2};
    for (const coap::Option& option : message.options) {
        if (!coap::is_critical(option.number)) continue;
        if (std::find(known.begin(), known.end(), option.number) == known.end()) return false;
    }
    return true;
}

bool is_link_format(const coap::MessageView& message) {
    const auto format = message.find_uint(OptionNumber::content_format);
    return !format || *format == static_cast<std::uint64_t>(lwm2m::ContentFormat::link);
}

// Only formats that name their paths from the root.
bool may_be_sent(lwm2m::ContentFormat format) {
    return format == lwm2m::ContentFormat::senml_cbor || format == lwm2m::ContentFormat::senml_json ||
           format == lwm2m::ContentFormat::lwm2m_cbor;
}

}  // namespace

struct Server::Reply {
    Code code = Code::empty;
    After after = After::nothing;
    bool located = false;  // Location-Path is that of the client's registration
    std::optional<coap::Block> block1;
    std::optional<std::uint32_t> size1;
    std::optional<base::Bytes> body;  // the request is whole
    // Of a piece of an image.
    std::optional<coap::Block> block2;
    std::optional<std::uint32_t> size2;
    std::optional<std::uint64_t> etag;
    base::Bytes payload;

    static Reply of(Code code) {
        Reply reply;
        reply.code = code;
        return reply;
    }
};

// What is wrong with a request of somebody unknown; Code::empty when it is a Register that may be accepted.
Code Server::judge(const coap::MessageView& message) {
    if (!understood(message)) return Code::bad_option;
    const auto target = target_of(message);
    if (target.kind != Target::Kind::registrations) return Code::not_found;
    if (message.code != Code::post) return Code::method_not_allowed;
    const auto request = read_register(message);
    if (!request) return request.error();
    return may_register(request->endpoint) ? Code::empty : Code::bad_request;
}

Server::After Server::on_request(base::Time now, ClientIndex client, const coap::Incoming& incoming,
                                 base::Writer& out) {
    const auto message = unprotect(now, client, incoming, out);
    if (!message) return After::nothing;
    const auto after = answer(now, client, *message, out);
    if (secured_.context != base::no_index) {
        const bool repeated = incoming.kind == coap::Incoming::Kind::repeated_request;
        oscore_.protect_answer(secured_, repeated ? coap::OscoreNonce::own : coap::OscoreNonce::of_request, out);
    }
    // RFC 7252 4.5: what must not be done twice is answered from memory.
    if (message->type == coap::MessageType::confirmable && message->code != Code::get) {
        endpoint_.keep_reply(registry_.peer_id(client), incoming.message, out.written());
    }
    return after;
}

Server::After Server::answer(base::Time now, ClientIndex client, const coap::MessageView& message, base::Writer& out) {
    const Reply reply = handle(now, client, message);
    const bool confirmable = message.type == coap::MessageType::confirmable;
    if (coap::code_class(reply.code) >= 4) {
        figures_.rejections[metrics::code_slot(static_cast<std::uint8_t>(reply.code))].add();
    }
    coap::MessageWriter writer(
        out, {.type = confirmable ? coap::MessageType::acknowledgement : coap::MessageType::non_confirmable,
              .code = reply.code,
              .message_id = confirmable ? message.message_id : registry_[client].peer.take_message_id(),
              .token = message.token});
    if (reply.located) {
        const auto location = registry_.location(client);
        writer.option(OptionNumber::location_path, std::string_view("rd"));
        writer.option(OptionNumber::location_path, std::string_view(location.data(), location.size()));
    }
    write_reply(reply, writer);
    return reply.after;
}

void Server::write_reply(const Reply& reply, coap::MessageWriter& writer) {
    if (reply.etag) coap::write_etag(writer, *reply.etag);
    if (!reply.payload.empty()) {
        writer.option_uint(OptionNumber::content_format, static_cast<std::uint64_t>(lwm2m::ContentFormat::opaque));
    }
    if (reply.block2) writer.option_uint(OptionNumber::block2, coap::encode_block(*reply.block2));
    if (reply.block1) writer.option_uint(OptionNumber::block1, coap::encode_block(*reply.block1));
    if (reply.size2) writer.option_uint(OptionNumber::size2, *reply.size2);
    if (reply.size1) writer.option_uint(OptionNumber::size1, *reply.size1);
    writer.payload(reply.payload);
}

Server::Reply Server::handle(base::Time now, ClientIndex client, const coap::MessageView& message) {
    if (!understood(message)) return Reply::of(Code::bad_option);
    const auto target = target_of(message);
    // What was registered under one security is not to be spoken for under another.
    const bool other_security = registry_[client].is_registered() && registry_[client].oscore != secured_.context;
    if (other_security && (target.kind == Target::Kind::registration || target.kind == Target::Kind::data)) {
        return Reply::of(Code::unauthorized);
    }
    switch (target.kind) {
        case Target::Kind::other: return Reply::of(Code::not_found);
        case Target::Kind::registrations:
            return message.code == Code::post ? handle_register(now, client, message)
                                              : Reply::of(Code::method_not_allowed);
        case Target::Kind::data:
            return message.code == Code::post ? handle_send(now, client, message) : Reply::of(Code::method_not_allowed);
        case Target::Kind::firmware: {
            const auto* image = firmware_.find(target.location);
            if (message.code != Code::get) return Reply::of(Code::method_not_allowed);
            return image == nullptr ? Reply::of(Code::not_found) : handle_download(*image, message, coap::max_szx);
        }
        case Target::Kind::registration: break;
    }
    if (message.code != Code::post && message.code != Code::delete_) return Reply::of(Code::method_not_allowed);
    // Without security the address is the identity: from another one the location is not known.
    if (registry_.find_location(target.location) != client) return Reply::of(Code::not_found);
    return message.code == Code::post ? handle_update(now, client, message) : handle_deregister(client);
}

// The body of a request that may come in blocks (RFC 7959 2.3).
Server::Reply Server::whole_body(base::Time now, ClientIndex client, const coap::MessageView& message) {
    Reply reply;
    if (!message.find(OptionNumber::block1)) {
        reply.body = message.payload;
        return reply;
    }
    const auto received = transfers_.receive(now, {registry_.peer_id(client), coap::resource_of(message)}, message);
    reply.code = received.code;
    reply.block1 = received.block1;
    reply.size1 = received.size1;
    if (received.kind == coap::BlockTransfers::Received::Kind::whole) reply.body = received.body;
    return reply;
}

// Transport 1.1.1, 5.5: the endpoint name is the one that belongs to the Sender ID; who has one registers with OSCORE.
Code Server::judge_security(const RegisterRequest& request) {
    const auto& directory = oscore_.directory();
    if (!directory) return Code::empty;
    if (secured_.context == base::no_index) {
        return directory.secures(request.endpoint) ? Code::unauthorized : Code::empty;
    }
    const auto owner = directory.owner_of(oscore_[secured_.context].recipient_id.view());
    if (owner && owner->endpoint == request.endpoint) return Code::empty;
    figures_.identity_mismatches.add();
    return Code::forbidden;
}

Server::Reply Server::handle_register(base::Time now, ClientIndex client, const coap::MessageView& message) {
    const auto request = read_register(message);
    if (!request) return Reply::of(request.error());
    if (const auto code = judge_security(*request); code != Code::empty) return Reply::of(code);
    if (!is_link_format(message)) return Reply::of(Code::unsupported_content_format);
    if (!may_register(request->endpoint)) return Reply::of(Code::bad_request);
    Reply reply = whole_body(now, client, message);
    if (!reply.body) return reply;
    const auto objects = lists_.acquire(base::as_text(*reply.body));
    reply.code = objects ? accept(now, client, *request, *objects) : Code::bad_request;
    if (reply.block1) transfers_.finish(now, {registry_.peer_id(client), coap::resource_of(message)}, reply.code);
    reply.located = reply.code == Code::created;
    reply.after = reply.located ? After::begin_agenda : After::nothing;
    return reply;
}

// Takes over one use of `objects`.
Code Server::accept(base::Time now, ClientIndex index, const RegisterRequest& request, std::uint32_t objects) {
    const auto before = registry_.find_endpoint(request.endpoint);
    bool replaces = before != base::no_index;
    if (replaces) end_registration(before);
    if (registry_[index].is_registered()) {
        // Another device stands at this address now.
        end_registration(index);
        replaces = true;
    }
    if (!registry_.enter(index, request.endpoint)) {
        figures_.drops[metrics::index(metrics::Drop::no_slot)].add();
        lists_.release(objects);
        return Code::service_unavailable;
    }
    Client& client = registry_[index];
    client.objects = objects;
    client.oscore = secured_.context;
    client.lifetime = request.lifetime.value_or(default_lifetime);
    client.registered = now;
    client.lwm2m_minor = static_cast<std::uint8_t>(request.version.minor);
    client.binding = request.binding.value_or(Binding::udp);
    client.queue_mode = request.queue_mode;
    renew(now, index);
    figures_.registrations.add();
    figures_.clients.add();
    if (replaces) figures_.replacements.add();
    return Code::created;
}

Server::Reply Server::handle_update(base::Time now, ClientIndex index, const coap::MessageView& message) {
    Client& client = registry_[index];
    const auto request = read_update(message, {1, client.lwm2m_minor});
    if (!request) return Reply::of(request.error());
    if (!is_link_format(message)) return Reply::of(Code::unsupported_content_format);
    Reply reply = whole_body(now, index, message);
    if (!reply.body) return reply;
    reply.code = Code::changed;
    if (!reply.body->empty()) {
        const auto objects = lists_.acquire(base::as_text(*reply.body));
        if (objects) {
            lists_.release(client.objects);
            client.objects = *objects;
        } else {
            reply.code = Code::bad_request;
        }
    }
    if (reply.block1) transfers_.finish(now, {registry_.peer_id(index), coap::resource_of(message)}, reply.code);
    if (reply.code != Code::changed) return reply;
    if (request->binding) {
        client.binding = *request->binding;
        client.queue_mode = request->queue_mode;
    }
    if (request->lifetime && *request->lifetime != client.lifetime) {
        client.lifetime = *request->lifetime;
        timers_.cancel(client.expiry);
    }
    renew(now, index);
    figures_.updates.add();
    return reply;
}

Server::Reply Server::handle_deregister(ClientIndex client) {
    figures_.deregistrations.add();
    end_registration(client);
    return Reply::of(Code::deleted);
}

// A piece of an image (RFC 7959 2.4), which does not change while it is fetched, but for another under its name: the
// ETag tells.
Server::Reply Server::handle_download(const FirmwareImage& image, const coap::MessageView& message,
                                      std::uint8_t szx) const {
    const auto accept = message.find_uint(OptionNumber::accept);
    if (accept && *accept != static_cast<std::uint64_t>(lwm2m::ContentFormat::opaque)) {
        return Reply::of(Code::not_acceptable);
    }
    const auto wanted = coap::find_block(message, OptionNumber::block2);
    if (!wanted) return Reply::of(Code::bad_request);
    const auto answer = coap::answer_block2(image.bytes, *wanted, szx);
    auto reply = Reply::of(answer.code);
    if (answer.code != Code::content) return reply;
    reply.payload = answer.bytes;
    reply.block2 = answer.block2;
    reply.size2 = answer.size2;
    if (!reply.size2 && message.find(OptionNumber::size2)) {
        reply.size2 = static_cast<std::uint32_t>(image.bytes.size());  // RFC 7959 4
    }
    reply.etag = image.etag;
    return reply;
}

// Images are for everybody, but whoever is not known gets them in pieces not much longer than its requests, lest the
// server be used against somebody else (RFC 7252 11.3).
bool Server::serve_stranger(base::Time now, const net::Packet& packet, const coap::MessageView& message) {
    const auto target = target_of(message);
    if (target.kind != Target::Kind::firmware || message.code != Code::get || !understood(message)) return false;
    const auto* image = firmware_.find(target.location);
    if (image == nullptr) return false;
    const bool confirmable = message.type == coap::MessageType::confirmable;
    const Reply reply = handle_download(*image, message, szx_for_strangers);
    base::Writer out(outbox_.open(now));
    coap::MessageWriter writer(
        out, {.type = confirmable ? coap::MessageType::acknowledgement : coap::MessageType::non_confirmable,
              .code = reply.code,
              .message_id = message.message_id,
              .token = message.token});
    write_reply(reply, writer);
    outbox_.commit(out.size(), 0, packet.remote);
    return true;
}

// Values of several resources at once, unasked (Core 1.1.1, 6.4.6; Transport 1.1.1, 6.4.8).
Server::Reply Server::handle_send(base::Time now, ClientIndex index, const coap::MessageView& message) {
    const Client& client = registry_[index];
    // 4.04: the device is not registered, or an object that it reports is not.
    if (!client.is_registered()) return Reply::of(Code::not_found);
    const auto number = message.find_uint(OptionNumber::content_format);
    const auto format = number && *number <= 0xffff ? lwm2m::content_format(static_cast<std::uint32_t>(*number))
                                                    : std::optional<lwm2m::ContentFormat>();
    if (!format || !may_be_sent(*format)) return Reply::of(Code::unsupported_content_format);
    Reply reply = whole_body(now, index, message);
    if (!reply.body) return reply;
    const ObjectList& list = lists_[client.objects];
    const auto decoded = lwm2m::decode(*format, lwm2m::Path(), *reply.body, ClientTypes(list, config_.objects), sent_);
    const auto registered = [&](const lwm2m::Entry& entry) { return entry.path.depth >= 2 && list.has(entry.path); };
    reply.code = Code::changed;
    if (!decoded || sent_.entries.empty()) {
        reply.code = Code::bad_request;
    } else if (!std::all_of(sent_.entries.begin(), sent_.entries.end(), registered)) {
        reply.code = Code::not_found;
    }
    if (reply.code == Code::changed) {
        figures_.sends.add();
        send_log_.keep(now, registry_.endpoint(index), static_cast<std::uint16_t>(*format),
                       static_cast<std::uint32_t>(sent_.entries.size()), *reply.body);
    }
    if (reply.block1) transfers_.finish(now, {registry_.peer_id(index), coap::resource_of(message)}, reply.code);
    return reply;
}

// The lifetime begins anew.
void Server::renew(base::Time now, ClientIndex index) {
    Client& client = registry_[index];
    if (client.lifetime == 0) {
        client.expires = base::never;
        return;
    }
    client.expires = now + std::chrono::seconds(client.lifetime);
    if (client.expiry == base::no_index) client.expiry = timers_.arm(client.expires, {lifetime_timer, index});
}

void Server::end_registration(ClientIndex index) {
    Client& client = registry_[index];
    agenda_.end(index);
    downlink_.forget(index);
    campaigns_.on_left(index);
    timers_.cancel(client.expiry);
    lists_.release(client.objects);
    client.objects = base::no_index;
    client.oscore = base::no_index;
    registry_.leave(index);
    figures_.clients.add(-1);
}

}  // namespace server
