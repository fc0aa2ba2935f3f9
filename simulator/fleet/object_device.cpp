// Object 3, Device (Core 1.1.1, E.4): restarts, errors and a clock.
#include "simulator/fleet/behaviour.h"
#include "simulator/fleet/device_clock.h"
#include "simulator/fleet/device_tree.h"

namespace fleet {
namespace {

using coap::Code;
using lwm2m::Path;
using lwm2m::ValueView;

constexpr std::uint16_t reboot = 4, factory_reset = 5, error_code = 11, reset_error_code = 12;

constexpr base::Duration default_away = std::chrono::seconds(1);

ValueView read(const DeviceTree& tree, const Path& path) {
    if (path != current_time) return {};
    return ValueView::of_time(device_time(tree, tree.turn().now));
}

base::Time next_change(const DeviceTree& tree, const Path& path, const Path& observed) {
    if (path != current_time || path != observed) return base::never;
    return std::chrono::floor<std::chrono::seconds>(tree.turn().now) + std::chrono::seconds(1);
}

// The clock goes on from what was written.
std::optional<Code> write(DeviceTree& tree, const Path& path, const ValueView& value) {
    if (path != current_time || !tree.is_computed(path)) return std::nullopt;
    return tree.set_note(path, static_cast<std::uint64_t>(value.integer - true_time(tree, tree.turn().now)));
}

// E.4, resource 12: one code that says no error is left. Conditions that the profile makes come and go as they do.
Code forget_errors(DeviceTree& tree, const Path& errors) {
    std::vector<std::uint16_t>& ids = tree.turn().pool.workspace.ids;
    ids.clear();
    tree.children(errors, ids);
    bool generated = false;
    for (const auto id : ids) {
        const Path path = errors.child(id);
        if (tree.is_generated(path)) {
            generated = true;
        } else if (id != 0) {
            (void)tree.remove(path);
        }
    }
    tree.touch(errors);
    return generated ? Code::changed : tree.keep(errors.child(0), ValueView::of_integer(0));
}

std::optional<Code> execute(DeviceTree& tree, const Path& path, std::string_view) {
    switch (path.resource()) {
        case reboot:
            if (!tree.after_answer.reboot) tree.after_answer.reboot = default_away;
            return Code::changed;
        case factory_reset:
            tree.after_answer.factory_reset = true;
            if (!tree.after_answer.reboot) tree.after_answer.reboot = default_away;
            return Code::changed;
        case reset_error_code: return forget_errors(tree, path.prefix(2).child(error_code));
        default: return std::nullopt;
    }
}

}  // namespace

const Behaviour device_behaviour{.read = read, .next_change = next_change, .write = write, .execute = execute};

}  // namespace fleet
