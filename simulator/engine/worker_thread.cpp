#include "simulator/engine/worker_thread.h"

#include <pthread.h>
#include <time.h>

#include <future>

#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>

namespace engine {
namespace {

std::int64_t thread_cpu_ns() {
    timespec spent{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return spent.tv_sec * 1'000'000'000LL + spent.tv_nsec;
}

}  // namespace

WorkerThread::WorkerThread(std::string name, asio::io_context& io, Worker& worker, net::UdpTransport& transport,
                           const WallClock& clock)
    : WorkerThread(std::move(name), io, worker, clock) {
    transport_ = &transport;
}

WorkerThread::WorkerThread(std::string name, asio::io_context& io, Worker& worker, const WallClock& clock)
    : name_(std::move(name)), io_(io), worker_(worker), transport_(nullptr), clock_(clock), timer_(io), second_(io) {}

WorkerThread::~WorkerThread() { stop(); }

void WorkerThread::start() {
    if (transport_ != nullptr) transport_->on_readable([this] { work(); });
    thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
        auto guard = asio::make_work_guard(io_);
        work();
        tick();
        io_.run();
        note_load();
    });
}

void WorkerThread::post(std::function<void()> task) {
    asio::post(io_, [this, task = std::move(task)] {
        task();
        work();
    });
}

void WorkerThread::run(const std::function<void()>& task) {
    std::promise<void> done;
    asio::post(io_, [&] {
        task();
        done.set_value();
    });
    done.get_future().wait();
}

void WorkerThread::stop() {
    if (!thread_.joinable()) return;
    io_.stop();
    thread_.join();
}

void WorkerThread::freeze(base::Duration length) {
    asio::post(io_, [length] { std::this_thread::sleep_for(length); });
}

// One step; when more is waiting the next one is queued behind whatever else the thread has to do.
void WorkerThread::work() {
    const bool more = worker_.work(clock_.now());
    if (more && !again_) {
        again_ = true;
        asio::post(io_, [this] {
            again_ = false;
            work();
        });
    }
    rearm();
}

void WorkerThread::rearm() {
    const base::Time due = worker_.next_due();
    if (due == armed_) return;
    armed_ = due;
    if (due == base::never) {
        timer_.cancel();
        return;
    }
    timer_.expires_at(clock_.at(due));
    timer_.async_wait([this](const asio::error_code& error) {
        if (error) return;
        armed_ = base::never;
        work();
    });
}

void WorkerThread::tick() {
    note_load();
    worker_.every_second(clock_.now());
    second_.expires_after(std::chrono::seconds(1));
    second_.async_wait([this](const asio::error_code& error) {
        if (!error) tick();
    });
}

void WorkerThread::note_load() {
    load_.cpu_ns.store(thread_cpu_ns(), std::memory_order_relaxed);
    load_.wall_ns.store(clock_.now().time_since_epoch().count(), std::memory_order_relaxed);
    load_.ticks.fetch_add(1, std::memory_order_release);
}

}  // namespace engine
