// Objects 3441 and 3442, the LwM2M test objects: values that a server resets, draws, clears and sees its arguments in.
#include <algorithm>

#include "simulator/fleet/behaviour.h"
#include "simulator/fleet/device_tree.h"
#include "simulator/fleet/sending.h"

namespace fleet {
namespace {

using coap::Code;
using lwm2m::ContentFormat;
using lwm2m::Path;
using lwm2m::Type;
using lwm2m::ValueView;

constexpr std::uint16_t reset_values = 0, randomize_values = 1, clear_values = 2, exec_with_arguments = 3,
                        arguments_list = 4, send_data = 5, first_value = 110, first_multiple = 1110;

ValueView plain(Type type) {
    switch (type) {
        case Type::string: return ValueView::of_string("");
        case Type::corelnk: return ValueView::of_corelnk("");
        case Type::opaque: return ValueView::of_opaque({});
        case Type::boolean: return ValueView::of_boolean(false);
        case Type::objlnk: return ValueView::of_objlnk({});
        case Type::time: return ValueView::of_time(0);
        case Type::integer: return ValueView::of_integer(0);
        case Type::unsigned_integer: return ValueView::of_unsigned(0);
        case Type::floating: return ValueView::of_floating(0);
        case Type::none: break;
    }
    return {};
}

// Drawn from seed, device, path and moment.
ValueView drawn(const DeviceTree& tree, const Path& path, Type type, std::array<char, 16>& text) {
    std::uint64_t bits = base::mix(tree.turn().pool.seed ^ base::mix(tree.turn().index_of(tree.id())));
    bits = base::mix(bits ^ static_cast<std::uint64_t>(tree.turn().now.time_since_epoch().count()));
    for (const auto id : path.ids) bits = base::mix(bits ^ id);
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + (bits >> (i * 4) & 15));
    const std::string_view letters(text.data(), text.size());
    switch (type) {
        case Type::string: return ValueView::of_string(letters);
        case Type::corelnk: return ValueView::of_corelnk("</3/0>");
        case Type::opaque: return ValueView::of_opaque(base::as_bytes(letters));
        case Type::boolean: return ValueView::of_boolean((bits & 1) != 0);
        case Type::objlnk: return ValueView::of_objlnk({3, 0});
        case Type::time: return ValueView::of_time(static_cast<std::int64_t>(bits >> 33));
        case Type::integer: return ValueView::of_integer(static_cast<std::int64_t>(bits >> 1));
        case Type::unsigned_integer: return ValueView::of_unsigned(bits);
        case Type::floating: return ValueView::of_floating(base::to_unit(bits) * 1000);
        case Type::none: break;
    }
    return {};
}

// Each resource that holds a value, from the definition: 110 and on single ones, 1110 and on multiple ones.
template <class F>
void for_each_value(DeviceTree& tree, const Path& instance, F&& act) {
    for (const auto& resource : tree.object(instance.object())->resources) {
        if (resource.id >= first_value) act(instance.child(resource.id), resource);
    }
}

void remove_members(DeviceTree& tree, const Path& resource) {
    auto& ids = tree.turn().pool.workspace.ids;
    ids.clear();
    tree.children(resource, ids);
    for (const auto id : ids) (void)tree.remove(resource.child(id));
}

Code clear(DeviceTree& tree, const Path& instance) {
    Code code = Code::changed;
    for_each_value(tree, instance, [&](const Path& path, const lwm2m::ResourceModel& resource) {
        if (resource.id >= first_multiple) {
            remove_members(tree, path);
        } else if (code == Code::changed) {
            code = tree.keep(path, plain(resource.type));
        }
    });
    return code;
}

Code randomize(DeviceTree& tree, const Path& instance) {
    Code code = Code::changed;
    std::array<char, 16> text{};
    for_each_value(tree, instance, [&](const Path& path, const lwm2m::ResourceModel& resource) {
        for (std::uint16_t i = 0; i < (resource.id >= first_multiple ? 2 : 1) && code == Code::changed; ++i) {
            const Path at = resource.id >= first_multiple ? path.child(i) : path;
            code = tree.keep(at, drawn(tree, at, resource.type, text));
        }
    });
    return code;
}

// "0='x',2" becomes the instances 0: "x" and 2: "".
Code list_arguments(DeviceTree& tree, const Path& list, std::string_view arguments) {
    remove_members(tree, list);
    while (!arguments.empty()) {
        const auto id = static_cast<std::uint16_t>(arguments.front() - '0');
        arguments.remove_prefix(1);
        std::string_view value;
        if (arguments.starts_with("='")) {
            arguments.remove_prefix(2);
            const auto end = arguments.find('\'');
            value = arguments.substr(0, end);
            arguments.remove_prefix(std::min(arguments.size(), end + 1));
        }
        if (arguments.starts_with(',')) arguments.remove_prefix(1);
        const Code code = tree.keep(list.child(id), ValueView::of_string(value));
        if (code != Code::changed) return code;
    }
    return Code::changed;
}

// The format is SenML CBOR unless argument 0 names another that a Send may have and the device speaks. A time-out of
// its own (argument 1) is refused: those of the device's CoAP hold.
Code send(DeviceTree& tree, const Path& instance, std::string_view arguments) {
    // 3441 is for LwM2M 1.0, and has no such resource.
    if (instance.object() != 3442) return Code::method_not_allowed;
    auto format = ContentFormat::senml_cbor;
    const auto& spoken = tree.profile().formats;
    const auto speaks = [&](ContentFormat one) { return std::ranges::find(spoken, one) != spoken.end(); };
    if (!speaks(format)) format = ContentFormat::senml_json;
    if (!speaks(format)) return Code::method_not_allowed;
    if (arguments == "0='110'") {
        format = ContentFormat::senml_json;
    } else if (arguments == "0='112'") {
        format = ContentFormat::senml_cbor;
    } else if (!arguments.empty()) {
        return Code::bad_request;
    }
    if (!speaks(format)) return Code::bad_request;
    return ask_send(tree.turn(), tree.link(), instance, format);
}

std::optional<Code> execute(DeviceTree& tree, const Path& path, std::string_view arguments) {
    const Path instance = path.prefix(2);
    switch (path.resource()) {
        case reset_values: tree.restore(instance); break;
        case randomize_values: tree.touch(instance); return randomize(tree, instance);
        case clear_values: tree.touch(instance); return clear(tree, instance);
        case exec_with_arguments:
            tree.touch(instance);
            return list_arguments(tree, instance.child(arguments_list), arguments);
        case send_data: return send(tree, instance, arguments);
        default: return std::nullopt;
    }
    tree.touch(instance);
    return Code::changed;
}

}  // namespace

const Behaviour test_object_behaviour{.execute = execute};

}  // namespace fleet
