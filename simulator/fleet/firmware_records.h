// FirmwareRecords: what a device remembers of its firmware (fleet/firmware.h) and of the package that it downloads, in
// slabs of the DevicePool.
#pragma once

#include <optional>

#include "coap/blockwise.h"
#include "coap/endpoint.h"
#include "simulator/base/byte_pool.h"
#include "simulator/base/crypto.h"
#include "simulator/base/timer_wheel.h"
#include "simulator/lwm2m/firmware_update.h"
#include "simulator/lwm2m/package_reader.h"
#include "simulator/net/address.h"

namespace fleet {

// Once a server has touched it.
struct Firmware {
    lwm2m::FirmwareUpdate machine;
    std::uint8_t boots = 0;                   // of a boot loop
    bool deferred = false;                    // the user has said "later" to this package
    std::uint32_t transfer = base::no_index;  // the download under way, be it of firmware or of software
    base::TimerId timer = base::no_index;     // of an update, or of one that was put off
    base::Time changed{};                     // when the state did
    std::uint64_t length = 0;                 // of the package that came last
    std::uint64_t pushed = 0;                 // of its payload, where it was pushed: the wrapping is in it
    base::Digest digest{};
    base::BytePool::Handle label;  // what the package calls itself: "NAME VERSION"
};

// While a download runs; a device has one at a time.
struct PackageTransfer {
    enum class Way : std::uint8_t { push, pull, fetch };
    static constexpr std::size_t head_size = 80;

    Way way = Way::push;
    std::optional<std::uint16_t> software;  // the instance of object 9 that it is for; none: object 5
    base::TimerId timer = base::no_index;   // the one thing that it waits for
    std::uint32_t link = 0;                 // the LinkId that it runs by, or the device's first one
    bool answer_due = false;                // push: a block has yet to be answered
    bool ask_due = false;                   // pull: the next request waits for the device not to be busy
    bool tag_changed = false;               // pull: the ETag has changed as scripted
    coap::MessageType type = coap::MessageType::confirmable;
    coap::Code answer = coap::Code::empty;
    std::uint16_t message_id = 0;
    coap::Token token;
    coap::Block block;
    std::uint64_t protected_by = 0;  // the Partial IV of the block's request, of a device with OSCORE

    base::Sha256 digest;
    std::uint64_t length = 0;     // bytes of the package so far
    std::uint64_t announced = 0;  // 0: nobody has said how long it is
    base::Time begun{};
    base::Time paced{};                          // when the first byte of `length` came
    std::array<std::uint8_t, head_size> head{};  // the first bytes, where the package may say its name

    coap::Block1Receiver receiver;  // push
    lwm2m::PackageReader reader;    // push
    coap::Block2Fetcher fetcher;    // pull, as all below
    bool is_elsewhere = false;      // `remote` is none of the device's servers
    coap::Peer peer;                // towards elsewhere
    net::Address remote;
    base::BytePool::Handle uri;  // the request's options, each as | number | length | value |
    base::Time first_sent{};

    std::uint32_t fetch = 0;  // the number of the fetch or look-up (fetcher.h); the next is of a fetch
    base::Digest fetched{};
};

}  // namespace fleet
