#include <cstdlib>

#include "simulator/lwm2m/dispatcher.h"
#include "tests/support/test_device.h"

namespace {

using lwm2m::ContentFormat;

void require(bool truth) {
    if (!truth) std::abort();
}

constexpr ContentFormat formats[] = {ContentFormat::tlv,        ContentFormat::text,       ContentFormat::opaque,
                                     ContentFormat::cbor,       ContentFormat::senml_json, ContentFormat::senml_cbor,
                                     ContentFormat::lwm2m_cbor, ContentFormat::json};

}  // namespace

// The first byte chooses what the device can, the rest is the datagram of a request. Whatever it asks, the answer has a
// code of its own, and where it refuses, nothing has changed.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto message = coap::parse({data + 1, size - 1});
    if (!message) return 0;
    lwm2m::Abilities abilities{.formats = formats};
    abilities.version.minor = data[0] % 3;
    abilities.composite = abilities.version.minor > 0;
    if ((data[0] & 8) != 0) abilities.root_path = "lwm2m";
    static lwm2m::Workspace workspace;
    workspace.payload.resize(65536);
    static const support::MemoryTree device = support::make_test_device();
    support::MemoryTree tree = device;

    const auto understood = lwm2m::understand(*message, abilities, workspace.request);
    if (!understood) {
        require(!coap::is_success(understood.error()));
        return 0;
    }
    const auto answer = lwm2m::dispatch(workspace.request, message->payload, tree, tree, abilities, workspace);
    require(coap::is_response(answer.code));
    if (!coap::is_success(answer.code)) require(tree.nodes() == device.nodes() && answer.payload.empty());
    require(answer.payload.empty() || answer.format);
    return 0;
}
