#include "simulator/net/capture.h"

#include <gtest/gtest.h>

#include <cstring>
#include <sstream>

#include "simulator/net/memory_transport.h"

namespace {

using namespace std::chrono_literals;
using net::Address;

class CaptureTest : public testing::Test {
protected:
    explicit CaptureTest(const Address& own = Address::from_v4(0x7f000002, 5000),
                         const Address& server = Address::from_v4(0x7f000001, 5683))
        : own_(own), server_(server) {
        devices_.attach(0, Address::from_v4(0x7f000009, 5009));
        devices_.attach(1, own_);
        servers_.attach(0, server_);
    }
    void send(std::uint32_t device, std::string_view text) {
        const net::Packet packet{base::as_bytes(text), device, server_};
        capture_.send(now_, {&packet, 1});
    }
    // Of the packets behind the file's header, each in hexadecimal with its 16 bytes of pcap before it.
    std::vector<std::string> packets() const {
        const std::string text = out_.str();
        std::vector<std::string> found;
        for (std::size_t at = 24; at < text.size();) {
            std::uint32_t size = 0;
            std::memcpy(&size, text.data() + at + 8, sizeof size);
            found.push_back(base::to_hex(base::as_bytes(std::string_view(text).substr(at, 16 + size))));
            at += 16 + size;
        }
        return found;
    }

    Address own_;
    Address server_;
    base::Time now_ = base::Time(1500ms);
    net::MemoryNetwork network_;
    net::MemoryTransport devices_{network_};
    net::MemoryTransport servers_{network_};
    std::ostringstream out_;
    net::Capture capture_{{.device = 1, .address = own_, .out = &out_, .unix_start = 1000s}, devices_};
};

TEST_F(CaptureTest, BeginsAsPcapOfIpPackets) {
    EXPECT_EQ(base::to_hex(base::as_bytes(out_.str())), "4d3cb2a1020004000000000000000000ffff000065000000");
}

// The checksums are those of RFC 791 and RFC 768: the words of the IP header, its own included, sum up to ffff.
TEST_F(CaptureTest, WritesWhatTheDeviceSendsAndReceives) {
    send(1, "ab");
    (void)servers_.receive(now_);
    const net::Packet answer{base::as_bytes("xyz"), 0, own_};
    servers_.send(now_, {&answer, 1});
    EXPECT_EQ(capture_.receive(now_).size(), 1u);
    ASSERT_EQ(packets().size(), 2u);
    EXPECT_EQ(packets()[0],
              "e9030000"  // 1001 s
              "0065cd1d"  // 0.5 s
              "1e0000001e000000"
              "4500001e000040004011"
              "3ccc"
              "7f0000027f000001"
              "13881633000a"
              "76b9"
              "6162");
    EXPECT_EQ(packets()[1].substr(32, 40), "4500001f0000400040113ccb7f0000017f000002");
    EXPECT_TRUE(packets()[1].ends_with("78797a"));
}

TEST_F(CaptureTest, FollowsTheDeviceToAnotherAddress) {
    capture_.set_address(Address::from_v4(0x7f000004, 5001));
    send(1, "ab");
    ASSERT_EQ(packets().size(), 1u);
    EXPECT_EQ(packets()[0].substr(32 + 24, 24), "7f0000047f00000113891633");
}

TEST_F(CaptureTest, LeavesTheOthersAlone) {
    send(0, "ab");
    EXPECT_TRUE(packets().empty());
    EXPECT_EQ(servers_.receive(now_).size(), 1u);
}

class CaptureOfIpv6 : public CaptureTest {
protected:
    CaptureOfIpv6() : CaptureTest(net::parse_ip("::2", 5000).value(), net::parse_ip("::1", 5683).value()) {}
};

TEST_F(CaptureOfIpv6, HasItsHeader) {
    send(1, "ab");
    ASSERT_EQ(packets().size(), 1u);
    EXPECT_EQ(packets()[0].substr(32, 96),
              "60000000000a1140"
              "00000000000000000000000000000002"
              "00000000000000000000000000000001"
              "13881633000a"
              "74ba");
}

}  // namespace
