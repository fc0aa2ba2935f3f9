#include "simulator/fleet/device_tree.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace fleet {
namespace {

using lwm2m::Path;
using lwm2m::Type;
using lwm2m::ValueView;

std::uint64_t pack(base::BytePool::Handle handle) { return handle.index; }

void release(Turn& turn, const Change& change) {
    if (change.size > 0) {
        base::BytePool::Handle handle{static_cast<std::uint32_t>(change.number), change.size};
        turn.pool.bytes.release(handle);
    }
    if (change.kind == Change::Kind::attributes) {
        turn.pool.attributes.give_back(static_cast<std::uint32_t>(change.number));
    }
    if (change.kind == Change::Kind::tally) turn.pool.tallies.give_back(static_cast<std::uint32_t>(change.number));
}

// Takes all changes for which `goes` holds off the device's list.
template <class F>
void forget_if(Turn& turn, Device& device, F&& goes) {
    std::uint32_t* link = &device.changes;
    while (*link != base::no_index) {
        Change& change = turn.pool.changes[*link];
        if (goes(change)) {
            const std::uint32_t gone = *link;
            release(turn, change);
            *link = change.next;
            turn.pool.changes.give_back(gone);
        } else {
            link = &change.next;
        }
    }
}

// Resources of a Server object instance.
bool is_of_server(const Path& path, std::uint16_t resource) {
    return path.depth == 3 && path.ids[0] == 1 && path.ids[2] == resource;
}
constexpr std::uint16_t server_lifetime = 1;
constexpr std::uint16_t server_binding = 7;

bool has_bytes(Type type) { return type == Type::string || type == Type::opaque || type == Type::corelnk; }

}  // namespace

template <class F>
void DeviceTree::for_each_link(F&& act) const {
    for (LinkId id = id_; id != base::no_index; id = turn_.pool.next_link(id)) act(turn_.pool.link(id));
}

const lwm2m::ObjectModel* DeviceTree::object(std::uint16_t id) const {
    const auto& objects = profile().objects;
    const auto found = std::lower_bound(objects.begin(), objects.end(), id,
                                        [](const auto& object, std::uint16_t wanted) { return object.id < wanted; });
    return found == objects.end() || found->id != id ? nullptr : found->model;
}

const Change* DeviceTree::find_change(const Path& path, Change::Kind kind) const {
    for (auto at = device_.changes; at != base::no_index; at = turn_.pool.changes[at].next) {
        const Change& change = turn_.pool.changes[at];
        if (change.kind == kind && change.path == path) return &change;
    }
    return nullptr;
}

// Does the profile's part at `path` no longer hold: removed, or an instance above it replaced?
bool DeviceTree::hidden(const Path& path) const {
    for (auto at = device_.changes; at != base::no_index; at = turn_.pool.changes[at].next) {
        const Change& change = turn_.pool.changes[at];
        const bool hides = change.kind == Change::Kind::removed || change.kind == Change::Kind::instance_created;
        if (hides && change.path.contains(path)) return true;
    }
    return false;
}

bool DeviceTree::in_profile(const Path& path) const {
    if (path.depth == 1) return object(path.object()) != nullptr;
    const auto by_path = [](const auto& candidate, const Path& wanted) { return candidate.path < wanted; };
    if (path.depth == 2) {
        const auto& instances = profile().instances;
        const auto found = std::lower_bound(instances.begin(), instances.end(), path, by_path);
        return found != instances.end() && found->path == path;
    }
    const auto& resources = profile().resources;
    const auto found = std::lower_bound(resources.begin(), resources.end(), path, by_path);
    return found != resources.end() && path.contains(found->path);
}

std::optional<std::uint16_t> DeviceTree::server() const {
    const auto& servers = profile().servers;
    if (servers.size() == 1) return std::nullopt;  // Core 1.1.1, 8.2.1: it has all rights
    return servers[server_].short_id;
}

bool DeviceTree::exists(const Path& path) const {
    if (path.depth == 0) return true;
    for (auto at = device_.changes; at != base::no_index; at = turn_.pool.changes[at].next) {
        const Change& change = turn_.pool.changes[at];
        const bool adds = change.kind == Change::Kind::value || change.kind == Change::Kind::instance_created ||
                          change.kind == Change::Kind::note;
        if (adds && path.contains(change.path)) return true;
    }
    return in_profile(path) && !hidden(path);
}

