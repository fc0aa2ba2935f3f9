// DeviceCapture: the files of one device's capture: its datagrams, and where it speaks DTLS the keys to them.
//
// The key log is the one place where a secret is written. Only the user of the process may read it.
#pragma once

#include <fstream>
#include <memory>
#include <string>

#include "simulator/base/error.h"
#include "simulator/fleet/device_pool.h"
#include "simulator/net/capture.h"
#include "simulator/net/dtls13_transport.h"
#include "simulator/net/dtls_transport.h"

namespace engine {

struct CaptureRequest {
    std::uint64_t index = 0;  // of the device in the fleet
    std::string file;         // the keys go to `file`.keys
};

class DeviceCapture {
public:
    // Opens the file, and that of the keys where the device has any. The error is a sentence for the user.
    static base::Result<std::unique_ptr<DeviceCapture>, std::string> open(const CaptureRequest& request, bool secured);

    // Between that device of the shard and `inner`, which must outlive this object. `address`: what the network sees.
    net::Transport& attach(std::uint32_t device, const net::Address& address, net::Transport& inner);
    // A device of the shard has that address from here on.
    void note_address(std::uint32_t device, const net::Address& address) {
        if (device == device_) capture_->set_address(address);
    }
    // Has the keys of the device's sessions written. The transport must not outlive this object.
    void attach_keys(net::DtlsTransport& dtls);
    void attach_keys(net::Dtls13Transport& dtls);
    // Unix time at base::Time{}.
    void set_unix_start(base::Duration start) { capture_->set_unix_start(start); }

    // Writes what is left. Empty, or what went wrong.
    std::string finish();

private:
    explicit DeviceCapture(CaptureRequest request) : request_(std::move(request)) {}

    CaptureRequest request_;
    std::ofstream datagrams_;
    std::ofstream keys_;
    std::uint32_t device_ = 0;
    std::unique_ptr<net::Capture> capture_;
};

// Is the device of that index one of these? Its number in the shard.
std::optional<std::uint32_t> device_of(const fleet::Membership& members, std::uint64_t index);

}  // namespace engine
