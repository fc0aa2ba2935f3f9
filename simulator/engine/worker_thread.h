// WorkerThread: drives one worker in real time: a thread, one io_context, one timer, the sockets of one transport or
// what else wakes it.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include "simulator/engine/worker.h"
#include "simulator/net/udp_transport.h"

namespace engine {

// The clock of a run: all threads count from the same moment. The only place where the time is read.
class WallClock {
public:
    WallClock() { start_at(std::chrono::steady_clock::now()); }
    void start_at(std::chrono::steady_clock::time_point start) { start_ns_.store(start.time_since_epoch().count()); }
    // Before the start it stands still at 0: nothing knows times before that.
    base::Time now() const {
        return base::Time(std::max(base::Duration{0}, base::Duration(std::chrono::steady_clock::now() - start())));
    }
    std::chrono::steady_clock::time_point at(base::Time time) const { return start() + time.time_since_epoch(); }

private:
    std::chrono::steady_clock::time_point start() const {
        return std::chrono::steady_clock::time_point(base::Duration(start_ns_.load(std::memory_order_relaxed)));
    }
    std::atomic<std::int64_t> start_ns_{0};
};

// What a thread has spent; written by it once a second and at its end.
struct ThreadLoad {
    std::atomic<std::int64_t> cpu_ns{0};   // of the thread's own CPU clock
    std::atomic<std::int64_t> ticks{0};    // how often it was written
    std::atomic<std::int64_t> wall_ns{0};  // run clock at the last write
};

class WorkerThread {
public:
    // `io` is the one that `transport` was opened on; both, the worker and the clock must outlive this object.
    WorkerThread(std::string name, asio::io_context& io, Worker& worker, net::UdpTransport& transport,
                 const WallClock& clock);
    // Without sockets: whatever there is to wake it, on `io`, calls step().
    WorkerThread(std::string name, asio::io_context& io, Worker& worker, const WallClock& clock);
    ~WorkerThread();

    void start();
    // On the thread itself: the worker has something to do.
    void step() { work(); }
    // Runs `task` on the thread, between two steps.
    void post(std::function<void()> task);
    // Runs `task` there and waits for it. Not from the thread itself.
    void run(const std::function<void()>& task);
    // Ends the thread after the step it is in.
    void stop();

    const ThreadLoad& load() const { return load_; }
    // Stands still for that long, as a stopped process would: for tests of what the figures say about it.
    void freeze(base::Duration length);

private:
    void work();
    void rearm();
    void tick();
    void note_load();

    std::string name_;
    asio::io_context& io_;
    Worker& worker_;
    net::UdpTransport* transport_;
    const WallClock& clock_;
    asio::steady_timer timer_;
    asio::steady_timer second_;
    base::Time armed_ = base::never;
    bool again_ = false;
    ThreadLoad load_;
    std::thread thread_;
};

}  // namespace engine
