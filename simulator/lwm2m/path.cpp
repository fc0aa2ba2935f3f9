#include "simulator/lwm2m/path.h"

namespace lwm2m {

base::Result<Path> parse_path(std::string_view text) {
    if (text == "/") return Path{};
    Path path;
    std::size_t at = 0;
    while (at < text.size()) {
        if (text[at] != '/') return base::fail("a path starts with '/', as in /3/0/9", at);
        if (path.depth == 4) return base::fail("a path has four levels at most", at);
        const std::size_t first = ++at;
        unsigned id = 0;
        while (at < text.size() && text[at] >= '0' && text[at] <= '9' && id <= max_id)
            id = id * 10 + static_cast<unsigned>(text[at++] - '0');
        if (at == first) return base::fail("expected an id of digits", at);
        if (id > max_id) return base::fail("an id is 65534 at most", first);
        if (text[first] == '0' && at - first > 1) return base::fail("an id has no leading zero", first);
        path = path.child(static_cast<std::uint16_t>(id));
    }
    if (path.depth == 0) return base::fail("empty path", 0);
    return path;
}

std::string to_string(const Path& path) {
    if (path.depth == 0) return "/";
    std::string text;
    for (std::uint8_t i = 0; i < path.depth; ++i) text += '/' + std::to_string(path.ids[i]);
    return text;
}

}  // namespace lwm2m
