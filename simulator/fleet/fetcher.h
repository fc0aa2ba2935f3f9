// Fetcher: how a device has a package fetched otherwise than by CoAP, and finds a CoAP host by its name. The engine has
// one where there is a real network; in virtual time there is none, and such a Package URI is refused.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "simulator/base/crypto.h"
#include "simulator/net/address.h"

namespace fleet {

struct FetchRequest {
    std::uint32_t device = 0;  // its number in the shard
    std::uint32_t number = 0;  // of the fetch: comes back with it
    std::string_view uri;      // valid for the call
    std::uint64_t limit = 0;   // bytes
    double rate = 0;           // bytes a second at most; 0: as they come
};

struct Fetched {
    enum class End : std::uint8_t { complete, status, too_large, bad_uri, lost };
    std::uint32_t device = 0;
    std::uint32_t number = 0;
    End end = End::lost;
    unsigned status = 0;  // of HTTP
    std::uint64_t length = 0;
    base::Digest digest{};
    std::array<std::uint8_t, 80> head{};  // the first bytes
};

struct LookupRequest {
    std::uint32_t device = 0;
    std::uint32_t number = 0;  // as that of a fetch
    std::string_view host;     // valid for the call
    std::uint16_t port = 0;
    bool v6 = false;  // what the device speaks
};
struct LookedUp {
    std::uint32_t device = 0;
    std::uint32_t number = 0;
    std::optional<net::Address> address;  // none: nobody has that name
};

class Fetcher {
public:
    virtual ~Fetcher() = default;
    // What comes of it is told to on_fetched, in a later turn.
    virtual void fetch(const FetchRequest& request) = 0;
    // The same, to on_looked_up.
    virtual void look_up(const LookupRequest& request) = 0;
};

}  // namespace fleet
