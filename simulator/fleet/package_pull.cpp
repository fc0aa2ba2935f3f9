// Packages that are pulled, of firmware or of software: the device is a CoAP client of whoever the Package URI names
// (RFC 7959 2.4).
//
// Towards its own server a device has one exchange at a time (NSTART), so a download shares it with the registration
// and the notifications, which come first; towards anybody else it has an exchange of its own.
#include <array>

#include "simulator/fleet/download.h"
#include "simulator/fleet/firmware.h"
#include "simulator/fleet/firmware_steps.h"
#include "simulator/fleet/life.h"
#include "simulator/fleet/oscore.h"

#include "coap/uri.h"

namespace fleet {
namespace {

using coap::Code;
using coap::OptionNumber;
using lwm2m::FirmwareResult;
using lwm2m::FirmwareState;
using metrics::Operation;
using profiles::FirmwareProtocol;
using Way = PackageTransfer::Way;

constexpr base::Duration least_pause = std::chrono::milliseconds(1);  // a tick
constexpr base::Duration no_room_pause = std::chrono::milliseconds(100);
constexpr std::size_t longest_options = 512;  // of a request, for a URI of 255 characters

coap::Peer& peer_of(Turn& turn, PackageTransfer& transfer) {
    return transfer.is_elsewhere ? transfer.peer : turn.pool.link(transfer.link).peer;
}

Firmware* find_pull(Turn& turn, DeviceId id) {
    Firmware* const firmware = find_firmware(turn, id);
    if (firmware == nullptr || firmware->transfer == base::no_index) return nullptr;
    return transfer_of(turn, *firmware).way == Way::pull ? firmware : nullptr;
}

std::optional<FirmwareProtocol> protocol_of(std::string_view scheme) {
    constexpr std::array<std::string_view, 6> schemes{"coap", "coaps", "http", "https", "coap+tcp", "coaps+tcp"};
    const auto equal = [](std::string_view a, std::string_view b) {
        return std::ranges::equal(a, b, [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x + 32 : x) == y; });
    };
    for (std::size_t i = 0; i < schemes.size(); ++i) {
        if (equal(scheme, schemes[i])) return static_cast<FirmwareProtocol>(i);
    }
    return std::nullopt;
}

bool is_scheme(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
               c == '.';
    });
}

// Nothing: the host goes by its name.
std::optional<net::Address> address_of(const coap::Uri& uri) {
    const auto address = net::parse_ip(uri.host == "localhost" ? "127.0.0.1" : std::string_view(uri.host), uri.port);
    return address ? std::optional(*address) : std::nullopt;
}

void put_option(base::Writer& out, OptionNumber number, std::string_view value) {
    out.put_u8(static_cast<std::uint8_t>(number));
    out.put_u8(static_cast<std::uint8_t>(value.size()));
    out.put(value);
}

// What a request to that URI says before its Block2 option (RFC 7252 6.4). A host that is an address goes without
// saying.
base::BytePool::Handle keep_options(Turn& turn, const coap::Uri& uri) {
    std::array<std::uint8_t, longest_options> memory;
    base::Writer out(memory);
    if (!net::parse_ip(uri.host, uri.port)) put_option(out, OptionNumber::uri_host, uri.host);
    for (const auto& segment : uri.path) put_option(out, OptionNumber::uri_path, segment);
    for (const auto& argument : uri.query) put_option(out, OptionNumber::uri_query, argument);
    return out.failed() ? base::BytePool::Handle{} : turn.pool.bytes.keep(out.written());
}

void write_options(base::Bytes options, coap::MessageWriter& message) {
    while (!options.empty()) {
        const std::size_t size = options[1];
        message.option(static_cast<OptionNumber>(options[0]), options.subspan(2, size));
        options = options.subspan(2 + size);
    }
}

