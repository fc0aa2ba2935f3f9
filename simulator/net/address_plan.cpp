#include "simulator/net/address_plan.h"

#include <algorithm>
#include <charconv>

namespace net {
namespace {

std::uint64_t low_bits(const Address& address) {
    if (!address.v6) return address.v4();
    std::uint64_t low = 0;
    for (std::size_t i = 8; i < 16; ++i) low = low << 8 | address.ip[i];
    return low;
}

Address plus(Address address, std::uint64_t offset) {
    const std::uint64_t sum = low_bits(address) + offset;
    const std::size_t size = address.v6 ? 8 : 4;
    const std::size_t end = address.v6 ? 16 : 4;
    for (std::size_t i = 0; i < size; ++i) address.ip[end - 1 - i] = static_cast<std::uint8_t>(sum >> (8 * i));
    return address;
}

bool same_upper_half(const Address& a, const Address& b) {
    for (std::size_t i = 0; i < 8; ++i) {
        if (a.ip[i] != b.ip[i]) return false;
    }
    return true;
}

}  // namespace

std::uint32_t AddressPlan::banks() const {
    constexpr std::uint64_t most = 256;  // a byte names them
    if (kind == Kind::ports || devices == 0) return 1;
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(prefix_size / addresses(), 1, most));
}

Address AddressPlan::address_of(std::uint32_t device, std::uint32_t bank) const {
    Address address =
        kind == Kind::pool ? plus(first, std::uint64_t{bank} * addresses() + device % addresses()) : first;
    address.port = 0;
    return address;
}

std::optional<AddressPlan::Place> AddressPlan::place_at(std::uint32_t socket, const Address& local) const {
    if (local.v6 != first.v6 || (local.v6 && !same_upper_half(local, first))) return std::nullopt;
    if (kind == Kind::ports) return Place{socket, 0};
    std::uint64_t offset = low_bits(local) - low_bits(first);  // wraps to a large number below `first`
    std::uint32_t bank = 0;
    if (offset >= addresses()) {
        if (offset >= std::uint64_t{addresses()} * banks()) return std::nullopt;
        bank = static_cast<std::uint32_t>(offset / addresses());
        offset %= addresses();
    }
    const std::uint64_t device = std::uint64_t{socket} * addresses() + offset;
    if (device >= devices) return std::nullopt;
    return Place{static_cast<std::uint32_t>(device), bank};
}

base::Result<Prefix> parse_prefix(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos)
        return base::fail("a prefix is written ADDRESS/LENGTH, as in 127.0.0.0/8", text.size());
    auto address = parse_ip(text.substr(0, slash), 0);
    if (!address) return tl::unexpected(address.error());
    const unsigned width = address->v6 ? 128 : 32;
    unsigned length = 0;
    const auto digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error != std::errc{} || end != digits.data() + digits.size() || length > width) {
        return base::fail("the prefix length is a number, 32 at most for IPv4 and 128 for IPv6", slash + 1);
    }
    const unsigned free_bits = width - length;
    if (free_bits < 2) return base::fail("a prefix this long holds no address to spare", slash + 1);
    const std::uint64_t size = free_bits >= 40 ? 1ull << 40 : 1ull << free_bits;
    const std::uint64_t mask = free_bits >= 64 ? ~0ull : (1ull << free_bits) - 1;
    Address start = plus(*address, 0 - (low_bits(*address) & mask));
    const std::uint64_t skipped = !start.v6 && start.ip[0] == 127 && length == 8 ? 65536 : 1;
    return Prefix{plus(start, skipped), size - skipped - 1};
}

}  // namespace net
