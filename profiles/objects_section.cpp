#include "profiles/objects_section.h"

#include <algorithm>

#include <fmt/format.h>

#include "profiles/computed_resources.h"
#include "profiles/resolve.h"
#include "profiles/security_object.h"
#include "profiles/standard_objects.h"
#include "profiles/value_text.h"

namespace profiles {
namespace {

using lwm2m::ObjectModel;
using lwm2m::Path;
using lwm2m::ResourceModel;

constexpr std::string_view without_key = "without";
constexpr std::string_view route_key = "route";

struct InstanceRange {
    std::uint16_t first = 0;
    std::uint16_t last = 0;
};

// "0", or "0-31".
std::optional<InstanceRange> parse_instances(std::string_view text) {
    const auto dash = text.find('-');
    const auto first = parse_object_id(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_object_id(text.substr(dash + 1));
    if (!first || !last || *last < *first) return std::nullopt;
    return InstanceRange{*first, *last};
}

class ObjectsReader {
public:
    ObjectsReader(const ObjectModels& models, ObjectDrafts& drafts, ResolvedProfile& result, Diagnostics& diagnostics)
        : models_(models), drafts_(drafts), result_(result), diagnostics_(diagnostics) {}

    // "device/0": {...}, "temperature/0-31": {...}
    void read_instances(const Node::Entry& entry) {
        std::string_view key = entry.key;
        if (key.starts_with('/')) key.remove_prefix(1);
        const auto slash = key.find('/');
        const auto id = models_.registry().object(key.substr(0, slash));
        if (!id) {
            diagnostics_.error(entry.place, id.error().message);
            return;
        }
        if (*id == security_object || *id == oscore_object) {
            diagnostics_.error(entry.place, fmt::format("object {} follows from what the profile says elsewhere", *id),
                               *id == security_object ? "say it in security: and servers:" : "say it in oscore:");
            return;
        }
        if (*id == cose_object) {
            diagnostics_.error(entry.place, "object 23 (COSE) is not supported");
            return;
        }
        const ObjectModel* model = models_.find(*id);
        if (model == nullptr) return;  // reported by ObjectModels
        const auto range = instances_of(*model, slash == std::string_view::npos ? "" : key.substr(slash + 1), entry);
        if (!range) return;
        detail::check_map(entry.value, entry.key, diagnostics_);
        InstanceDraft drafts;
        std::vector<std::uint16_t> without;
        const Node::Entry* route = nullptr;
        for (const Node::Entry& resource : entry.value.entries()) {
            if (resource.key == without_key) {
                read_without(*model, resource.value, without);
            } else if (resource.key == route_key) {
                route = &resource;
            } else {
                read_resource(*model, range->first, resource, drafts);
            }
        }
        if (route != nullptr) read_route(*model, range->first, *route, drafts);
        for (unsigned i = range->first; i <= range->last; ++i) {
            const Path path(*id, static_cast<std::uint16_t>(i));
            drafts_.leave_out(path, without);
        }
        for (unsigned i = range->first; i <= range->last; ++i) {
            drafts_.lay(Path(*id, static_cast<std::uint16_t>(i)), drafts, entry.place);
        }
    }

    static lwm2m::NameResult<std::uint16_t> guessed_resource(const ObjectModel& object, std::string_view key) {
        const auto id = parse_object_id(key);
        if (id && object.find(*id) != nullptr) return *id;
        return tl::unexpected<lwm2m::NameError>(lwm2m::NameError{});
    }

    std::optional<InstanceRange> instances_of(const ObjectModel& model, std::string_view text,
                                              const Node::Entry& entry) {
        if (text.empty() && !model.multiple) return InstanceRange{0, 0};
        const auto range = parse_instances(text);
        if (!range) {
            diagnostics_.error(entry.place, fmt::format("'{}' names no instance", printable(entry.key)),
                               fmt::format("try {}/0, or {}/0-9 for ten", model.key, model.key));
        } else if (!model.multiple && range->last != 0) {
            diagnostics_.error(entry.place, fmt::format("object {} has one instance in the OMA registry", model.id),
                               fmt::format("say {}/0", model.key));
            return std::nullopt;
        }
        return range;
    }

    void read_resource(const ObjectModel& object, std::uint16_t instance, const Node::Entry& entry,
                       InstanceDraft& drafts) {
        const bool guessed = models_.is_guessed(object.id);
        const auto id =
            guessed ? guessed_resource(object, entry.key) : models_.selection().resource(object.id, entry.key);
        const ResourceModel* model = id ? object.find(*id) : nullptr;
        if (guessed && model == nullptr) return;  // reported by ObjectModels
        if (model == nullptr) {
            unknown_resource(object, entry, id ? std::string{} : id.error().message);
            return;
        }
        if (drafts.contains(*id)) {
            diagnostics_.error(entry.place, fmt::format("/{}/{}/{} is given twice", object.id, instance, *id),
                               "names and ids stand for the same");
            return;
        }
        if (is_reserved(object.id, *id, entry)) return;
        const Path path(object.id, instance, *id);
        ResourceDraft draft;
        draft.model = model;
        draft.file = entry.place.source ? entry.place.source->name : "";
        const bool right = model->operations.execute ? read_executable(path, entry)
                           : model->multiple         ? read_multiple(path, *model, entry, draft)
                                                     : read_value_into(path, *model, entry.value, draft);
        if (!right) {  // it was given, so that nothing is filled in for it
            draft.resources.clear();
            draft.instances.clear();
        }
        if (draft.resources.empty()) draft.resources.push_back(blank_resource(*model));
        drafts.emplace(*id, std::move(draft));
    }

    // route: {waypoints: ...}: all values of a position that are not given by themselves.
    void read_route(const ObjectModel& object, std::uint16_t instance, const Node::Entry& entry,
                    InstanceDraft& drafts) {
        bool any = false;
        for (const ResourceModel& model : object.resources) {
            if (!part_of_position(object.id, model.id) || model.type != lwm2m::Type::floating) continue;
            any = true;
            if (drafts.contains(model.id)) continue;
            auto spec = read_generator(route_of(entry),
                                       GeneratorTarget{Path(object.id, instance, model.id), model.type}, diagnostics_);
            if (!spec) return;
            ResourceDraft draft;
            draft.model = &model;
            draft.file = entry.place.source ? entry.place.source->name : "";
            draft.resources.push_back(blank_resource(model));
            draft.resources.back().generator = static_cast<std::int32_t>(result_.generators.size());
            result_.generators.push_back(*std::move(spec));
            drafts.emplace(model.id, std::move(draft));
        }
        if (!any) diagnostics_.error(entry.place, fmt::format("object {} has no position to travel", object.id));
    }

    // As a generator is written: what is said of the sampling stands beside the route.
    static Node route_of(const Node::Entry& entry) {
        std::vector<Node::Entry> outer;
        std::vector<Node::Entry> inner;
        for (const Node::Entry& member : entry.value.entries()) {
            const bool sampling = member.key == "every" || member.key == "phase";
            (sampling ? outer : inner).push_back(member);
        }
        outer.push_back({std::string(route_key), entry.place, Node::make_map(std::move(inner), entry.value.place())});
        return Node::make_map(std::move(outer), entry.value.place());
    }

    // without: [factory_reset]: what the instance does not have though it would come by itself.
    void read_without(const ObjectModel& object, const Node& list, std::vector<std::uint16_t>& ids) {
        if (!list.is_sequence()) {
            diagnostics_.error(list.place(), "without: a list of resources is needed", "try [factory_reset]");
            return;
        }
        const auto own = provided(object, [](std::uint16_t) { return true; });
        for (const Node& item : list.items()) {
            const auto id = models_.selection().resource(object.id, item.text());
            const ResourceModel* const model = id ? object.find(*id) : nullptr;
            if (model == nullptr) {
                diagnostics_.error(item.place(), id ? "there is no such resource" : id.error().message);
            } else if (model->mandatory) {
                diagnostics_.error(item.place(), fmt::format("without: {} is mandatory", model->key));
            } else if (std::ranges::find(own, *id) == own.end()) {
                diagnostics_.error(item.place(),
                                   fmt::format("without: {} is there only where it is named", model->key));
            } else {
                ids.push_back(*id);
            }
        }
    }

    void unknown_resource(const ObjectModel& object, const Node::Entry& entry, std::string message) {
        for (const ObjectModel* other : models_.registry().versions(object.id)) {
            const auto id = parse_object_id(entry.key);
            if (other->version <= object.version || (id ? other->find(*id) : other->find(entry.key)) == nullptr)
                continue;
            diagnostics_.error(entry.place,
                               fmt::format("'{}' is not in version {} of object {}", printable(entry.key),
                                           lwm2m::to_string(object.version), object.id),
                               fmt::format("say lwm2m: {{object_versions: {{{}: \"{}\"}}}}", object.key,
                                           lwm2m::to_string(other->version)));
            return;
        }
        if (message.empty()) message = fmt::format("object {} has no resource {}", object.id, printable(entry.key));
        diagnostics_.error(entry.place, std::move(message));
    }

    // What the profile says elsewhere.
    bool is_reserved(std::uint16_t object, std::uint16_t resource, const Node::Entry& entry) {
        if (object != server_object) return false;
        if (resource != server_resource::lifetime && resource != server_resource::binding) return false;
        diagnostics_.error(
            entry.place, fmt::format("'{}' of the server object follows from lwm2m:", printable(entry.key)),
            resource == server_resource::lifetime ? "say lwm2m: {lifetime: 1h}" : "say lwm2m: {binding: U}");
        return true;
    }

    bool read_executable(const Path& path, const Node::Entry& entry) {
        if (entry.value.is_null() || entry.value.text() == "execute") return true;
        diagnostics_.error(entry.value.place(),
                           fmt::format("{} is executable and holds no value", lwm2m::to_string(path)),
                           "leave the value empty; what it does is said in behaviour: on_execute");
        return false;
    }

    // A map of instances {0: 3.6, 1: 5.0}, a list [3.6, 5.0] from 0 on, or one value for instance 0.
    bool read_multiple(const Path& path, const ResourceModel& model, const Node::Entry& entry, ResourceDraft& draft) {
        const Node& node = entry.value;
        bool right = true;
        if (node.is_sequence()) {
            for (std::size_t i = 0; i < node.items().size() && i <= lwm2m::max_id; ++i) {
                draft.instances.push_back(static_cast<std::uint16_t>(i));
                right &= read_value_into(path.child(draft.instances.back()), model, node.items()[i], draft);
            }
            return right;
        }
        if (!node.is_map() || is_generator(node) || is_wrapped(node)) {
            draft.instances.push_back(0);
            return read_value_into(path.child(0), model, node, draft);
        }
        std::map<std::uint16_t, const Node*> members;
        for (const Node::Entry& member : node.entries()) {
            const auto id = parse_object_id(member.key);
            if (!id || !members.emplace(*id, &member.value).second) {
                diagnostics_.error(member.place,
                                   fmt::format("'{}' is not the id of an instance of {}", printable(member.key),
                                               lwm2m::to_string(path)),
                                   "a multiple resource is a list, or a map of ids: {0: 3.6, 1: 5.0}");
                right = false;
            }
        }
        for (const auto& [id, value] : members) {
            draft.instances.push_back(id);
            right &= read_value_into(path.child(id), model, *value, draft);
        }
        return right;
    }

    // {value: 5}: a plain value, written like a generator.
    static bool is_wrapped(const Node& node) { return node.entries().size() == 1 && node.find("value") != nullptr; }

    bool read_value_into(const Path& path, const ResourceModel& model, const Node& node, ResourceDraft& draft) {
        ResolvedResource resource = blank_resource(model);
        if (node.is_null() && is_computed(*models_.find(path.object()), model.id)) {
            resource.computed = true;
            draft.resources.push_back(std::move(resource));
            return true;
        }
        const Node& inner = is_wrapped(node) ? *node.find("value") : node;
        const bool right = inner.is_scalar()     ? read_constant(path, model, inner, resource)
                           : is_generator(inner) ? read_generated(path, model, inner, resource)
                                                 : report_shape(path, inner);
        if (right) draft.resources.push_back(std::move(resource));
        return right;
    }

    bool report_shape(const Path& path, const Node& node) {
        std::string hint = "a generator is a map with its name: {uniform: [18, 24]}";
        if (node.is_map() && !node.entries().empty()) {
            static constexpr std::array<std::string_view, 11> generators{"constant", "counter", "uniform", "normal",
                                                                         "walk",     "diurnal", "drain",   "states",
                                                                         "csv",      "expr",    "route"};
            const std::string near = did_you_mean(node.entries().front().key, generators);
            if (!near.empty()) hint = near;
            diagnostics_.error(node.entries().front().place,
                               fmt::format("{}: '{}' is not a generator", lwm2m::to_string(path),
                                           printable(node.entries().front().key)),
                               std::move(hint));
            return false;
        }
        diagnostics_.error(
            node.place(),
            fmt::format("{}: {} where a value or a generator is needed", lwm2m::to_string(path), name(node.kind())),
            std::move(hint));
        return false;
    }

    bool read_constant(const Path& path, const ResourceModel& model, const Node& node, ResolvedResource& resource) {
        auto value = read_value(node.text(), model.type);
        if (!value) {
            diagnostics_.error(node.place(),
                               fmt::format("{} is {} in the OMA registry, '{}' is not", lwm2m::to_string(path),
                                           registry_name(model.type), printable(node.text())));
            return false;
        }
        if (!model.range.allows(value->view())) {
            diagnostics_.warning(node.place(),
                                 fmt::format("{} is {} in the OMA registry, '{}' is outside", lwm2m::to_string(path),
                                             model.range.text, printable(node.text())));
        }
        resource.value = *std::move(value);
        return true;
    }

    bool read_generated(const Path& path, const ResourceModel& model, const Node& node, ResolvedResource& resource) {
        auto spec = read_generator(node, GeneratorTarget{path, model.type}, diagnostics_);
        if (!spec) return false;
        if (const auto* constant = std::get_if<ConstantGenerator>(&spec->form)) {
            resource.value = constant->value;
            return true;
        }
        resource.generator = static_cast<std::int32_t>(result_.generators.size());
        result_.generators.push_back(*std::move(spec));
        return true;
    }

private:
    const ObjectModels& models_;
    ObjectDrafts& drafts_;
    ResolvedProfile& result_;
    Diagnostics& diagnostics_;
};

}  // namespace

void read_objects(const Profile& profile, const ObjectModels& models, ObjectDrafts& drafts, ResolvedProfile& result,
                  Diagnostics& diagnostics) {
    ObjectsReader reader(models, drafts, result, diagnostics);
    for (const Node::Entry& entry : profile.objects) reader.read_instances(entry);
}

}  // namespace profiles
