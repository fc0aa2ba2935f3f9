// DeviceRunner: one device in real time, on a thread of its own, looked at and changed from others.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "simulator/engine/scenario_runner.h"
#include "simulator/engine/worker_thread.h"
#include "simulator/fleet/steps.h"
#include "simulator/net/address_plan.h"

namespace engine {

// A datagram of the device, as it was on the wire; or what is inside of one with OSCORE, which comes beside it: before
// it when it is sent, behind it when it was received.
struct Exchanged {
    base::Time at{};
    bool sent = false;
    bool inside = false;
    std::vector<std::uint8_t> bytes;
};

struct DeviceRunOptions {
    profiles::ResolvedProfilePtr profile;
    std::string endpoint;
    std::uint64_t seed = 0;
    std::uint64_t index = 0;  // in the fleet: the same device as there, with the same values
    net::Address target;
    net::AddressPlan sources;                          // of one device
    std::function<void(const Exchanged&)> on_message;  // each, on the device's thread; may be empty
};

// What is known of a device now.
struct DeviceInfo {
    struct Observation {
        std::vector<lwm2m::Path> paths;
        std::string token;  // hexadecimal
        std::uint16_t format = 0;
    };
    metrics::DeviceState state = metrics::DeviceState::idle;
    net::Address address;
    std::string location;
    std::uint32_t lifetime = 0;  // s
    std::vector<Observation> observations;
    std::vector<Exchanged> exchanges;  // the last, the oldest first
};

struct DeviceValue {
    lwm2m::Path path;  // of a resource or resource instance
    lwm2m::Operations operations;
    lwm2m::Value value;  // Type::none: there is none to see
};

class DeviceRunner {
public:
    static constexpr std::size_t exchanges_kept = 50;

    // Opens the socket; nothing is sent yet.
    static tl::expected<std::unique_ptr<DeviceRunner>, StartError> prepare(DeviceRunOptions options);
    ~DeviceRunner();

    // Begins the device's life: it boots and registers.
    void start();
    // Begins to de-register; the state is `stopped` when that is done.
    void leave();
    // Ends the thread, whatever the device is doing. REQUIRES: start() was called.
    void stop();

    const DeviceRunOptions& options() const { return options_; }
    base::Time now() const { return clock_.now(); }

    // From any thread but the device's own, between start() and stop().
    DeviceInfo info();
    metrics::DeviceState state();
    // All that is at or below the path, by path.
    std::vector<DeviceValue> values(const lwm2m::Path& path);
    // The device's own change of a value, written as a profile would; whoever observes it is told. The error is a
    // sentence for the user.
    tl::expected<void, std::string> set(const lwm2m::Path& path, const std::string& text);
    void update();
    void reboot();
    // Tells every observation now, whatever its attributes say. How many there are.
    std::size_t notify();

private:
    class Host;  // the device as a Worker
    explicit DeviceRunner(DeviceRunOptions options);

    DeviceRunOptions options_;
    WallClock clock_;
    asio::io_context io_{1};
    std::unique_ptr<net::UdpTransport> transport_;
    std::unique_ptr<Host> host_;
    std::unique_ptr<WorkerThread> thread_;
};

}  // namespace engine
