// Doorbell: wakes a thread that waits in its io_context, by others that have put something into a ring of its. Whoever
// is awake is not rung for: that takes no system call.
#pragma once

#include <atomic>
#include <functional>

#include <asio/io_context.hpp>

namespace net {

class Doorbell {
public:
    // `io` is that of the thread, and must outlive this object.
    explicit Doorbell(asio::io_context& io) : io_(io) {}

    // Calls `answer` on the thread whenever the bell was rung for; before the thread begins.
    void on_ring(std::function<void()> answer) { answer_ = std::move(answer); }

    // On the thread itself: it is about to wait, and must look once more whether there is something; or it is awake.
    void wait_for_it() { waits_.exchange(true); }
    void awake() { waits_.store(false, std::memory_order_relaxed); }

    // On any other, after it has put something in: either the thread is found waiting, or it finds what was put in.
    void ring() {
        if (waits_.exchange(false)) sound();
    }

private:
    void sound();

    asio::io_context& io_;
    std::function<void()> answer_;
    alignas(64) std::atomic<bool> waits_{false};
};

}  // namespace net