void DeviceTree::children(const Path& path, std::vector<std::uint16_t>& ids) const {
    const auto first = static_cast<std::ptrdiff_t>(ids.size());
    const auto level = path.depth;
    const auto add = [&](const Path& below) {
        if (below.depth > level && path.contains(below) &&
            !hidden(below.prefix(static_cast<std::uint8_t>(level + 1)))) {
            ids.push_back(below.ids[level]);
        }
    };
    if (level == 0) {
        for (const auto& object : profile().objects) ids.push_back(object.id);
    } else if (level == 1) {
        for (const auto& instance : profile().instances) add(instance.path);
    } else {
        const auto& resources = profile().resources;
        auto at = std::lower_bound(resources.begin(), resources.end(), path,
                                   [](const auto& candidate, const Path& wanted) { return candidate.path < wanted; });
        for (; at != resources.end() && path.contains(at->path); ++at) add(at->path);
    }
    for (auto at = device_.changes; at != base::no_index; at = turn_.pool.changes[at].next) {
        const Change& change = turn_.pool.changes[at];
        const bool adds = change.kind == Change::Kind::value || change.kind == Change::Kind::instance_created ||
                          change.kind == Change::Kind::note;
        if (adds && change.path.depth > level && path.contains(change.path)) ids.push_back(change.path.ids[level]);
    }
    std::sort(ids.begin() + first, ids.end());
    ids.erase(std::unique(ids.begin() + first, ids.end()), ids.end());
}

ValueView DeviceTree::value_of(const Change& change) const {
    ValueView view;
    view.type = change.type;
    if (has_bytes(change.type)) {
        view.bytes = turn_.pool.bytes.view({static_cast<std::uint32_t>(change.number), change.size});
        return view;
    }
    switch (change.type) {
        case Type::floating: view.floating = std::bit_cast<double>(change.number); break;
        case Type::boolean: view.boolean = change.number != 0; break;
        case Type::objlnk:
            view.objlnk = {static_cast<std::uint16_t>(change.number >> 16), static_cast<std::uint16_t>(change.number)};
            break;
        case Type::unsigned_integer: view.unsigned_integer = change.number; break;
        case Type::integer:
        case Type::time: view.integer = static_cast<std::int64_t>(change.number); break;
        case Type::none:
        case Type::string:
        case Type::opaque:
        case Type::corelnk: break;
    }
    return view;
}

std::optional<double> DeviceTree::written_number(const Path& path) const {
    const Change* const change = find_change(path, Change::Kind::value);
    return change == nullptr ? std::nullopt : std::optional(lwm2m::to_number(value_of(*change)));
}

ValueView DeviceTree::read(const Path& path) const {
    if (const Change* const change = find_change(path, Change::Kind::value)) return value_of(*change);
    // Core 1.1.1, 6.2.1: the lifetime of the Register equals /1/x/1.
    if (is_of_server(path, server_lifetime)) {
        std::uint32_t registered = 0;
        for_each_link([&](const Link& link) {
            if (path.prefix(2) == turn_.pool.server_of(link).object) registered = link.lifetime;
        });
        if (registered > 0) return ValueView::of_integer(registered);
    }
    const auto at = profile().find(path);
    if (at < 0 || (device_.changes != base::no_index && hidden(path))) {
        // Of an instance that a server has created: what the behaviour remembers stands for what it computes.
        return note(path) ? computed(path) : ValueView{};
    }
    const auto& resource = profile().resources[static_cast<std::size_t>(at)];
    if (resource.computed) return computed(path);
    if (resource.generator < 0) return resource.value.view();
    return state_.generators.evaluate(static_cast<std::size_t>(resource.generator),
                                      {turn_.pool.seed, turn_.index_of(id_), path, turn_.now});
}

coap::Code DeviceTree::remember(const Change& change) const {
    const auto index = turn_.pool.changes.take();
    if (index == base::no_index) {
        release(turn_, change);
        turn_.counters.drop(metrics::Drop::no_slot);
        return coap::Code::internal_server_error;
    }
    turn_.pool.changes[index] = change;
    turn_.pool.changes[index].next = device_.changes;
    device_.changes = index;
    return coap::Code::changed;
}

