#include "simulator/net/doorbell.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "simulator/base/check.h"

namespace net {

Doorbell::Doorbell(asio::io_context& io) : descriptor_(io) {
    const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    CHECK(fd >= 0);
    descriptor_.assign(fd);
}

void Doorbell::on_ring(std::function<void()> answer) {
    answer_ = std::move(answer);
    watch();
}

void Doorbell::watch() {
    descriptor_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const asio::error_code& error) {
        if (error) return;
        std::uint64_t count = 0;
        (void)!read(descriptor_.native_handle(), &count, sizeof count);
        watch();
        answer_();
    });
}

void Doorbell::sound() {
    const std::uint64_t one = 1;
    (void)!write(descriptor_.native_handle(), &one, sizeof one);
}

}  // namespace net
