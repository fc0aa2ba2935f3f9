// HostLookups: finds hosts by their names for the devices of one shard, on the shard's own io_context. What was found
// is known for a minute, so that a fleet that is given one URI asks the resolver once.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <asio/ip/udp.hpp>

#include "simulator/engine/worker_thread.h"
#include "simulator/net/address.h"

namespace engine {

class HostLookups {
public:
    static constexpr std::size_t most_names = 64;
    using Done = std::function<void(std::optional<net::Address>)>;

    // Both must outlive this object. It is used on the thread of `io` alone, and may go when that has stopped.
    HostLookups(asio::io_context& io, const WallClock& clock) : io_(io), resolver_(io), clock_(clock) {}

    // `done` is called later, never within this call; without an address where nobody has that name, or too many names
    // are being asked for.
    void look_up(std::string_view host, std::uint16_t port, bool v6, Done done);

private:
    struct Waiting {
        std::uint16_t port = 0;
        Done done;
    };
    struct Name {
        std::string host;
        bool v6 = false;
        bool asked = true;  // the resolver has not answered yet
        base::Time until{};
        std::optional<net::Address> address;
        std::vector<Waiting> waiting;
    };

    Name* find(std::string_view host, bool v6);
    Name* make_room();
    void ask(Name& name);
    void answer(const std::string& host, bool v6, std::optional<net::Address> address);

    asio::io_context& io_;
    asio::ip::udp::resolver resolver_;
    const WallClock& clock_;
    std::vector<std::unique_ptr<Name>> names_;
};

}  // namespace engine
