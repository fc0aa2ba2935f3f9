#include "simulator/cli/signals.h"

#include <pthread.h>

#include <array>
#include <csignal>
#include <ctime>

namespace cli {
namespace {

constexpr long patience_ns = 50'000'000;  // between two looks at `stopping_`

sigset_t watched() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

}  // namespace

SignalWatch::SignalWatch(std::function<void()> on_interrupt) : on_interrupt_(std::move(on_interrupt)) {
    for (const int harmless : std::array{SIGPIPE, SIGHUP, SIGXFSZ}) std::signal(harmless, SIG_IGN);
    const sigset_t set = watched();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    thread_ = std::thread([this] { watch(); });
}

SignalWatch::~SignalWatch() {
    stopping_.store(true);
    thread_.join();
    const sigset_t set = watched();
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void SignalWatch::watch() {
    const sigset_t set = watched();
    const timespec patience{0, patience_ns};
    while (!stopping_.load()) {
        if (sigtimedwait(&set, nullptr, &patience) > 0) on_interrupt_();
    }
}

}  // namespace cli
