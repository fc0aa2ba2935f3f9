#include "simulator/net/http_client.h"

#include <curl/curl.h>

#include <deque>
#include <list>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "simulator/base/check.h"

namespace net {
namespace {

constexpr int longest_wait_ms = 50;  // for bytes: whoever is new waits no longer
constexpr long connect_timeout_ms = 30'000;
constexpr long stalled_after_s = 60;  // without a byte
constexpr long most_redirects = 5;

struct Fetch {
    HttpRequest request;
    std::function<void(const HttpResult&)> done;
    HttpResult result;
    base::Sha256 digest;
    CURL* handle = nullptr;
    bool too_large = false;
};

std::size_t on_bytes(char* bytes, std::size_t size, std::size_t count, void* user) {
    Fetch& fetch = *static_cast<Fetch*>(user);
    const base::Bytes view(reinterpret_cast<const std::uint8_t*>(bytes), size * count);
    HttpResult& result = fetch.result;
    if (result.length + view.size() > fetch.request.limit) {
        fetch.too_large = true;
        return 0;  // ends the transfer
    }
    fetch.digest.update(view);
    if (result.length < result.head.size()) {
        const auto room = result.head.size() - static_cast<std::size_t>(result.length);
        const auto first = view.first(std::min(view.size(), room));
        std::copy(first.begin(), first.end(), result.head.begin() + static_cast<std::ptrdiff_t>(result.length));
    }
    result.length += view.size();
    return view.size();
}

HttpResult::End end_of(CURLcode code, const Fetch& fetch) {
    if (fetch.too_large) return HttpResult::End::too_large;
    if (code == CURLE_OK) return HttpResult::End::complete;
    if (code == CURLE_HTTP_RETURNED_ERROR) return HttpResult::End::status;
    const bool bad =
        code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_COULDNT_RESOLVE_HOST;
    return bad ? HttpResult::End::bad_url : HttpResult::End::lost;
}

}  // namespace

struct HttpClient::Impl {
    asio::io_context io{1};
    CURLM* multi = nullptr;
    std::deque<std::unique_ptr<Fetch>> waiting;
    std::list<std::unique_ptr<Fetch>> active;
    bool pumping = false;

    void add(std::unique_ptr<Fetch> fetch) {
        waiting.push_back(std::move(fetch));
        if (!std::exchange(pumping, true)) asio::post(io, [this] { pump(); });
    }

    void begin(std::unique_ptr<Fetch> fetch) {
        CURL* const handle = fetch->handle = curl_easy_init();
        CHECK(handle != nullptr);
        const HttpRequest& request = fetch->request;
        curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
        curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
        curl_easy_setopt(handle, CURLOPT_MAXREDIRS, most_redirects);
        curl_easy_setopt(handle, CURLOPT_FAILONERROR, 1L);
        curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(handle, CURLOPT_PROXY, "");  // a device has none, whatever the environment says
        curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
        curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, stalled_after_s);
        curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &on_bytes);
        curl_easy_setopt(handle, CURLOPT_WRITEDATA, fetch.get());
        curl_easy_setopt(handle, CURLOPT_PRIVATE, fetch.get());
        if (!request.interface.empty()) {
            curl_easy_setopt(handle, CURLOPT_INTERFACE, ("host!" + request.interface).c_str());
            // The address is a device's own: no connection of another one.
            curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
            curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L);
        }
        if (request.rate >= 1) {
            curl_easy_setopt(handle, CURLOPT_MAX_RECV_SPEED_LARGE, static_cast<curl_off_t>(request.rate));
        }
        curl_multi_add_handle(multi, handle);
        active.push_back(std::move(fetch));
    }

    // One step; then whatever else was posted has its turn.
    void pump() {
        while (!waiting.empty() && active.size() < at_once) {
            auto next = std::move(waiting.front());
            waiting.pop_front();
            begin(std::move(next));
        }
        int running = 0;
        curl_multi_perform(multi, &running);
        conclude();
        pumping = !waiting.empty() || !active.empty();
        if (!pumping) return;
        if (running > 0) curl_multi_poll(multi, nullptr, 0, longest_wait_ms, nullptr);
        asio::post(io, [this] { pump(); });
    }

    void conclude() {
        int left = 0;
        while (const CURLMsg* const message = curl_multi_info_read(multi, &left)) {
            if (message->msg != CURLMSG_DONE) continue;
            const CURLcode code = message->data.result;
            CURL* const handle = message->easy_handle;
            const auto found =
                std::find_if(active.begin(), active.end(), [&](const auto& fetch) { return fetch->handle == handle; });
            CHECK(found != active.end());
            const auto fetch = std::move(*found);
            active.erase(found);
            long status = 0;
            curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
            fetch->result.status = static_cast<unsigned>(status);
            fetch->result.end = end_of(code, *fetch);
            fetch->result.digest = fetch->digest.digest();
            curl_multi_remove_handle(multi, handle);
            curl_easy_cleanup(handle);
            fetch->done(fetch->result);
        }
    }
};

HttpClient::HttpClient() : impl_(std::make_unique<Impl>()) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    impl_->multi = curl_multi_init();
    CHECK(impl_->multi != nullptr);
}

HttpClient::~HttpClient() {
    for (const auto& fetch : impl_->active) {
        curl_multi_remove_handle(impl_->multi, fetch->handle);
        curl_easy_cleanup(fetch->handle);
    }
    curl_multi_cleanup(impl_->multi);
}

void HttpClient::fetch(HttpRequest request, std::function<void(const HttpResult&)> done) {
    asio::post(impl_->io, [this, request = std::move(request), done = std::move(done)]() mutable {
        auto fetch = std::make_unique<Fetch>();
        fetch->request = std::move(request);
        fetch->done = std::move(done);
        impl_->add(std::move(fetch));
    });
    curl_multi_wakeup(impl_->multi);
}

void HttpClient::run() {
    auto guard = asio::make_work_guard(impl_->io);
    impl_->io.run();
}

void HttpClient::stop() {
    impl_->io.stop();
    curl_multi_wakeup(impl_->multi);
}

}  // namespace net