// Sends the next request, or waits until the device may. True when it was sent.
bool ask(Turn& turn, DeviceId id, Firmware& firmware) {
    PackageTransfer& transfer = transfer_of(turn, firmware);
    Link& link = turn.pool.link(transfer.link);
    coap::Peer& peer = peer_of(turn, transfer);
    const bool elsewhere = transfer.is_elsewhere;
    transfer.ask_due = true;
    if (peer.busy() || (!elsewhere && link.state != metrics::DeviceState::registered)) return false;

    const auto token = next_token(turn, transfer.link, link);
    auto out = turn.open();
    coap::MessageWriter message(out, {.type = coap::MessageType::confirmable,
                                      .code = Code::get,
                                      .message_id = link.peer.take_message_id(),
                                      .token = token.view()});
    write_options(turn.pool.bytes.view(transfer.uri), message);
    message.option_uint(OptionNumber::block2, coap::encode_block(transfer.fetcher.next()));
    // RFC 8613 3.3: with anybody else the device shares no context.
    if (!elsewhere) protect_request(turn, transfer.link, out);
    const coap::ExchangeTag tag{tag_of(Operation::download), 0, transfer.begun, turn.now};
    const double unit = turn.unit(id, base::Stream::retransmission, link.tokens);
    const std::uint32_t peer_id = elsewhere ? download_peer(turn.pool, id) : transfer.link;
    if (out.failed() ||
        !turn.endpoint.start(turn.now, peer_id, peer, turn.pool.profile(link).transmission, out.written(), tag, unit)) {
        turn.counters.drop(metrics::Drop::no_slot);
        arm_download(turn, id, transfer, turn.now + no_room_pause);
        return false;
    }
    transfer.ask_due = false;
    if (transfer.first_sent == base::Time{}) {
        transfer.first_sent = turn.now;
        if (turn.latency.records(Operation::download)) {
            turn.latency.record_sent(Operation::download, link.profile, transfer.begun, turn.now);
        }
    }
    turn.counters.send(metrics::Sent::request);
    turn.send_to(id, transfer.remote, out);
    return true;
}

// The package is another one now: from its beginning.
void start_over(const Turn& turn, PackageTransfer& transfer) {
    transfer.digest = base::Sha256();
    transfer.length = 0;
    transfer.announced = 0;
    transfer.paced = turn.now;
}

void on_tag_changed(Turn& turn, DeviceId id, Firmware& firmware) {
    PackageTransfer& transfer = transfer_of(turn, firmware);
    if (spec_of(turn, id, transfer.software).etag_change == profiles::EtagChange::fail) {
        fail_download(turn, id, firmware, FirmwareResult::connection_lost, metrics::Cause::bad_response);
        return;
    }
    start_over(turn, transfer);
    (void)ask(turn, id, firmware);
}

// Has the tag changed by the script, once?
bool tag_changes(const Turn& turn, DeviceId id, const PackageTransfer& transfer) {
    if (transfer.tag_changed || transfer.announced == 0) return false;
    if (fault_of(turn, id, transfer) != profiles::FirmwareFault::etag_changed) return false;
    const double position = profiles::fault_position(turn.pool.seed, turn.index_of(id));
    return static_cast<double>(transfer.length) >= position * static_cast<double>(transfer.announced);
}

void on_content(Turn& turn, DeviceId id, Firmware& firmware, const coap::MessageView& response) {
    using Kind = coap::Block2Fetcher::Step::Kind;
    PackageTransfer& transfer = transfer_of(turn, firmware);
    const auto storage = spec_of(turn, id, transfer.software).storage;
    if (const auto size = response.find_uint(OptionNumber::size2)) transfer.announced = *size;
    if (std::max<std::uint64_t>(transfer.announced, transfer.length + response.payload.size()) > storage) {
        fail_download(turn, id, firmware, FirmwareResult::no_storage);
        return;
    }
    if (tag_changes(turn, id, transfer)) {
        transfer.tag_changed = true;
        transfer.fetcher = {};
        on_tag_changed(turn, id, firmware);
        return;
    }
    const auto step = transfer.fetcher.on_response(response, storage);
    switch (step.kind) {
        case Kind::broken:
            fail_download(turn, id, firmware, FirmwareResult::connection_lost, metrics::Cause::bad_response);
            return;
        case Kind::restart: on_tag_changed(turn, id, firmware); return;
        case Kind::complete:
            take_in(transfer, step.bytes);
            complete_download(turn, id, firmware);
            return;
        case Kind::next: break;
    }
    take_in(transfer, step.bytes);
    if (const auto why = strike(turn, id, transfer, false); why != FirmwareResult::initial) {
        fail_download(turn, id, firmware, why);
    } else if (const auto ready = ready_at(turn, id, transfer); ready >= turn.now + least_pause) {
        arm_download(turn, id, transfer, ready);
    } else {
        transfer.ask_due = true;  // after what waits already: see resume_download
    }
}

using Software = std::optional<std::uint16_t>;  // see begin_pull

// By HTTP: somebody else does it, and tells `on_fetched`.
FirmwareResult fetch(Turn& turn, DeviceId id, Firmware& firmware, std::string_view uri, Software software) {
    if (turn.pool.fetcher == nullptr) return FirmwareResult::unsupported_protocol;
    PackageTransfer* const transfer = begin_download(turn, id, firmware, Way::fetch, software);
    if (transfer == nullptr) return FirmwareResult::out_of_memory;
    transfer->fetch = ++turn.pool.fetches;
    transfer->first_sent = turn.now;
    const auto& spec = spec_of(turn, id, software);
    turn.pool.fetcher->fetch(
        {.device = id, .number = transfer->fetch, .uri = uri, .limit = spec.storage, .rate = spec.download_rate});
    return FirmwareResult::initial;
}