const Behaviour* DeviceTree::behaviour_at(const Path& path) const {
    const auto* const model = object(path.object());
    return model == nullptr ? nullptr : behaviour_of(*model);
}

ValueView DeviceTree::computed(const Path& path) const {
    const Behaviour* const behaviour = behaviour_at(path);
    return behaviour == nullptr || behaviour->read == nullptr ? ValueView{} : behaviour->read(*this, path);
}

// What the profile says of a resource or resource instance where that still holds; null where it does not.
const profiles::ResolvedResource* DeviceTree::unwritten(const Path& path) const {
    const auto at = profile().find(path);
    if (at < 0) return nullptr;
    if (device_.changes != base::no_index && (hidden(path) || find_change(path, Change::Kind::value))) return nullptr;
    return &profile().resources[static_cast<std::size_t>(at)];
}

bool DeviceTree::is_computed(const Path& path) const {
    const auto* const resource = unwritten(path);
    if (resource != nullptr) return resource->computed;
    return note(path) && !find_change(path, Change::Kind::value);
}

bool DeviceTree::is_generated(const Path& path) const {
    const auto* const resource = unwritten(path);
    return resource != nullptr && resource->generator >= 0;
}

void DeviceTree::restore(const Path& instance) {
    forget_if(turn_, device_, [&](const Change& old) {
        const bool value = old.kind == Change::Kind::value || old.kind == Change::Kind::removed;
        return value && old.path.depth > instance.depth && instance.contains(old.path);
    });
}

std::optional<std::uint64_t> DeviceTree::note(const Path& path) const {
    const Change* const change = find_change(path, Change::Kind::note);
    return change == nullptr ? std::nullopt : std::optional(change->number);
}

coap::Code DeviceTree::set_note(const Path& path, std::uint64_t number) {
    forget_if(turn_, device_, [&](const Change& old) { return old.kind == Change::Kind::note && old.path == path; });
    Change change;
    change.path = path;
    change.kind = Change::Kind::note;
    change.number = number;
    return remember(change);
}

const Tally* DeviceTree::tally(const Path& path) const {
    const Change* const change = find_change(path, Change::Kind::tally);
    return change == nullptr ? nullptr : &turn_.pool.tallies[static_cast<std::uint32_t>(change->number)];
}

bool DeviceTree::keep_tally(const Path& path, const Tally& tally) const {
    if (const Change* const known = find_change(path, Change::Kind::tally)) {
        turn_.pool.tallies[static_cast<std::uint32_t>(known->number)] = tally;
        return true;
    }
    const auto index = turn_.pool.tallies.take();
    if (index == base::no_index) {
        turn_.counters.drop(metrics::Drop::no_slot);
        return false;
    }
    turn_.pool.tallies[index] = tally;
    Change change;
    change.path = path;
    change.kind = Change::Kind::tally;
    change.number = index;
    return remember(change) == coap::Code::changed;
}

base::Time DeviceTree::sampled(const Path& path) const {
    const auto* const resource = unwritten(path);
    if (resource == nullptr || resource->generator < 0) return turn_.now;
    return state_.generators.sampled_at(static_cast<std::size_t>(resource->generator),
                                        {turn_.pool.seed, turn_.index_of(id_), path, turn_.now});
}

ValueView DeviceTree::in_type(const Path& path, double number) const {
    const auto* const model = object(path.object());
    const auto* const resource = model == nullptr ? nullptr : model->find(path.resource());
    if (resource == nullptr) return {};
    switch (resource->type) {
        case Type::floating: return ValueView::of_floating(number);
        case Type::integer: return ValueView::of_integer(static_cast<std::int64_t>(std::llround(number)));
        case Type::time: return ValueView::of_time(static_cast<std::int64_t>(std::llround(number)));
        case Type::unsigned_integer: return ValueView::of_unsigned(static_cast<std::uint64_t>(std::max(0.0, number)));
        case Type::boolean: return ValueView::of_boolean(number != 0);
        case Type::none:
        case Type::string:
        case Type::opaque:
        case Type::objlnk:
        case Type::corelnk: break;
    }
    return {};
}

void DeviceTree::touch(const Path& path) {
    if (touched_count_ < touched_.size()) {
        touched_[touched_count_++] = path;
    } else {
        touched_.back() = Path{};  // more than fit: everything
    }
}

