#include "simulator/fleet/object_links.h"

#include "simulator/fleet/device_tree.h"
#include "simulator/lwm2m/operation.h"

namespace fleet {
namespace {

void append_links(Turn& turn, LinkId id, std::string& text) {
    const auto& profile = turn.pool.profile(turn.pool.link(id));
    // Root link and object versions stay; only the instances may differ.
    const std::string& original = profile.object_links;
    const std::string prefix = profile.root_path.empty() ? "" : "/" + profile.root_path;
    const bool has_root = original.starts_with("<" + (prefix.empty() ? "/" : prefix) + ">");
    text.assign(original, 0, has_root ? original.find(',') + 1 : 0);
    DeviceTree tree(turn, id);
    std::vector<std::uint16_t> instances;
    for (const auto& object : profile.objects) {
        if (lwm2m::is_closed(object.id)) continue;
        instances.clear();
        tree.children(lwm2m::Path(object.id), instances);
        const auto versioned = "<" + prefix + "/" + std::to_string(object.id) + ">;ver=";
        const auto at = original.find(versioned);
        if (at != std::string::npos) {
            text.append(original, at, original.find(',', at) - at).append(",");
        } else if (instances.empty()) {
            text.append("<").append(prefix).append("/").append(std::to_string(object.id)).append(">,");
        }
        for (const auto instance : instances) {
            const auto path = lwm2m::to_string(lwm2m::Path(object.id, instance));
            text.append("<").append(prefix).append(path).append(">,");
        }
    }
    if (text.ends_with(',')) text.pop_back();
}

}  // namespace

std::string_view object_links(Turn& turn, LinkId id) {
    const Device& device = turn.pool[turn.pool.device_of(id)];
    if (device.changes == base::no_index) return turn.pool.profile(device).object_links;
    append_links(turn, id, turn.pool.workspace.path_text);
    return turn.pool.workspace.path_text;
}

}  // namespace fleet