// The address is known: the device asks there as soon as it may.
void begin_asking(Turn& turn, DeviceId id, Firmware& firmware, const net::Address& remote, LinkId link) {
    PackageTransfer& transfer = transfer_of(turn, firmware);
    transfer.remote = remote;
    transfer.is_elsewhere = link == base::no_index;
    if (!transfer.is_elsewhere) transfer.link = link;
    // The answer to the write goes first.
    arm_download(turn, id, transfer, turn.now);
}

// A secured device speaks through its sessions, and has none but with its servers.
bool is_secured(const Turn& turn, DeviceId id) {
    return turn.pool.profile(turn.pool[id]).security.mode != profiles::SecurityMode::none;
}
// Does a way to there go with the scheme? `link`: no_index where nobody of its servers is there.
bool fits(const Turn& turn, LinkId link, bool secured) {
    const bool speaks_dtls = link != base::no_index && turn.security != nullptr && turn.security->secured(link);
    return speaks_dtls == secured;
}

FirmwareResult look_up(Turn& turn, DeviceId id, Firmware& firmware, const coap::Uri& uri, Software software) {
    if (turn.pool.fetcher == nullptr) return FirmwareResult::invalid_uri;
    PackageTransfer* const transfer = begin_download(turn, id, firmware, Way::pull, software);
    if (transfer == nullptr) return FirmwareResult::out_of_memory;
    transfer->uri = keep_options(turn, uri);
    transfer->fetch = ++turn.pool.fetches;
    turn.pool.fetcher->look_up({.device = id,
                                .number = transfer->fetch,
                                .host = uri.host,
                                .port = uri.port,
                                .v6 = turn.pool.address_of(id).v6});
    return FirmwareResult::initial;
}

metrics::Cause cause_of_status(unsigned status) {
    if (status == 404 || status == 410) return metrics::Cause::not_found;
    if (status == 401) return metrics::Cause::unauthorized;
    if (status == 403) return metrics::Cause::forbidden;
    return status < 500 ? metrics::Cause::other_client_error : metrics::Cause::other_server_error;
}

}  // namespace

FirmwareResult begin_pull(Turn& turn, DeviceId id, std::string_view text, Software software) {
    Firmware* const firmware = take_firmware(turn, id);
    if (firmware == nullptr) return FirmwareResult::out_of_memory;
    const auto colon = text.find(':');
    const auto scheme = text.substr(0, colon);
    if (colon == text.npos || !is_scheme(scheme)) return FirmwareResult::invalid_uri;
    const auto protocol = protocol_of(scheme);
    if (!protocol || !spec_of(turn, id, software).speaks(*protocol)) return FirmwareResult::unsupported_protocol;
    if (*protocol == FirmwareProtocol::http || *protocol == FirmwareProtocol::https) {
        return fetch(turn, id, *firmware, text, software);
    }
    const bool secured = is_secured(turn, id);
    if (*protocol != (secured ? FirmwareProtocol::coaps : FirmwareProtocol::coap)) {
        return FirmwareResult::unsupported_protocol;
    }
    const auto uri = coap::parse_uri(text);
    if (!uri) return FirmwareResult::invalid_uri;
    const auto remote = address_of(*uri);
    if (!remote) return look_up(turn, id, *firmware, *uri, software);
    const LinkId link = turn.pool.find_link(id, *remote);
    if (!fits(turn, link, secured)) return FirmwareResult::unsupported_protocol;
    PackageTransfer* const transfer = begin_download(turn, id, *firmware, Way::pull, software);
    if (transfer == nullptr) return FirmwareResult::out_of_memory;
    transfer->uri = keep_options(turn, *uri);
    begin_asking(turn, id, *firmware, *remote, link);
    return FirmwareResult::initial;
}

void pull_firmware(Turn& turn, DeviceId id, std::string_view uri) {
    const auto why = begin_pull(turn, id, uri);
    Firmware* const firmware = find_firmware(turn, id);
    if (why == FirmwareResult::initial || firmware == nullptr) return;
    auto to = firmware->machine;
    to.refuse(why);
    move_firmware(turn, id, *firmware, to);
}

void on_looked_up(Turn& turn, const LookedUp& found) {
    Firmware* const firmware = find_pull(turn, found.device);
    if (firmware == nullptr || transfer_of(turn, *firmware).fetch != found.number) return;
    if (!found.address) {
        fail_download(turn, found.device, *firmware, FirmwareResult::invalid_uri, metrics::Cause::unreachable);
        return;
    }
    const LinkId link = turn.pool.find_link(found.device, *found.address);
    if (!fits(turn, link, is_secured(turn, found.device))) {
        fail_download(turn, found.device, *firmware, FirmwareResult::unsupported_protocol);
        return;
    }
    begin_asking(turn, found.device, *firmware, *found.address, link);
}