coap::Code DeviceTree::accepts(const Path& path, const ValueView& value) const {
    const Behaviour* const behaviour = behaviour_at(path);
    if (behaviour == nullptr || behaviour->accepts == nullptr) return coap::Code::changed;
    return behaviour->accepts(*this, path, value);
}

coap::Code DeviceTree::write(const Path& path, const ValueView& value) {
    const Behaviour* const behaviour = behaviour_at(path);
    if (behaviour == nullptr) return keep(path, value);
    if (behaviour->write != nullptr) {
        if (const auto code = behaviour->write(*this, path, value)) return *code;
    }
    const auto code = keep(path, value);
    if (code == coap::Code::changed && behaviour->written != nullptr) behaviour->written(*this, path);
    return code;
}

coap::Code DeviceTree::keep(const Path& path, const ValueView& value) {
    Change change;
    change.path = path;
    change.type = value.type;
    if (has_bytes(value.type)) {
        if (value.bytes.size() > base::BytePool::max_size) return coap::Code::request_entity_too_large;
        const auto kept = turn_.pool.bytes.keep(value.bytes);
        if (!kept && !value.bytes.empty()) {
            turn_.counters.drop(metrics::Drop::no_slot);
            return coap::Code::internal_server_error;
        }
        change.size = kept.size;
        change.number = pack(kept);
    } else if (value.type == Type::floating) {
        change.number = std::bit_cast<std::uint64_t>(value.floating);
    } else if (value.type == Type::boolean) {
        change.number = value.boolean ? 1 : 0;
    } else if (value.type == Type::objlnk) {
        change.number = std::uint64_t{value.objlnk.object} << 16 | value.objlnk.instance;
    } else {
        change.number = value.unsigned_integer;
    }
    forget_if(turn_, device_, [&](const Change& old) {
        return old.path == path && (old.kind == Change::Kind::value || old.kind == Change::Kind::removed);
    });
    return remember(change);
}

coap::Code DeviceTree::create(const Path& instance) {
    drop_below(instance);
    Change change;
    change.path = instance;
    change.kind = Change::Kind::instance_created;
    const auto code = remember(change);
    if (code != coap::Code::changed) return code;
    object_list_changed();
    const Behaviour* const behaviour = behaviour_at(instance);
    if (behaviour != nullptr && behaviour->created != nullptr) behaviour->created(*this, instance);
    return coap::Code::created;
}

coap::Code DeviceTree::remove(const Path& path) {
    drop_below(path);
    if (in_profile(path)) {
        Change change;
        change.path = path;
        change.kind = Change::Kind::removed;
        const auto code = remember(change);
        if (code != coap::Code::changed) return code;
    }
    if (path.depth == 2) object_list_changed();
    return coap::Code::deleted;
}

void DeviceTree::drop_below(const Path& path) {
    forget_if(turn_, device_, [&](const Change& old) { return path.contains(old.path); });
}

// Whoever is not registered says everything when it is.
void DeviceTree::ask_for_update(Link& link) {
    if (link.state == metrics::DeviceState::registered) link.update_due = true;
}

// Core 1.1.1, 6.2.2: an Update tells the servers of new and removed instances, and its own of another lifetime.
void DeviceTree::object_list_changed() {
    for_each_link([&](Link& link) {
        link.links_changed = true;
        ask_for_update(link);
    });
}

void DeviceTree::server_written(const Path& resource) {
    const bool lifetime = is_of_server(resource, server_lifetime);
    const bool binding = is_of_server(resource, server_binding);
    if (!lifetime && !binding) return;
    for_each_link([&](Link& link) {
        if (turn_.pool.server_of(link).object != resource.prefix(2)) return;
        link.lifetime_changed = link.lifetime_changed || lifetime;
        link.binding_changed = link.binding_changed || binding;
        ask_for_update(link);
    });
}

void DeviceTree::update_wanted(const Path& server) {
    for_each_link([&](Link& link) {
        if (turn_.pool.server_of(link).object == server) ask_for_update(link);
    });
}

void DeviceTree::disable(const Path& server) {
    for_each_link([&](Link& link) {
        if (turn_.pool.server_of(link).object == server) link.disabled = true;
    });
}

