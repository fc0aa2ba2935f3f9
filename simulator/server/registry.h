// Registry: who is there: clients by address, by endpoint name and by the location of their registration.
//
// A place is given to an address when it first says something sensible, and stays with it after the registration has
// ended, so that a De-register that is repeated still gets its answer (RFC 7252 4.5). Places without registration go to
// new addresses, the one that left first before the others.
#pragma once

#include <array>
#include <string_view>

#include "simulator/base/flat_map.h"
#include "simulator/server/client.h"

namespace server {

class Registry {
public:
    // How many addresses are known at once. REQUIRES: at most max_clients.
    explicit Registry(std::uint32_t capacity);
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;

    static constexpr std::uint32_t max_clients = 1u << 24;
    static constexpr std::size_t location_size = 8;
    using Location = std::array<char, location_size>;

    // no_index where there is none. By address: registered or not.
    ClientIndex find_address(const net::Address& address) const;
    ClientIndex find_endpoint(std::string_view endpoint) const;
    ClientIndex find_location(std::string_view location) const;

    // A place for an address that has none; no_index when all places are taken by registered clients. The Client is
    // reset but for what tells one occupant from the other.
    ClientIndex admit(const net::Address& address);
    // The client at that place registers under a name of at most max_endpoint bytes that nobody has: its location is a
    // new one. False when there is no room for the name.
    [[nodiscard]] bool enter(ClientIndex index, std::string_view endpoint);
    // Its registration has ended.
    void leave(ClientIndex index);
    static constexpr std::size_t max_endpoint = 255;

    Client& operator[](ClientIndex index) { return clients_[index]; }
    const Client& operator[](ClientIndex index) const { return clients_[index]; }
    std::string_view endpoint(ClientIndex index) const { return base::as_text(names_.view(clients_[index].endpoint)); }
    Location location(ClientIndex index) const;
    // Who it is to coap::Endpoint: another number for each occupant of the place, so that the messages of one are never
    // taken for repetitions of the other's.
    std::uint32_t peer_id(ClientIndex index) const { return index | std::uint32_t{clients_[index].occupant} << 24; }
    static ClientIndex index_of_peer(std::uint32_t peer_id) { return peer_id & (max_clients - 1); }

    std::uint32_t registered() const { return registered_; }
    std::uint32_t places() const { return clients_.touched(); }  // one behind the last in use: the end of a walk

private:
    struct Records {
        const Registry* registry;
        std::size_t hash(const net::Address& address) const { return net::AddressHash()(address); }
        std::size_t hash(std::string_view text) const;
        const net::Address& address(ClientIndex index) const { return registry->clients_[index].address; }
        std::string_view name(ClientIndex index) const { return registry->endpoint(index); }
    };
    struct AddressHash : Records {
        std::size_t operator()(ClientIndex index) const { return hash(address(index)); }
        std::size_t operator()(const net::Address& key) const { return hash(key); }
    };
    struct AddressEqual : Records {
        using is_transparent = void;
        bool operator()(ClientIndex a, ClientIndex b) const { return a == b; }
        bool operator()(const net::Address& key, ClientIndex index) const { return key == address(index); }
        bool operator()(ClientIndex index, const net::Address& key) const { return key == address(index); }
    };
    struct NameHash : Records {
        std::size_t operator()(ClientIndex index) const { return hash(name(index)); }
        std::size_t operator()(std::string_view key) const { return hash(key); }
    };
    struct NameEqual : Records {
        using is_transparent = void;
        bool operator()(ClientIndex a, ClientIndex b) const { return a == b; }
        bool operator()(std::string_view key, ClientIndex index) const { return key == name(index); }
        bool operator()(ClientIndex index, std::string_view key) const { return key == name(index); }
    };

    void unlink(ClientIndex index);
    ClientIndex take_place();

    base::Slab<Client> clients_;
    mutable base::BytePool names_;
    base::FlatSet<ClientIndex, AddressHash, AddressEqual> by_address_;
    base::FlatSet<ClientIndex, NameHash, NameEqual> by_name_;
    ClientIndex oldest_ = base::no_index;  // of those without registration
    ClientIndex newest_ = base::no_index;
    std::uint32_t registered_ = 0;
};

}  // namespace server
