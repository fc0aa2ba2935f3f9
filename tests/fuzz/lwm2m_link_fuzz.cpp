#include "simulator/lwm2m/link_format.h"

#include <cstdlib>

// What is read is written and read again as the same links.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = base::as_text({data, size});
    const auto links = lwm2m::parse_links(text);
    const auto registered = lwm2m::parse_registration(text);
    if (links.has_value() != registered.has_value()) std::abort();
    if (!links) return 0;

    std::vector<std::uint8_t> memory(size * 4 + 64);
    base::Writer out(memory);
    lwm2m::LinkWriter writer(out, registered->prefix);
    for (const auto& object : registered->objects) {
        writer.link(object.path);
        if (!object.version.empty()) writer.text("ver", object.version);
    }
    const auto again = lwm2m::parse_registration(base::as_text(out.written()));
    if (!again || again->objects.size() > registered->objects.size()) std::abort();
    return 0;
}
