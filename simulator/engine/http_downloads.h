// HttpDownloads: brings the devices of all shards what their Package URIs name by HTTP: one client, on one thread of
// its own; what comes of a download is posted to the shard. It finds CoAP hosts by their names, too.
#pragma once

#include <thread>

#include "simulator/engine/host_lookups.h"
#include "simulator/engine/shard.h"
#include "simulator/engine/worker_thread.h"
#include "simulator/net/http_client.h"

namespace engine {

class HttpDownloads {
public:
    explicit HttpDownloads(const WallClock& clock);
    // Ends whatever is under way, before anything that `attach` was given goes.
    ~HttpDownloads();

    // From now on the devices of that shard, whose thread has that io_context, may fetch. All must outlive this object.
    void attach(Shard& shard, WorkerThread& thread, asio::io_context& io);

private:
    class ShardFetcher;

    const WallClock& clock_;
    net::HttpClient client_;
    std::vector<std::unique_ptr<fleet::Fetcher>> fetchers_;
    std::thread thread_;
};

}  // namespace engine