coap::Peer* find_download_peer(Turn& turn, DeviceId id, const net::Address& remote) {
    Firmware* const firmware = find_pull(turn, id);
    if (firmware == nullptr) return nullptr;
    PackageTransfer& transfer = transfer_of(turn, *firmware);
    return transfer.is_elsewhere && transfer.remote == remote ? &transfer.peer : nullptr;
}

void on_download_response(Turn& turn, DeviceId id, const coap::MessageView& response) {
    turn.counters.respond(Operation::download, static_cast<std::uint8_t>(response.code));
    Firmware* const firmware = find_pull(turn, id);
    CHECK(firmware != nullptr);
    PackageTransfer& transfer = transfer_of(turn, *firmware);
    if (!transfer.is_elsewhere && is_asked_again(turn, transfer.link, response)) {
        transfer.ask_due = true;
        return;
    }
    if (response.code == Code::content) {
        on_content(turn, id, *firmware, response);
        return;
    }
    // Core 1.1.1, E.6 has no result for what a server answers: a request that is no good is an invalid URI.
    const bool wrong = coap::code_class(response.code) == 4;
    fail_download(turn, id, *firmware, wrong ? FirmwareResult::invalid_uri : FirmwareResult::connection_lost,
                  metrics::cause_of(static_cast<std::uint8_t>(response.code)));
}

void on_download_failure(Turn& turn, DeviceId id, metrics::Cause cause) {
    Firmware* const firmware = find_pull(turn, id);
    CHECK(firmware != nullptr);
    fail_download(turn, id, *firmware, FirmwareResult::connection_lost, cause);
}

void on_download_exchange_timer(Turn& turn, DeviceId id, std::uint32_t exchange) {
    Firmware* const firmware = find_pull(turn, id);
    CHECK(firmware != nullptr);
    PackageTransfer& transfer = transfer_of(turn, *firmware);
    auto out = turn.open();
    const auto expired = turn.endpoint.on_timer(turn.now, exchange, transfer.peer, out);
    if (expired.kind == coap::Expired::Kind::retransmitted) {
        turn.counters.retransmit(Operation::download);
        turn.send_to(id, transfer.remote, out);
        return;
    }
    on_download_failure(turn, id, metrics::Cause::timeout);
}

void on_fetched(Turn& turn, const Fetched& fetched) {
    Firmware* const firmware = find_firmware(turn, fetched.device);
    if (firmware == nullptr || firmware->transfer == base::no_index) return;
    PackageTransfer& transfer = transfer_of(turn, *firmware);
    if (transfer.way != Way::fetch || transfer.fetch != fetched.number) return;
    const auto fail = [&](FirmwareResult why, std::optional<metrics::Cause> cause) {
        fail_download(turn, fetched.device, *firmware, why, cause);
    };
    switch (fetched.end) {
        case Fetched::End::complete:
            transfer.length = fetched.length;
            transfer.fetched = fetched.digest;
            transfer.head = fetched.head;
            complete_download(turn, fetched.device, *firmware);
            break;
        case Fetched::End::status:
            fail(fetched.status < 500 ? FirmwareResult::invalid_uri : FirmwareResult::connection_lost,
                 cause_of_status(fetched.status));
            break;
        case Fetched::End::too_large: fail(FirmwareResult::no_storage, std::nullopt); break;
        case Fetched::End::bad_uri: fail(FirmwareResult::invalid_uri, metrics::Cause::bad_request); break;
        case Fetched::End::lost: fail(FirmwareResult::connection_lost, metrics::Cause::unreachable); break;
    }
}

bool resume_download(Turn& turn, DeviceId id) {
    Firmware* const firmware = find_pull(turn, id);
    if (firmware == nullptr || !transfer_of(turn, *firmware).ask_due) return false;
    return ask(turn, id, *firmware);
}

bool is_downloading(Turn& turn, DeviceId id) { return find_pull(turn, id) != nullptr; }

void on_pull_timer(Turn& turn, DeviceId id, Firmware& firmware) { (void)ask(turn, id, firmware); }

void drop_pull(Turn& turn, PackageTransfer& transfer) {
    coap::Peer& peer = peer_of(turn, transfer);
    const auto* const tag = turn.endpoint.current(peer);
    if (tag != nullptr && operation_of(*tag) == Operation::download) (void)turn.endpoint.cancel(peer);
    turn.pool.bytes.release(transfer.uri);
}

}  // namespace fleet
