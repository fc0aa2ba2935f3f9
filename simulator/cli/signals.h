// Signals: SIGINT and SIGTERM as calls on a thread of their own, so that no handler runs in the middle of something.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace cli {

// While it lives, SIGINT and SIGTERM end in `on_interrupt` (on the watching thread), and SIGPIPE, SIGHUP and SIGXFSZ in
// nothing: what they stand for shows as an error of a write. One at a time in a process; make it before other threads,
// which inherit what it blocks. What it ignores stays ignored afterwards.
class SignalWatch {
public:
    explicit SignalWatch(std::function<void()> on_interrupt);
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;
    ~SignalWatch();

private:
    void watch();

    std::function<void()> on_interrupt_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace cli
