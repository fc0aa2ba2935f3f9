// A campaign in virtual time: a fleet, a server that the test plays, and a script of what goes wrong. Every device ends
// as its script says, and hardly any memory is spent on it.
#include <gtest/gtest.h>

#include "coap/block_transfers.h"
#include "metrics/conservation.h"
#include "tests/support/device_lockstep.h"

namespace {

using namespace std::chrono_literals;
using coap::Code;
using coap::OptionNumber;
using lwm2m::FirmwareState;
using profiles::FirmwareWay;
using support::ACK;
using support::body_of;
using support::CON;
using support::Message;

constexpr std::uint64_t seed = 42;
const net::Address server_address = net::Address::from_v4(0x7f000001, 5683);

class Campaign {
public:
    Campaign(std::uint32_t devices, const std::string& firmware, FirmwareWay way, std::string image)
        : way_(way),
          image_(std::move(image)),
          profile(support::profile_of("profile: fleet\ndescription: d\nendpoint: \"d{index}\"\n"
                                      "lwm2m: {version: \"1.1\", lifetime: 30d, object_versions: {firmware_update: "
                                      "\"1.1\"}}\nformats: [tlv, opaque, text]\n"
                                      "objects:\n  firmware_update/0: {}\n  device/0: {firmware_version: \"1.0\"}\n"
                                      "behaviour:\n  firmware: " +
                                      firmware + "\n")),
          pool(seed,
               {.devices = devices,
                .profile_of = [](std::uint64_t) { return metrics::ProfileIndex{0}; },
                .endpoint_name =
                    [](std::uint64_t index, base::MutableBytes memory) {
                        const auto name = "d" + std::to_string(index);
                        std::ranges::copy(name, memory.begin());
                        return name.size();
                    }},
               {profile}, {.first = server_address}),
          wheel(devices * 8),
          endpoint({.exchanges = devices * 2, .messages = 1 << 16, .timer_kind = 0}, wheel),
          clients_(devices) {
        theirs_.attach(0, server_address);
        for (std::uint32_t device = 0; device < devices; ++device) {
            ours_.attach(device, net::Address::from_v4(0x7f010000 + device, 5000));
            counters.add_firmware_device();
            counters.add_devices(0, metrics::DeviceState::idle, 1);
        }
    }

    // All devices register; the package goes to each; Update is executed where it arrived. Until all have come to rest.
    void run(base::Duration length) {
        auto turn = turn_at(base::Time{});
        for (fleet::DeviceId id = 0; id < pool.size(); ++id) {
            fleet::on_command(turn, id, {fleet::Command::Kind::start, base::Time{}});
        }
        const base::Time end{length};
        for (base::Time second{1s}; now_ <= end;) {
            now_ = std::max(now_ + 1ms, std::min({wheel.next_due(), second, end + 1ms}));
            settle();
            if (now_ < second) continue;
            second += 1s;
            for (fleet::DeviceId id = 0; id < pool.size(); ++id) execute_where_arrived(id);
            settle();
        }
    }

    std::int64_t devices_in(const lwm2m::FirmwareUpdate& machine) const {
        const auto& table = counters.figures().firmware;
        return table[static_cast<std::size_t>(machine.state)][static_cast<std::size_t>(machine.result)].get();
    }
    void stop() {
        auto turn = turn_at(now_);
        for (fleet::DeviceId id = 0; id < pool.size(); ++id) {
            fleet::on_command(turn, id, {fleet::Command::Kind::stop, now_});
        }
        settle();
    }

private:
    struct Client {
        std::uint16_t id = 0;
        std::uint32_t block = 0;
        bool begun = false;
        bool executed = false;
    };
    static constexpr std::uint32_t block_size = 1024;

    fleet::Turn turn_at(base::Time now) { return {now, pool, outbox_, wheel, endpoint, counters, latency}; }

    void settle() {
        auto turn = turn_at(now_);
        wheel.advance(now_, [&](base::TimerEvent event) { fleet::on_timer(turn, event); });
        outbox_.flush(now_);
        while (theirs_.waiting() || ours_.waiting()) {
            for (auto packets = theirs_.receive(now_); !packets.empty(); packets = theirs_.receive(now_)) {
                for (const auto& packet : packets) serve(packet);
            }
            for (auto packets = ours_.receive(now_); !packets.empty(); packets = ours_.receive(now_)) {
                for (const auto& packet : packets) fleet::on_packet(turn, packet);
            }
            outbox_.flush(now_);
        }
    }

    void send(std::uint32_t device, const Message& message) {
        const auto bytes = message.bytes();
        const net::Packet packet{bytes, 0, net::Address::from_v4(0x7f010000 + device, 5000)};
        theirs_.send(now_, std::span(&packet, 1));
    }