coap::Code DeviceTree::execute(const Path& path, std::string_view arguments) {
    for (const auto& [trigger, away] : profile().behaviour.reboot_on_execute) {
        if (trigger == path) after_answer.reboot = away;
    }
    const Behaviour* const behaviour = behaviour_at(path);
    if (behaviour == nullptr || behaviour->execute == nullptr) return coap::Code::changed;
    return behaviour->execute(*this, path, arguments).value_or(coap::Code::changed);
}

const lwm2m::Attributes* DeviceTree::find(const Path& path) const {
    for (auto at = device_.changes; at != base::no_index; at = turn_.pool.changes[at].next) {
        const Change& change = turn_.pool.changes[at];
        if (change.kind == Change::Kind::attributes && change.server == server_ && change.path == path) {
            return &turn_.pool.attributes[static_cast<std::uint32_t>(change.number)];
        }
    }
    return nullptr;
}

bool DeviceTree::set(const Path& path, const lwm2m::Attributes& attributes) {
    forget_if(turn_, device_, [&](const Change& old) {
        return old.kind == Change::Kind::attributes && old.server == server_ && old.path == path;
    });
    if (attributes.empty()) return true;
    const auto index = turn_.pool.attributes.take();
    if (index == base::no_index) {
        turn_.counters.drop(metrics::Drop::no_slot);
        return false;
    }
    turn_.pool.attributes[index] = attributes;
    Change change;
    change.path = path;
    change.kind = Change::Kind::attributes;
    change.server = server_;
    change.number = index;
    return remember(change) == coap::Code::changed;
}

base::Time DeviceTree::next_change(const Path& path) const {
    base::Time next = base::never;
    const auto& resources = profile().resources;
    auto at = std::lower_bound(resources.begin(), resources.end(), path,
                               [](const auto& candidate, const Path& wanted) { return candidate.path < wanted; });
    for (; at != resources.end() && path.contains(at->path); ++at) {
        if (at->generator < 0 && !at->computed) continue;
        if (device_.changes != base::no_index && (hidden(at->path) || find_change(at->path, Change::Kind::value)))
            continue;
        if (at->computed) {
            next = std::min(next, next_computed(at->path, path));
            continue;
        }
        next =
            std::min(next, state_.generators.next_change(static_cast<std::size_t>(at->generator),
                                                         {turn_.pool.seed, turn_.index_of(id_), at->path, turn_.now}));
    }
    // Of instances that a server has created.
    for (auto index = device_.changes; index != base::no_index; index = turn_.pool.changes[index].next) {
        const Change& change = turn_.pool.changes[index];
        if (change.kind != Change::Kind::note || !path.contains(change.path)) continue;
        if (profile().find(change.path) < 0) next = std::min(next, next_computed(change.path, path));
    }
    return next;
}

base::Time DeviceTree::next_computed(const Path& path, const Path& observed) const {
    const Behaviour* const behaviour = behaviour_at(path);
    if (behaviour == nullptr || behaviour->next_change == nullptr) return base::never;
    return behaviour->next_change(*this, path, observed);
}

base::Time DeviceTree::next_passing(const Path& path, std::span<const double> thresholds) const {
    const auto at = profile().find(path);
    if (is_computed(path)) return next_change(path);
    if (at < 0 || profile().resources[static_cast<std::size_t>(at)].generator < 0) return base::never;
    if (device_.changes != base::no_index && (hidden(path) || find_change(path, Change::Kind::value))) {
        return base::never;
    }
    const auto generator = static_cast<std::size_t>(profile().resources[static_cast<std::size_t>(at)].generator);
    const GeneratorContext context{turn_.pool.seed, turn_.index_of(id_), path, turn_.now};
    base::Time next = base::never;
    for (const double threshold : thresholds) {
        const auto passing = state_.generators.next_crossing(generator, context, threshold);
        if (!passing) return state_.generators.next_change(generator, context);
        next = std::min(next, *passing);
    }
    return next;
}

void DeviceTree::forget_changes(Turn& turn, Device& device) {
    forget_if(turn, device, [](const Change&) { return true; });
}

void DeviceTree::forget_attributes(Turn& turn, LinkId link) {
    const auto server = turn.pool.link(link).server;
    forget_if(turn, turn.pool[turn.pool.device_of(link)], [server](const Change& change) {
        return change.kind == Change::Kind::attributes && change.server == server;
    });
}

}  // namespace fleet
