#include "simulator/server/registry.h"

#include "simulator/base/random.h"

namespace server {
namespace {

// The location is 40 bits in base 32: the generation of the registration in the upper 16, the place in the lower 24.
constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuv";

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'v') return c - 'a' + 10;
    return -1;
}

}  // namespace

Registry::Registry(std::uint32_t capacity)
    : clients_(capacity),
      names_(capacity),
      by_address_(capacity, AddressHash{{this}}, AddressEqual{{this}}),
      by_name_(capacity, NameHash{{this}}, NameEqual{{this}}) {
    CHECK(capacity <= max_clients);
}

std::size_t Registry::Records::hash(std::string_view text) const {
    std::uint64_t hash = text.size();
    while (text.size() >= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data(), 8);
        hash = base::mix(hash ^ word);
        text.remove_prefix(8);
    }
    std::uint64_t rest = 0;
    std::memcpy(&rest, text.data(), text.size());
    return base::mix(hash ^ rest);
}

ClientIndex Registry::find_address(const net::Address& address) const {
    const auto* found = by_address_.find(address);
    return found == nullptr ? base::no_index : *found;
}

ClientIndex Registry::find_endpoint(std::string_view endpoint) const {
    const auto* found = by_name_.find(endpoint);
    return found == nullptr ? base::no_index : *found;
}

ClientIndex Registry::find_location(std::string_view location) const {
    if (location.size() != location_size) return base::no_index;
    std::uint64_t number = 0;
    for (const char c : location) {
        const int digit = digit_of(c);
        if (digit < 0) return base::no_index;
        number = number << 5 | static_cast<unsigned>(digit);
    }
    const auto index = static_cast<ClientIndex>(number & (max_clients - 1));
    if (!clients_.holds(index) || !clients_[index].is_registered()) return base::no_index;
    return clients_[index].generation == number >> 24 ? index : base::no_index;
}

Registry::Location Registry::location(ClientIndex index) const {
    std::uint64_t number = std::uint64_t{clients_[index].generation} << 24 | index;
    Location text;
    for (auto at = text.rbegin(); at != text.rend(); ++at, number >>= 5) *at = digits[number & 31];
    return text;
}

ClientIndex Registry::take_place() {
    // New places first: the longer one rests, the less likely somebody still means its last occupant.
    if (clients_.touched() < clients_.capacity()) return clients_.take();
    const ClientIndex index = oldest_;
    if (index == base::no_index) return base::no_index;
    unlink(index);
    by_address_.erase(index);
    return index;
}

ClientIndex Registry::admit(const net::Address& address) {
    const ClientIndex index = take_place();
    if (index == base::no_index) return base::no_index;
    Client& client = clients_[index];
    const auto occupant = static_cast<std::uint8_t>(client.occupant + 1);
    const auto generation = client.generation;
    client = Client{};
    client.occupant = occupant;
    client.generation = generation;
    client.address = address;
    by_address_.insert(index);
    client.older = newest_;
    (newest_ == base::no_index ? oldest_ : clients_[newest_].newer) = index;
    newest_ = index;
    return index;
}

bool Registry::enter(ClientIndex index, std::string_view endpoint) {
    Client& client = clients_[index];
    CHECK(!client.is_registered() && endpoint.size() <= max_endpoint);
    client.endpoint = names_.keep(base::as_bytes(endpoint));
    if (!client.endpoint) return false;
    unlink(index);
    ++client.generation;
    by_name_.insert(index);
    ++registered_;
    return true;
}

void Registry::leave(ClientIndex index) {
    Client& client = clients_[index];
    by_name_.erase(index);
    names_.release(client.endpoint);
    --registered_;
    client.older = newest_;
    client.newer = base::no_index;
    (newest_ == base::no_index ? oldest_ : clients_[newest_].newer) = index;
    newest_ = index;
}

void Registry::unlink(ClientIndex index) {
    Client& client = clients_[index];
    (client.older == base::no_index ? oldest_ : clients_[client.older].newer) = client.newer;
    (client.newer == base::no_index ? newest_ : clients_[client.newer].older) = client.older;
    client.older = client.newer = base::no_index;
}

}  // namespace server
