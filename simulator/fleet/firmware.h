// Firmware: how a device with object 5 gets its next version (Core 1.1.1, E.6). A package is pushed to /5/0/0 in
// blocks, or pulled from the Package URI; nothing of it is kept but its length, its digest and what it calls itself.
//
// What a server sees of it is in object_firmware.cpp, the states in lwm2m/firmware_update.h, the script of what goes
// wrong in profiles/firmware_spec.h. What comes in blocks is firmware_push.cpp's, what is fetched package_pull.cpp's;
// what they share is in download.h.
#pragma once

#include "coap/blockwise.h"
#include "simulator/fleet/fetcher.h"
#include "simulator/fleet/turn.h"
#include "simulator/lwm2m/request.h"

namespace fleet {

// --- push ---

// How a block that was pushed is answered.
struct BlockAnswer {
    coap::Code code = coap::Code::internal_server_error;
    std::optional<coap::Block> block1;
    std::optional<std::uint32_t> size1;
};

// Does the request bring bytes of a package that can be taken in block by block?
bool brings_package(Turn& turn, LinkId id, const lwm2m::Request& request);
// Takes them in. Nothing: the answer goes out by itself, when a slow device has dealt with the block.
std::optional<BlockAnswer> on_package_block(Turn& turn, LinkId link, const coap::MessageView& message,
                                            const lwm2m::Request& request);

// Has the answer to that block yet to go out?
bool owes_block_answer(Turn& turn, DeviceId id, std::uint16_t message_id);

// --- pull, of software (object 9) too ---

// An endpoint's peers are the links by their number, and behind them those that the devices download from elsewhere
// than from their servers.
inline std::uint32_t download_peer(const DevicePool& pool, DeviceId id) { return pool.link_bound() + id; }
// The peer at that address, where the device downloads from it and it is none of the device's servers.
coap::Peer* find_download_peer(Turn& turn, DeviceId id, const net::Address& remote);
// How a request of the download has ended.
void on_download_response(Turn& turn, DeviceId id, const coap::MessageView& response);
void on_download_failure(Turn& turn, DeviceId id, metrics::Cause cause);
// The timer of an exchange with elsewhere has fired.
void on_download_exchange_timer(Turn& turn, DeviceId id, std::uint32_t exchange);
// Asks for what comes next, if that has waited for the device not to be busy. True when it is now.
bool resume_download(Turn& turn, DeviceId id);

// What the Fetcher has brought. Nothing happens where the device does not wait for it any more.
void on_fetched(Turn& turn, const Fetched& fetched);
void on_looked_up(Turn& turn, const LookedUp& found);

// --- life ---

// Is a download of its own under way, busy or between two blocks?
bool is_downloading(Turn& turn, DeviceId id);

void on_firmware_timer(Turn& turn, DeviceId id);
void on_download_timer(Turn& turn, DeviceId id);
// The link ends: what the device was downloading by it is lost, and with the first link whatever else it was.
void drop_download(Turn& turn, LinkId link);
// The device comes up.
void boot_firmware(Turn& turn, DeviceId id);

}  // namespace fleet
