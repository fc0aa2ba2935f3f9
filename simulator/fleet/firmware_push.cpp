// Firmware that is pushed: /5/0/0 in blocks (RFC 7959 2.5), each taken in as it comes.
#include <algorithm>

#include "simulator/fleet/device_tree.h"
#include "simulator/fleet/download.h"
#include "simulator/fleet/firmware.h"
#include "simulator/fleet/firmware_steps.h"
#include "simulator/fleet/oscore.h"
#include "simulator/lwm2m/access_control.h"

namespace fleet {
namespace {

using coap::Block;
using coap::Code;
using coap::OptionNumber;
using lwm2m::FirmwareResult;
using lwm2m::FirmwareState;
using lwm2m::RequestKind;

const lwm2m::Path package(5, 0, 0);

constexpr std::uint64_t longest_wrapping = 16;                        // of TLV or CBOR around a package
constexpr base::Duration longest_pause = std::chrono::seconds(1);     // before an answer: ACK_TIMEOUT is 2 s
constexpr base::Duration least_pause = std::chrono::milliseconds(1);  // a tick

using Answered = std::optional<BlockAnswer>;

BlockAnswer refuse(Code code) { return {.code = code}; }
BlockAnswer too_large(std::uint64_t storage) {
    return {.code = Code::request_entity_too_large, .size1 = static_cast<std::uint32_t>(storage)};
}

// What the device has room for; less than there is where the script says so, and the server how much is to come.
std::uint64_t storage_for(const Turn& turn, DeviceId id, std::uint64_t announced) {
    const std::uint64_t storage = firmware_spec(turn, id).storage;
    if (announced == 0 || fault_of(turn, id) != profiles::FirmwareFault::storage_full) return storage;
    const double position = profiles::fault_position(turn.pool.seed, turn.index_of(id));
    return std::min(storage, static_cast<std::uint64_t>(position * static_cast<double>(announced)));
}

// How a block is answered at which the device gave up.
BlockAnswer gave_up(FirmwareResult why, const PackageTransfer& transfer) {
    if (why == FirmwareResult::no_storage) return too_large(transfer.length);
    return refuse(why == FirmwareResult::connection_lost ? Code::request_entity_incomplete
                                                         : Code::internal_server_error);
}

base::Duration patience(const Turn& turn, DeviceId id) {
    return turn.pool.profile(turn.pool[id]).transmission.exchange_lifetime();
}

// Is the payload a package that resets? nullopt: it is none at all.
std::optional<bool> resets(lwm2m::PackageReader reader, base::Bytes payload) {
    std::size_t length = 0;
    std::uint8_t last = 0;
    const auto fed = reader.feed(payload, [&](base::Bytes run) {
        length += run.size();
        last = run.back();
    });
    if (!fed || !reader.complete()) return std::nullopt;
    return length == 0 || (length == 1 && last == 0);
}

// The first block. An answer where there is nothing to take in.
Answered begin(Turn& turn, DeviceId id, Firmware& firmware, const coap::MessageView& message, bool whole,
               const lwm2m::PackageReader& reader) {
    if (whole) {
        const auto reset = resets(reader, message.payload);
        if (!reset) return refuse(Code::bad_request);
        if (*reset) return refuse(reset_firmware(turn, id));
    }
    const bool again =
        firmware.transfer != base::no_index && transfer_of(turn, firmware).way == PackageTransfer::Way::push;
    if (again) {
        // RFC 7959 2.5: block 0 begins a new transfer, whatever there was.
        abort_download(turn, id, firmware);
        move_firmware(turn, id, firmware, {});
    }
    auto to = firmware.machine;
    if (firmware_spec(turn, id).delivery == profiles::FirmwareDelivery::pull) return refuse(Code::method_not_allowed);
    if (const auto code = to.download(); code != Code::changed) return refuse(code);
    if (!DeviceTree(turn, id).exists(package)) return refuse(Code::not_found);

    const auto announced = message.find_uint(OptionNumber::size1).value_or(0);
    const auto storage = storage_for(turn, id, announced);
    if (announced > storage + longest_wrapping) {
        to = firmware.machine;
        to.refuse(FirmwareResult::no_storage);
        move_firmware(turn, id, firmware, to);
        return too_large(storage);
    }
    PackageTransfer* const transfer = begin_download(turn, id, firmware, PackageTransfer::Way::push);
    if (transfer == nullptr) return refuse(Code::service_unavailable);
    transfer->announced = announced;
    transfer->reader = reader;
    return std::nullopt;
}

// RFC 7959 2.5: the last block may come again though its answer was sent, by another message id.
bool is_last_again(const Firmware& firmware, const Block& block, base::Bytes payload) {
    return firmware.machine.state == FirmwareState::downloaded && !block.more && firmware.pushed > 0 &&
           block.offset() + payload.size() == firmware.pushed;
}

struct Taken {
    BlockAnswer answer;
    bool complete = false;
    bool over = false;      // the download has ended
    bool repeated = false;  // nothing is new
};

Taken give_up(Turn& turn, DeviceId id, Firmware& firmware, FirmwareResult why, BlockAnswer answer) {
    fail_download(turn, id, firmware, why);
    return {.answer = answer, .over = true};
}

Taken take_block(Turn& turn, DeviceId id, Firmware& firmware, base::Bytes bytes, bool last) {
    PackageTransfer& transfer = transfer_of(turn, firmware);
    const auto fed = transfer.reader.feed(bytes, [&](base::Bytes run) { take_in(transfer, run); });
    if (!fed || (last && !transfer.reader.complete())) {
        return give_up(turn, id, firmware, FirmwareResult::unsupported_package, refuse(Code::bad_request));
    }
    if (const auto length = transfer.reader.length()) transfer.announced = *length;
    const auto storage = storage_for(turn, id, transfer.announced);
    if (std::max(transfer.length, transfer.announced) > storage + (transfer.reader.length() ? 0 : longest_wrapping)) {
        return give_up(turn, id, firmware, FirmwareResult::no_storage, too_large(storage));
    }
    const auto why = strike(turn, id, transfer, false);
    if (why != FirmwareResult::initial) return give_up(turn, id, firmware, why, gave_up(why, transfer));
    return {.answer = {.code = last ? Code::changed : Code::continue_}, .complete = last};
}

Taken take(Turn& turn, DeviceId id, Firmware& firmware, const Block& block, const coap::MessageView& message,
           std::uint32_t content_format) {
    using Kind = coap::Block1Receiver::Step::Kind;
    PackageTransfer& transfer = transfer_of(turn, firmware);
    const auto storage = firmware_spec(turn, id).storage;
    const auto step = transfer.receiver.on_block(block, message.payload, content_format, storage + longest_wrapping);
    switch (step.kind) {
        case Kind::repeated:
            return {.answer = refuse(step.code == Code::empty ? Code::changed : step.code), .repeated = true};
        case Kind::refused:
            if (step.code == Code::request_entity_too_large) {
                return give_up(turn, id, firmware, FirmwareResult::no_storage, too_large(storage));
            }
            // The block that is missing may still come, or block 0.
            return {.answer = refuse(step.code)};
        case Kind::next:
        case Kind::last: break;
    }
    return take_block(turn, id, firmware, step.bytes, step.kind == Kind::last);
}

void send_answer(Turn& turn, const PackageTransfer& transfer) {
    const bool confirmable = transfer.type == coap::MessageType::confirmable;
    auto out = turn.open();
    coap::MessageWriter message(
        out, {.type = confirmable ? coap::MessageType::acknowledgement : coap::MessageType::non_confirmable,
              .code = transfer.answer,
              .message_id = confirmable ? transfer.message_id : turn.pool.link(transfer.link).peer.take_message_id(),
              .token = transfer.token.view()});
    message.option_uint(OptionNumber::block1, coap::encode_block(transfer.block));
    protect_late_answer(turn, transfer.link, transfer.protected_by, out);
    // A block in the middle that comes again is answered anew (management.cpp).
    if (transfer.answer != Code::continue_ || transfer.block.number == 0) {
        coap::MessageView request;
        request.message_id = transfer.message_id;
        turn.endpoint.keep_reply(transfer.link, request, out.written());
    }
    turn.counters.answer(metrics::ServerRequest::write, static_cast<std::uint8_t>(transfer.answer));
    turn.counters.send(metrics::Sent::answer);
    turn.send(transfer.link, out);
}

}  // namespace

bool brings_package(Turn& turn, LinkId link, const lwm2m::Request& request) {
    const DeviceId id = turn.pool.device_of(link);
    if (request.path != package || !request.content_format || !firmware_spec(turn, id).behaves) return false;
    if (request.kind != RequestKind::write_replace && request.kind != RequestKind::execute) return false;
    const auto format = lwm2m::content_format(*request.content_format);
    if (!format || !lwm2m::PackageReader::of(*request.content_format)) return false;
    return std::ranges::find(turn.pool.profile(turn.pool[id]).formats, *format) !=
           turn.pool.profile(turn.pool[id]).formats.end();
}

Answered on_package_block(Turn& turn, LinkId link, const coap::MessageView& message, const lwm2m::Request& request) {
    const DeviceId id = turn.pool.device_of(link);
    const auto option = coap::find_block(message, OptionNumber::block1);
    if (!option) return refuse(Code::bad_request);  // RFC 7959 2.2: a reserved size
    const Block block = option->value_or(Block{});
    const auto with_block = [&](BlockAnswer answer) {
        answer.block1 = *option;
        return answer;
    };
    Firmware* const firmware = take_firmware(turn, id);
    if (firmware == nullptr) return with_block(refuse(Code::service_unavailable));
    if (block.number == 0) {
        auto& ids = turn.pool.workspace.ids;
        ids.clear();
        if (!lwm2m::is_allowed(DeviceTree(turn, link), lwm2m::Right::write, package, ids)) {
            return with_block(refuse(Code::unauthorized));
        }
        const auto reader = lwm2m::PackageReader::of(*request.content_format).value();
        if (const auto answer = begin(turn, id, *firmware, message, !block.more, reader)) return with_block(*answer);
        transfer_of(turn, *firmware).link = link;
    } else if (firmware->transfer == base::no_index || transfer_of(turn, *firmware).way != PackageTransfer::Way::push) {
        const bool again = is_last_again(*firmware, block, message.payload);
        return with_block(refuse(again ? Code::changed : Code::request_entity_incomplete));
    }
    auto taken = *option ? take(turn, id, *firmware, block, message, *request.content_format)
                         : take_block(turn, id, *firmware, message.payload, true);
    taken.answer = with_block(taken.answer);
    if (taken.over || taken.repeated) return taken.answer;

    PackageTransfer& transfer = transfer_of(turn, *firmware);
    const auto ready = std::min(ready_at(turn, id, transfer), turn.now + longest_pause);
    if (*option && ready >= turn.now + least_pause && coap::is_success(taken.answer.code)) {
        transfer.token = coap::Token(message.token);
        transfer.message_id = message.message_id;
        transfer.type = message.type;
        transfer.answer = taken.answer.code;
        transfer.block = block;
        transfer.protected_by = note_request(turn);
        transfer.answer_due = true;
        arm_download(turn, id, transfer, ready);
        return std::nullopt;
    }
    if (taken.complete) {
        complete_download(turn, id, *firmware);
    } else {
        arm_download(turn, id, transfer, turn.now + patience(turn, id));
    }
    return taken.answer;
}

bool owes_block_answer(Turn& turn, DeviceId id, std::uint16_t message_id) {
    const Firmware* const firmware = find_firmware(turn, id);
    if (firmware == nullptr || firmware->transfer == base::no_index) return false;
    const PackageTransfer& transfer = transfer_of(turn, *firmware);
    return transfer.way == PackageTransfer::Way::push && transfer.answer_due && transfer.message_id == message_id;
}

void on_push_timer(Turn& turn, DeviceId id, Firmware& firmware) {
    PackageTransfer& transfer = transfer_of(turn, firmware);
    if (!transfer.answer_due) {
        // The server has left it there.
        fail_download(turn, id, firmware, FirmwareResult::connection_lost, metrics::Cause::timeout);
        return;
    }
    transfer.answer_due = false;
    send_answer(turn, transfer);
    if (transfer.receiver.complete()) {
        complete_download(turn, id, firmware);
    } else {
        arm_download(turn, id, transfer, turn.now + patience(turn, id));
    }
}

Code push_firmware(Turn& turn, DeviceId id, base::Bytes bytes) {
    if (is_reset(bytes)) return reset_firmware(turn, id);
    Firmware* const firmware = take_firmware(turn, id);
    if (firmware == nullptr) return Code::service_unavailable;
    if (auto to = firmware->machine; to.download() != Code::changed) return Code::method_not_allowed;
    if (begin_download(turn, id, *firmware, PackageTransfer::Way::push) == nullptr) return Code::service_unavailable;
    const auto taken = take_block(turn, id, *firmware, bytes, true);
    if (!taken.over) complete_download(turn, id, *firmware);
    return taken.answer.code;
}

}  // namespace fleet
