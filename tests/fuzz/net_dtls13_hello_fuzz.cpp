// Fuzz: a datagram that may be a ClientHello of DTLS 1.3. What is read out of it are views on it.
#include <cstdint>

#include "simulator/base/check.h"
#include "simulator/net/dtls13_hello.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const base::Bytes datagram(data, size);
    const auto hello = net::read_dtls13_hello(datagram);
    if (!hello) return 0;
    CHECK(hello->random.size() == net::random_size);
    CHECK(hello->identity_count <= hello->identities.size());
    for (std::size_t i = 0; i < hello->identity_count; ++i) {
        const auto& identity = hello->identities[i];
        CHECK(identity.empty() || (identity.data() >= data && identity.data() + identity.size() <= data + size));
    }
    return 0;
}
