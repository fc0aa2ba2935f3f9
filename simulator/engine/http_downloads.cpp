#include "simulator/engine/http_downloads.h"

#include <pthread.h>

namespace engine {
namespace {

// Without the port, and the brackets of IPv6.
std::string host_of(const net::Address& address) {
    std::string text = net::to_string(address);
    text.resize(text.rfind(':'));
    return address.v6 ? text.substr(1, text.size() - 2) : text;
}

fleet::Fetched::End end_of(net::HttpResult::End end) {
    switch (end) {
        case net::HttpResult::End::complete: return fleet::Fetched::End::complete;
        case net::HttpResult::End::status: return fleet::Fetched::End::status;
        case net::HttpResult::End::too_large: return fleet::Fetched::End::too_large;
        case net::HttpResult::End::bad_url: return fleet::Fetched::End::bad_uri;
        case net::HttpResult::End::lost: return fleet::Fetched::End::lost;
    }
    return fleet::Fetched::End::lost;
}

}  // namespace

class HttpDownloads::ShardFetcher final : public fleet::Fetcher {
public:
    ShardFetcher(net::HttpClient& client, const WallClock& clock, Shard& shard, WorkerThread& thread,
                 asio::io_context& io)
        : client_(client), clock_(clock), shard_(shard), thread_(thread), hosts_(io, clock) {}

    void fetch(const fleet::FetchRequest& request) override {
        const auto& address_of = shard_.pool().membership.address_of;
        client_.fetch({.url = std::string(request.uri),
                       .interface = address_of ? host_of(address_of(request.device)) : "",
                       .limit = request.limit,
                       .rate = request.rate},
                      [this, device = request.device, number = request.number](const net::HttpResult& result) {
                          const fleet::Fetched fetched{.device = device,
                                                       .number = number,
                                                       .end = end_of(result.end),
                                                       .status = result.status,
                                                       .length = result.length,
                                                       .digest = result.digest,
                                                       .head = result.head};
                          thread_.post([this, fetched] { shard_.fetched(clock_.now(), fetched); });
                      });
    }

    void look_up(const fleet::LookupRequest& request) override {
        hosts_.look_up(request.host, request.port, request.v6,
                       [this, device = request.device, number = request.number](std::optional<net::Address> address) {
                           const fleet::LookedUp found{.device = device, .number = number, .address = address};
                           thread_.post([this, found] { shard_.looked_up(clock_.now(), found); });
                       });
    }

private:
    net::HttpClient& client_;
    const WallClock& clock_;
    Shard& shard_;
    WorkerThread& thread_;
    HostLookups hosts_;
};

HttpDownloads::HttpDownloads(const WallClock& clock)
    : clock_(clock), thread_([this] {
          pthread_setname_np(pthread_self(), "http");
          client_.run();
      }) {}

HttpDownloads::~HttpDownloads() {
    client_.stop();
    thread_.join();
}

void HttpDownloads::attach(Shard& shard, WorkerThread& thread, asio::io_context& io) {
    fetchers_.push_back(std::make_unique<ShardFetcher>(client_, clock_, shard, thread, io));
    shard.pool().fetcher = fetchers_.back().get();
}

}  // namespace engine
