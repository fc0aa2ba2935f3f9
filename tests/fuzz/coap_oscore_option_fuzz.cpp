// Fuzz: the value of an OSCORE option. What is read is written as the same bytes.
#include <array>
#include <cstdint>
#include <vector>

#include "coap/oscore.h"
#include "simulator/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const base::Bytes value(data, size);
    const auto option = coap::read_oscore_option(value);
    if (!option) {
        CHECK(option.error().offset <= size);
        return 0;
    }
    std::vector<std::uint8_t> memory(size + 1);
    base::Writer out(memory);
    coap::write_oscore_option(*option, out);
    CHECK(!out.failed() && base::equal(out.written(), value));
    if (option->kid_context) {
        const auto inside = coap::unwrap_id_context(*option->kid_context);
        if (inside) {
            std::array<std::uint8_t, 260> again;
            base::Writer wrapped(again);
            coap::wrap_id_context(*inside, wrapped);
            CHECK(base::equal(wrapped.written(), *option->kid_context));
        }
    }
    return 0;
}
