#include "simulator/net/capture.h"

#include <array>
#include <bit>

#include "simulator/base/writer.h"

namespace net {
namespace {

constexpr std::uint32_t nanosecond_magic = 0xa1b23c4d;
constexpr std::uint32_t link_type_raw = 101;
constexpr std::uint32_t longest_packet = 65535;
constexpr std::uint8_t udp = 17;
constexpr std::size_t udp_header_size = 8;
constexpr std::size_t ipv4_header_size = 20;
constexpr std::size_t ipv6_header_size = 40;

template <class T>
void put_host(std::ostream& out, T value) {
    const auto bytes = std::bit_cast<std::array<char, sizeof(T)>>(value);
    out.write(bytes.data(), bytes.size());
}
void put(std::ostream& out, base::Bytes bytes) {
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

// RFC 1071: the sum of 16-bit words, the carries added to it.
class Checksum {
public:
    void add(base::Bytes bytes) {
        for (std::size_t i = 0; i < bytes.size(); ++i) sum_ += i % 2 == 0 ? bytes[i] << 8 : bytes[i];
    }
    void add(std::uint32_t number) { sum_ += (number >> 16) + (number & 0xffff); }
    std::uint16_t value() const {
        std::uint64_t sum = sum_;
        while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
        return static_cast<std::uint16_t>(~sum);
    }

private:
    std::uint64_t sum_ = 0;
};

base::Bytes ip_of(const Address& address) {
    const base::Bytes all(address.ip);
    return address.v6 ? all : all.first(4);
}

// The headers of IP and UDP before a datagram.
class Headers {
public:
    Headers(const Address& from, const Address& to, base::Bytes datagram) {
        const auto length = static_cast<std::uint16_t>(udp_header_size + datagram.size());
        base::Writer out(memory_);
        if (from.v6) {
            put_ipv6(from, to, length, out);
        } else {
            put_ipv4(from, to, length, out);
        }
        const std::size_t udp_at = out.size();
        out.put_u16(from.port);
        out.put_u16(to.port);
        out.put_u16(length);
        out.put_u16(0);
        size_ = out.size();
        Checksum sum;
        sum.add(ip_of(from));
        sum.add(ip_of(to));
        sum.add(std::uint32_t{udp} + length);
        sum.add(view().subspan(udp_at));
        sum.add(datagram);
        // RFC 768: 0 says that there is none.
        put_at(udp_at + 6, sum.value() == 0 ? 0xffff : sum.value());
    }
    base::Bytes view() const { return base::Bytes(memory_).first(size_); }

private:
    void put_ipv4(const Address& from, const Address& to, std::uint16_t length, base::Writer& out) {
        out.put_u16(0x4500);
        out.put_u16(static_cast<std::uint16_t>(ipv4_header_size + length));
        out.put_u32(0x00004000);  // Don't Fragment
        out.put_u8(64);
        out.put_u8(udp);
        out.put_u16(0);
        out.put(ip_of(from));
        out.put(ip_of(to));
        Checksum sum;
        sum.add(out.written());
        put_at(10, sum.value());
    }
    static void put_ipv6(const Address& from, const Address& to, std::uint16_t length, base::Writer& out) {
        out.put_u32(0x60000000);
        out.put_u16(length);
        out.put_u8(udp);
        out.put_u8(64);
        out.put(ip_of(from));
        out.put(ip_of(to));
    }
    void put_at(std::size_t at, std::uint16_t value) {
        memory_[at] = static_cast<std::uint8_t>(value >> 8);
        memory_[at + 1] = static_cast<std::uint8_t>(value);
    }

    std::array<std::uint8_t, ipv6_header_size + udp_header_size> memory_{};
    std::size_t size_ = 0;
};

}  // namespace

Capture::Capture(const Config& config, Transport& inner) : config_(config), inner_(inner) {
    std::ostream& out = *config_.out;
    put_host(out, nanosecond_magic);
    put_host(out, std::uint16_t{2});
    put_host(out, std::uint16_t{4});
    put_host(out, std::uint32_t{0});
    put_host(out, std::uint32_t{0});
    put_host(out, longest_packet);
    put_host(out, link_type_raw);
}

void Capture::send(base::Time now, std::span<const Packet> packets) {
    for (const auto& packet : packets) {
        if (packet.local == config_.device) write(now, config_.address, packet.remote, packet.bytes);
    }
    inner_.send(now, packets);
}

std::span<const Packet> Capture::receive(base::Time now) {
    const auto packets = inner_.receive(now);
    for (const auto& packet : packets) {
        if (packet.local == config_.device) write(now, packet.remote, config_.address, packet.bytes);
    }
    return packets;
}

void Capture::write(base::Time now, const Address& from, const Address& to, base::Bytes datagram) {
    constexpr std::int64_t second = 1'000'000'000;
    const std::int64_t at = (now.time_since_epoch() + config_.unix_start).count();
    const Headers headers(from, to, datagram);
    const auto size = static_cast<std::uint32_t>(headers.view().size() + datagram.size());
    std::ostream& out = *config_.out;
    put_host(out, static_cast<std::uint32_t>(at / second));
    put_host(out, static_cast<std::uint32_t>(at % second));
    put_host(out, size);
    put_host(out, size);
    put(out, headers.view());
    put(out, datagram);
}

}  // namespace net
