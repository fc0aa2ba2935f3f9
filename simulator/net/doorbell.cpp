#include "simulator/net/doorbell.h"

#include <asio/post.hpp>

namespace net {

void Doorbell::sound() {
    asio::post(io_, [this] { answer_(); });
}

}  // namespace net
