// Fuzz: a URI. What is read is written and read again as the same.
#include <cstdint>

#include "coap/uri.h"
#include "simulator/base/bytes.h"
#include "simulator/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto uri = coap::parse_uri(base::as_text({data, size}));
    if (!uri) {
        CHECK(uri.error().offset <= size);
        return 0;
    }
    const auto text = coap::to_string(*uri);
    if (text.size() <= coap::max_uri_size)
        CHECK(coap::parse_uri(text) == *uri);  // an encoding may be longer than what it came from
    return 0;
}
