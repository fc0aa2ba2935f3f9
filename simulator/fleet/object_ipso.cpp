// The IPSO objects (3200 on), and whatever else is made of their reusable resources: sensors remember their least and
// most value, meters add up, switched things count how long they are on. A resource is known by its id: the registry
// gives it the same meaning in every object.
#include <cmath>

#include "simulator/fleet/behaviour.h"
#include "simulator/fleet/device_clock.h"
#include "simulator/fleet/device_tree.h"
#include "simulator/fleet/tally.h"

namespace fleet {
namespace {

using coap::Code;
using lwm2m::Path;
using lwm2m::ValueView;

namespace id {
constexpr std::uint16_t timestamp = 5518, cumulative_time = 5544, x_value = 5702, latitude = 6051;
constexpr std::uint16_t digital_input = 5500, level = 5548, sensor_value = 5700;
constexpr std::uint16_t least_value = 5601, most_value = 5602, reset_extremes = 5605;
constexpr std::uint16_t active_power = 5800, least_active = 5801, most_active = 5802, active_energy = 5805;
constexpr std::uint16_t reactive_power = 5810, least_reactive = 5811, most_reactive = 5812, reactive_energy = 5815;
constexpr std::uint16_t reset_energy = 5822;
constexpr std::uint16_t on_off = 5850, dimmer = 5851, on_time = 5852, off_time = 5854;
}  // namespace id

constexpr double seconds_an_hour = 3600;

bool has(const DeviceTree& tree, const Path& resource) { return tree.profile().find(resource) >= 0; }

// What says whether the thing is on.
Path switch_of(const DeviceTree& tree, const Path& instance) {
    for (const auto source : {id::on_off, id::digital_input}) {
        if (has(tree, instance.child(source))) return instance.child(source);
    }
    return instance.child(id::level);
}

// The value that a computed resource tells of.
Path source_of(const DeviceTree& tree, const Path& path) {
    const Path instance = path.prefix(2);
    switch (path.resource()) {
        case id::least_value:
        case id::most_value: return instance.child(id::sensor_value);
        case id::least_active:
        case id::most_active: return instance.child(id::active_power);
        case id::active_energy:
            return has(tree, instance.child(id::active_power)) ? instance.child(id::active_power) : path;
        case id::least_reactive:
        case id::most_reactive:
        case id::reactive_energy: return instance.child(id::reactive_power);
        case id::cumulative_time:
        case id::on_time:
        case id::off_time: return switch_of(tree, instance);
        default: return {};
    }
}

double number_of(const Tally& tally, std::uint16_t resource) {
    switch (resource) {
        case id::least_value:
        case id::least_active:
        case id::least_reactive: return tally.least;
        case id::most_value:
        case id::most_active:
        case id::most_reactive: return tally.most;
        case id::active_energy:
        case id::reactive_energy: return tally.sum / seconds_an_hour;
        case id::cumulative_time:
        case id::on_time: return std::floor(tally.active);
        case id::off_time: return std::floor(tally.idle);
        default: return 0;
    }
}

// When the value came about that the object is for.
ValueView read_timestamp(const DeviceTree& tree, const Path& instance) {
    base::Time latest = tree.turn().now;
    for (const auto source : {id::sensor_value, id::x_value, id::active_power, id::latitude}) {
        if (has(tree, instance.child(source))) latest = tree.sampled(instance.child(source));
    }
    return ValueView::of_time(device_time(tree, latest));
}

ValueView read(const DeviceTree& tree, const Path& path) {
    if (path.resource() == id::timestamp) return read_timestamp(tree, path.prefix(2));
    const Path source = source_of(tree, path);
    if (source.depth == 0) return {};
    const double number = number_of(measure(tree, source), path.resource());
    if (std::isnan(number)) return {};
    return tree.in_type(path, number);
}

bool is_clock(std::uint16_t resource) {
    return resource == id::cumulative_time || resource == id::on_time || resource == id::off_time;
}

base::Time next_change(const DeviceTree& tree, const Path& path, const Path& observed) {
    const Path source = source_of(tree, path);
    if (source.depth == 0 || source == path) return base::never;
    if (!is_clock(path.resource())) return tree.next_change(source);
    if (path != observed) return base::never;
    const bool on = lwm2m::to_number(tree.read(source)) > 0;
    if (on == (path.resource() == id::off_time)) return tree.next_change(source);
    return tree.turn().now + std::chrono::seconds(1);
}

// The computed resources that tell of the value at `path`.
template <class F>
void for_each_dependent(const DeviceTree& tree, const Path& path, F&& act) {
    for (const auto resource :
         {id::least_value, id::most_value, id::least_active, id::most_active, id::active_energy, id::least_reactive,
          id::most_reactive, id::reactive_energy, id::cumulative_time, id::on_time, id::off_time}) {
        const Path dependent = path.prefix(2).child(resource);
        if (!tree.is_computed(dependent)) continue;
        const Path source = source_of(tree, dependent);
        const bool load = source == dependent && (path.resource() == id::on_off || path.resource() == id::dimmer);
        if (source == path || load) act(dependent, source);
    }
}

Code set_clock(DeviceTree& tree, const Path& path, const ValueView& value) {
    const Path source = source_of(tree, path);
    Tally tally = measure(tree, source);
    (path.resource() == id::off_time ? tally.idle : tally.active) = lwm2m::to_number(value);
    return tree.keep_tally(source, tally) ? Code::changed : Code::internal_server_error;
}

std::optional<Code> write(DeviceTree& tree, const Path& path, const ValueView& value) {
    if (is_clock(path.resource()) && tree.is_computed(path)) return set_clock(tree, path, value);
    for_each_dependent(tree, path, [&](const Path&, const Path& source) { settle(tree, source); });
    return std::nullopt;
}

void written(DeviceTree& tree, const Path& path) {
    for_each_dependent(tree, path, [&](const Path& dependent, const Path&) { tree.touch(dependent); });
}

Code accepts(const DeviceTree&, const Path& path, const ValueView& value) {
    const bool wrong = is_clock(path.resource()) && lwm2m::to_number(value) < 0;
    return wrong ? Code::bad_request : Code::changed;
}

// Begins anew with the value as it is.
template <class F>
void reset(DeviceTree& tree, const Path& source, F&& change) {
    if (!has(tree, source)) return;
    Tally tally = measure(tree, source);
    change(tally, lwm2m::to_number(tree.read(source)));
    (void)tree.keep_tally(source, tally);
}

std::optional<Code> execute(DeviceTree& tree, const Path& path, std::string_view) {
    const Path instance = path.prefix(2);
    if (path.resource() == id::reset_extremes) {
        for (const auto source : {id::sensor_value, id::active_power, id::reactive_power}) {
            reset(tree, instance.child(source), [](Tally& tally, double now) { tally.least = tally.most = now; });
        }
        for (const auto resource : {id::least_value, id::most_value}) tree.touch(instance.child(resource));
        return Code::changed;
    }
    if (path.resource() == id::reset_energy) {
        for (const auto source : {id::active_power, id::reactive_power}) {
            reset(tree, instance.child(source), [](Tally& tally, double) { tally.sum = 0; });
        }
        for (const auto resource : {id::active_energy, id::reactive_energy}) tree.touch(instance.child(resource));
        return Code::changed;
    }
    return std::nullopt;
}

}  // namespace

const Behaviour ipso_behaviour{.read = read,
                               .next_change = next_change,
                               .accepts = accepts,
                               .write = write,
                               .written = written,
                               .execute = execute};

}  // namespace fleet