    void serve(const net::Packet& packet) {
        const std::uint32_t device = packet.remote.v4() - 0x7f010000;
        const auto message = coap::parse(packet.bytes).value();
        Client& client = clients_[device];
        const auto reply = [&](Code code) { return Message(ACK, code).id(message.message_id).token(message.token); };
        if (message.code == Code::post) {
            send(device, reply(Code::created).location("/rd/" + std::to_string(device)));
            if (!client.begun) begin(device, client);
        } else if (message.code == Code::get) {
            send(device, answer_block(message, reply(Code::content)));
        } else if (message.code == Code::continue_) {
            push(device, client);
        }
    }
    void execute_where_arrived(fleet::DeviceId id) {
        const auto index = pool[id].firmware;
        if (index == base::no_index || pool.firmware[index].machine.state != FirmwareState::downloaded) return;
        if (std::exchange(clients_[id].executed, true)) return;
        send(id, Message(CON, Code::post).id(++clients_[id].id).token("0e").path("/5/0/2"));
    }
    void begin(std::uint32_t device, Client& client) {
        client.begun = true;
        if (way_ == FirmwareWay::push) {
            push(device, client);
        } else {
            send(device, Message(CON, Code::put)
                             .id(++client.id)
                             .token("0f")
                             .path("/5/0/1")
                             .format(0)
                             .payload("coap://127.0.0.1/image"));
        }
    }
    void push(std::uint32_t device, Client& client) {
        const std::size_t at = std::size_t{client.block} * block_size;
        send(device, Message(CON, Code::put)
                         .id(++client.id)
                         .token("0d")
                         .path("/5/0/0")
                         .format(42)
                         .block1(client.block, at + block_size < image_.size() ? 1 : 0, block_size)
                         .payload(std::string_view(image_).substr(at, block_size)));
        ++client.block;
    }
    Message answer_block(const coap::MessageView& request, Message reply) {
        const auto wanted = coap::find_block(request, OptionNumber::block2).value();
        const auto part = coap::answer_block2(base::as_bytes(image_), wanted);
        reply.etag("e1").payload(part.bytes);
        if (part.block2) reply.block2(part.block2->number, part.block2->more ? 1 : 0, part.block2->size());
        if (part.size2) reply.uint(OptionNumber::size2, *part.size2);
        return reply;
    }

    FirmwareWay way_;
    std::string image_;

public:
    profiles::ResolvedProfilePtr profile;
    fleet::DevicePool pool;
    base::TimerWheel wheel;
    coap::Endpoint endpoint;
    metrics::Counters counters;
    metrics::LatencyRecorder latency{
        std::vector{metrics::Operation::register_, metrics::Operation::update, metrics::Operation::deregister,
                    metrics::Operation::notify, metrics::Operation::download},
        1};

private:
    net::MemoryNetwork network_;
    net::MemoryTransport ours_{network_};
    net::MemoryTransport theirs_{network_};
    net::Outbox outbox_{ours_, 64};
    base::Time now_{};
    std::vector<Client> clients_;
};

// How many devices the script lets end in each state and result.
std::int64_t scripted(const Campaign& campaign, const lwm2m::FirmwareUpdate& machine, FirmwareWay way) {
    std::int64_t count = 0;
    for (std::uint64_t device = 0; device < campaign.pool.size(); ++device) {
        const auto end = profiles::scripted_end(campaign.profile->behaviour.firmware, seed, device, way);
        count += end == machine ? 1 : 0;
    }
    return count;
}

void ends_as_scripted(FirmwareWay way) {
    constexpr std::uint32_t devices = 1000;
    Campaign campaign(devices, "{download: 12KB/s, apply: \"uniform(5s, 30s)\", fail: 20%, defer: 10%, defer_for: 2m}",
                      way, "firmware meter 2.0\n" + body_of(20'000));
    campaign.run(15min);
    std::int64_t sum = 0;
    for (unsigned state = 0; state < lwm2m::firmware_states; ++state) {
        for (unsigned result = 0; result < lwm2m::firmware_results; ++result) {
            const lwm2m::FirmwareUpdate machine{static_cast<FirmwareState>(state),
                                                static_cast<lwm2m::FirmwareResult>(result)};
            EXPECT_EQ(campaign.devices_in(machine), scripted(campaign, machine, way)) << state << ", " << result;
            sum += campaign.devices_in(machine);
        }
    }
    EXPECT_EQ(sum, devices);
    EXPECT_EQ(campaign.pool.transfers.in_use(), 0u);
    campaign.stop();
    metrics::Totals totals;
    metrics::accumulate(totals, campaign.counters);
    const auto download = metrics::index(metrics::Operation::download);
    EXPECT_EQ(metrics::total(totals.started[download]), metrics::total(totals.operations[download]));
    EXPECT_EQ(metrics::total(totals.in_flight), 0);
    EXPECT_EQ(metrics::total(totals.drops), 0);
}

TEST(FirmwareCampaign, EveryDeviceEndsAsScriptedWhenPushed) { ends_as_scripted(FirmwareWay::push); }
TEST(FirmwareCampaign, EveryDeviceEndsAsScriptedWhenPulled) { ends_as_scripted(FirmwareWay::pull); }

// What a device remembers while it downloads, and afterwards.
static_assert(sizeof(fleet::Firmware) <= 128);
static_assert(sizeof(fleet::PackageTransfer) <= 576);

TEST(FirmwareCampaign, TakesLessThanAKibibyteADevice) {
    constexpr std::uint32_t devices = 200;
    Campaign campaign(devices, "{}", FirmwareWay::pull, "firmware meter 2.0\n" + body_of(64 * 1024));
    campaign.run(60s);
    EXPECT_EQ(campaign.devices_in({FirmwareState::idle, lwm2m::FirmwareResult::success}), devices);
    auto& pool = campaign.pool;
    EXPECT_EQ(pool.transfers.in_use(), 0u);
    EXPECT_EQ(pool.transfers.touched(), devices) << "all of them at once";
    EXPECT_EQ(pool.blocks.bytes_held(), 0u);
    // Texts of the URI, the version and the package lie in blocks of 32 bytes here.
    const auto bytes = pool.firmware.in_use() * sizeof(fleet::Firmware) +
                       pool.transfers.touched() * sizeof(fleet::PackageTransfer) +
                       pool.changes.in_use() * sizeof(fleet::Change) + pool.bytes.in_use() * 32;
    EXPECT_LT(bytes / devices, 1024u);
}

}  // namespace
