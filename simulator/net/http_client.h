// HttpClient: fetches files by HTTP and HTTPS for many devices, a bounded number at once; the rest wait their turn.
// Nothing of a file is kept but its length, its digest and its first bytes. libcurl does the work.
//
// All calls may come from any thread but `run`, which is the one that works.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "simulator/base/crypto.h"
#include "simulator/net/address.h"

namespace net {

struct HttpRequest {
    std::string url;
    std::string interface;    // the address to speak from; empty: whichever fits
    std::uint64_t limit = 0;  // bytes: a longer file is given up
    double rate = 0;          // bytes a second at most; 0: as they come
};

struct HttpResult {
    enum class End : std::uint8_t {
        complete,   // with a status of 2xx
        status,     // any other status
        too_large,  // over the limit
        bad_url,    // libcurl cannot read it, or nobody has a host of that name
        lost,       // no connection, or it broke; an https server that cannot be trusted, too
    };
    End end = End::lost;
    unsigned status = 0;
    std::uint64_t length = 0;
    base::Digest digest{};
    std::array<std::uint8_t, 80> head{};  // the first bytes
};

class HttpClient {
public:
    static constexpr std::size_t at_once = 64;

    HttpClient();
    ~HttpClient();

    // `done` is called on the thread of `run`.
    void fetch(HttpRequest request, std::function<void(const HttpResult&)> done);
    // Works until `stop`; what is under way then ends without a word.
    void run();
    void stop();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace net
