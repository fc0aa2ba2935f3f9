#include "simulator/engine/host_lookups.h"

#include <algorithm>
#include <utility>

#include <asio/post.hpp>

namespace engine {
namespace {

constexpr base::Duration known_for = std::chrono::seconds(60);
constexpr base::Duration unknown_for = std::chrono::seconds(5);  // a name may come to be known

net::Address address_of(const asio::ip::address& address) {
    if (address.is_v4()) return net::Address::from_v4(address.to_v4().to_uint(), 0);
    net::Address found;
    found.ip = address.to_v6().to_bytes();
    found.v6 = true;
    return found;
}

std::optional<net::Address> with_port(std::optional<net::Address> address, std::uint16_t port) {
    if (address) address->port = port;
    return address;
}

}  // namespace

HostLookups::Name* HostLookups::find(std::string_view host, bool v6) {
    const auto found =
        std::ranges::find_if(names_, [&](const auto& name) { return name->host == host && name->v6 == v6; });
    return found == names_.end() ? nullptr : found->get();
}

// A place for one more: a new one, or that of the name that will be forgotten first.
HostLookups::Name* HostLookups::make_room() {
    if (names_.size() < most_names) return names_.emplace_back(std::make_unique<Name>()).get();
    const auto oldest =
        std::ranges::min_element(names_, {}, [](const auto& name) { return name->asked ? base::never : name->until; });
    if ((*oldest)->asked) return nullptr;
    **oldest = {};
    return oldest->get();
}

void HostLookups::look_up(std::string_view host, std::uint16_t port, bool v6, Done done) {
    Name* name = find(host, v6);
    if (name != nullptr && !name->asked && clock_.now() < name->until) {
        asio::post(io_, [done = std::move(done), address = with_port(name->address, port)] { done(address); });
        return;
    }
    if (name == nullptr) {
        name = make_room();
        if (name == nullptr) {
            asio::post(io_, [done = std::move(done)] { done(std::nullopt); });
            return;
        }
        name->host = host;
        name->v6 = v6;
        ask(*name);
    } else if (!name->asked) {
        ask(*name);
    }
    name->waiting.push_back({port, std::move(done)});
}

void HostLookups::ask(Name& name) {
    name.asked = true;
    const auto family = name.v6 ? asio::ip::udp::v6() : asio::ip::udp::v4();
    resolver_.async_resolve(
        family, name.host, "", [this, host = name.host, v6 = name.v6](const auto& error, const auto& found) {
            if (error == asio::error::operation_aborted) return;
            const bool known = !error && !found.empty();
            answer(host, v6, known ? std::optional(address_of(found.begin()->endpoint().address())) : std::nullopt);
        });
}

void HostLookups::answer(const std::string& host, bool v6, std::optional<net::Address> address) {
    Name* const name = find(host, v6);
    if (name == nullptr) return;
    name->asked = false;
    name->address = address;
    name->until = clock_.now() + (address ? known_for : unknown_for);
    for (const auto& one : std::exchange(name->waiting, {})) one.done(with_port(address, one.port));
}

}  // namespace engine
