#include "profiles/resolve.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include <fmt/format.h>

#include "profiles/computed_resources.h"
#include "profiles/guessed_model.h"
#include "profiles/link_list.h"
#include "profiles/oscore_spec.h"
#include "profiles/population.h"
#include "profiles/value_text.h"

namespace profiles {
namespace {

using lwm2m::ObjectModel;
using lwm2m::Path;
using lwm2m::ResourceModel;

constexpr std::string_view without_key = "without";
constexpr std::string_view route_key = "route";

constexpr std::uint16_t security_object = 0;
constexpr std::uint16_t server_object = 1;
constexpr std::uint16_t access_control_object = 2;
constexpr std::uint16_t device_object = 3;
constexpr std::uint16_t firmware_object = 5;
constexpr std::uint16_t oscore_object = 21;
constexpr std::uint16_t cose_object = 23;

constexpr std::size_t most_servers = 16;  // of one device

namespace server_resource {
constexpr std::uint16_t short_server_id = 0, lifetime = 1, default_pmin = 2, default_pmax = 3, storing = 6, binding = 7;
}
namespace access_control_resource {
constexpr std::uint16_t object = 0, instance = 1, acl = 2, owner = 3;
}
namespace firmware_resource {
constexpr std::uint16_t package_uri = 1, state = 3, result = 5, package_name = 6, package_version = 7, protocols = 8,
                        delivery = 9, cancel = 10, state_change_time = 12;
}
namespace oscore_resource {
constexpr std::uint16_t sender_id = 1, recipient_id = 2, aead_algorithm = 3, hmac_algorithm = 4, id_context = 6;
}
namespace security_resource {
constexpr std::uint16_t oscore_security_mode = 17;
}
namespace device_resource {
constexpr std::uint16_t manufacturer = 0, model_number = 1, firmware_version = 3, error_code = 11, binding = 16;
}

lwm2m::Version protocol_version(Lwm2mVersion version) {
    switch (version) {
        case Lwm2mVersion::v1_0: return {1, 0};
        case Lwm2mVersion::v1_1: return {1, 1};
        case Lwm2mVersion::v1_2: return {1, 2};
    }
    return {1, 1};
}

// One resource of one instance while it is put together: what it holds, and who said so.
struct Draft {
    const ResourceModel* model = nullptr;
    std::vector<ResolvedResource>
        resources;                         // one, or one an instance of a multiple resource; paths are set at the end
    std::vector<std::uint16_t> instances;  // ids of those, for a multiple resource
    std::string file;                      // where it was said; empty: filled in
};
using InstanceDraft = std::map<std::uint16_t, Draft>;  // by resource id

lwm2m::Value value_of(const ResourceModel& model, std::string_view text) {
    auto value = read_value(text, model.type);
    return value ? *std::move(value) : lwm2m::Value{};
}

// The plainest value that a resource may have: 0, false, empty, or the least that its range allows.
lwm2m::Value plain_value(const ResourceModel& model) {
    using lwm2m::Type;
    using lwm2m::ValueView;
    switch (model.type) {
        case Type::none: return {};
        case Type::string: return ValueView::of_string("");
        case Type::corelnk: return ValueView::of_corelnk("");
        case Type::opaque: return ValueView::of_opaque({});
        case Type::boolean: return ValueView::of_boolean(false);
        case Type::objlnk: return ValueView::of_objlnk({});
        case Type::time: return ValueView::of_time(0);
        case Type::integer:
        case Type::unsigned_integer:
        case Type::floating: break;
    }
    auto number = ValueView::of_integer(0);
    if (!model.range.allows(number) && !model.range.intervals.empty()) {
        number = ValueView::of_floating(model.range.intervals.front().min);
    }
    const auto typed = lwm2m::convert(number, model.type);
    return typed ? lwm2m::Value(*typed) : lwm2m::Value(*lwm2m::convert(ValueView::of_integer(0), model.type));
}

struct InstanceRange {
    std::uint16_t first = 0;
    std::uint16_t last = 0;
};

std::optional<std::uint16_t> parse_id(std::string_view text) {
    unsigned id = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc{} || stop != text.data() + text.size() || id > lwm2m::max_id) return std::nullopt;
    return static_cast<std::uint16_t>(id);
}

// "0", or "0-31".
std::optional<InstanceRange> parse_instances(std::string_view text) {
    const auto dash = text.find('-');
    const auto first = parse_id(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_id(text.substr(dash + 1));
    if (!first || !last || *last < *first) return std::nullopt;
    return InstanceRange{*first, *last};
}

class Resolver {
public:
    Resolver(const Profile& profile, const lwm2m::ObjectRegistry& registry, Diagnostics& diagnostics)
        : profile_(profile),
          registry_(registry),
          diagnostics_(diagnostics),
          errors_before_(diagnostics.errors()),
          selection_(registry, choice()) {}

    ResolvedProfilePtr run() {
        copy_plain();
        guess_models();
        for (const Node::Entry& entry : profile_.objects) read_instances(entry);
        add_servers();
        add_device();
        add_firmware();
        add_access_control();
        add_own();
        add_oscore();
        add_mandatory();
        if (count_ <= resource_cap) emit();
        resolve_actions();
        resolve_send();
        resolve_sleep();
        if (diagnostics_.errors() != errors_before_) return nullptr;
        result_.object_links = link_list(result_, selection_);
        return std::make_shared<const ResolvedProfile>(std::move(result_));
    }

private:
    // The versions that the profile states, before anything else is looked up.
    lwm2m::VersionChoice choice() {
        lwm2m::VersionChoice choice;
        choice.lwm2m = protocol_version(profile_.lwm2m.version);
        for (const Node::Entry& entry : profile_.lwm2m.object_versions) {
            const auto id = registry_.object(entry.key);
            const auto version = lwm2m::parse_version(entry.value.text());
            if (!id) {
                diagnostics_.error(entry.place, id.error().message);
            } else if (!version) {
                diagnostics_.error(entry.value.place(),
                                   fmt::format("'{}' is not a version", printable(entry.value.text())), "try \"1.1\"");
            } else if (registry_.find(*id, *version) == nullptr) {
                diagnostics_.error(entry.value.place(),
                                   fmt::format("object {} is not known in version {}", *id, lwm2m::to_string(*version)),
                                   known_versions(*id));
            } else {
                choice.stated.emplace_back(*id, *version);
            }
        }
        return choice;
    }

    std::string known_versions(std::uint16_t object) const {
        std::string list;
        for (const ObjectModel* model : registry_.versions(object)) {
            list += (list.empty() ? "there are: " : ", ") + lwm2m::to_string(model->version);
        }
        return list;
    }

    void copy_plain() {
        result_.name = profile_.name.value;
        result_.endpoint = profile_.endpoint.value;
        result_.version = profile_.lwm2m.version;
        result_.queue_mode = profile_.lwm2m.queue_mode;
        result_.transmission = profile_.coap;
        result_.network = profile_.network;
        result_.security = profile_.security;
        if (const auto wrong = check_identity()) {
            diagnostics_.error(profile_.security.place, "identity: " + wrong->message, wrong->hint);
        }
        result_.oscore = profile_.oscore;
        check_oscore();
        result_.behaviour.boot_delay = profile_.behaviour.boot_delay;
        result_.behaviour.update_at = profile_.behaviour.update_at;
        result_.behaviour.notify_confirmable = profile_.behaviour.notify_confirmable;
        check_binding();
        check_path();
        check_lifetime(profile_.lwm2m.lifetime);
        choose_formats();
        if (const auto wrong = check_endpoint(result_.endpoint, result_.name)) {
            diagnostics_.error(profile_.endpoint.place, "endpoint: " + wrong->message, wrong->hint);
        }
    }

    std::optional<EndpointProblem> check_identity() const {
        if (profile_.security.identity.empty()) return std::nullopt;
        return check_endpoint(profile_.security.identity, profile_.name.value);
    }

    void check_oscore() {
        if (profile_.oscore == nullptr) return;
        if (result_.version == Lwm2mVersion::v1_0) {
            diagnostics_.error(profile_.oscore->place, "there is no OSCORE in LwM2M 1.0",
                               "say lwm2m: {version: \"1.1\"}");
        }
        if (!profile_.servers.empty()) {
            diagnostics_.error(profile_.oscore->place, "oscore: a device with several servers is not supported yet",
                               "RFC 8613 3.3: each pair has a context of its own");
        }
        const OscoreIdentity first(result_, {0, 0, 0});
        const auto id = first.sender_id();
        if (!id) {
            diagnostics_.error(profile_.oscore->sender_id.place,
                               fmt::format("sender_id: longer than {} bytes", oscore_id_capacity),
                               "RFC 8613 3.3; try \"{index}\"");
        } else if (base::equal(*id, first.recipient_id())) {
            diagnostics_.error(profile_.oscore->place, "sender_id and recipient_id are the same",
                               "RFC 8613 3.3: the two sides of a context have different ids");
        }
    }

    // Core 1.1.1, 6.2.1: "U"; 1.0 says queue mode there too ("UQ"), later versions by a parameter of its own.
    void check_binding() {
        const std::string& binding = profile_.lwm2m.binding.value;
        if (binding == "UQ" && profile_.lwm2m.version == Lwm2mVersion::v1_0) {
            result_.queue_mode = true;
        } else if (binding != "U") {
            diagnostics_.error(profile_.lwm2m.binding.place,
                               fmt::format("the binding '{}' is not supported yet", printable(binding)),
                               binding == "UQ" ? "say U, and queue_mode: true" : "there is U: UDP");
        }
    }

    // Transport 1.1.1, 6.4.1: no segment of it is a number.
    void check_path() {
        std::string_view path = profile_.lwm2m.path.value;
        if (path.empty()) return;
        const auto is_right = [](std::string_view segment) {
            constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
            return !segment.empty() && segment.find_first_not_of(allowed) == segment.npos &&
                   segment.find_first_not_of("0123456789") != segment.npos;
        };
        if (path.starts_with('/')) path.remove_prefix(1);
        result_.root_path = path;
        bool right = path.size() <= 64;
        for (std::size_t at = 0; right && at <= path.size();) {
            const auto end = std::min(path.find('/', at), path.size());
            right = is_right(path.substr(at, end - at));
            at = end + 1;
        }
        if (!right) {
            diagnostics_.error(profile_.lwm2m.path.place,
                               fmt::format("'{}' is no alternate path", printable(profile_.lwm2m.path.value)),
                               "letters and digits, no segment a number, as in /lwm2m");
        }
    }

    void check_lifetime(const Placed<base::DurationSpec>& said) {
        const base::DurationSpec& lifetime = said.value;
        const auto least =
            lifetime.shape == base::DurationSpec::Shape::jitter || lifetime.shape == base::DurationSpec::Shape::uniform
                ? lifetime.centre - lifetime.spread
                : lifetime.centre;
        if (lifetime.is_zero() && profile_.lwm2m.version == Lwm2mVersion::v1_2) return;  // Core 1.2, 6.2.1: without end
        if (least < std::chrono::seconds(1)) {
            diagnostics_.error(said.place, "lifetime: below one second", "it is registered in whole seconds");
        }
    }

    void choose_formats() {
        using lwm2m::ContentFormat;
        for (const auto& format : profile_.formats) {
            if (std::find(result_.formats.begin(), result_.formats.end(), format.value) != result_.formats.end()) {
                diagnostics_.error(format.place,
                                   fmt::format("the format '{}' is here twice", lwm2m::name(format.value)));
            }
            result_.formats.push_back(format.value);
        }
        if (result_.formats.empty()) {
            result_.formats = {ContentFormat::tlv, ContentFormat::text, ContentFormat::opaque};  // of 1.0 (1.0.2, 6.4)
            if (result_.version != Lwm2mVersion::v1_0) {
                result_.formats.insert(result_.formats.begin() + 1, {ContentFormat::senml_cbor, ContentFormat::cbor});
            }
        }
        // The answer to a Read of an instance needs a format that holds more than one value.
        const auto many = std::find_if(result_.formats.begin(), result_.formats.end(), [](ContentFormat format) {
            return format == ContentFormat::tlv || format == ContentFormat::json ||
                   format == ContentFormat::senml_json || format == ContentFormat::senml_cbor ||
                   format == ContentFormat::lwm2m_cbor;
        });
        if (many == result_.formats.end()) {
            diagnostics_.error(profile_.formats.front().place, "formats: none of them can hold an object instance",
                               "add tlv or senml-cbor");
        } else {
            result_.default_format = *many;
        }
    }

    // "device/0": {...}, "temperature/0-31": {...}
    void read_instances(const Node::Entry& entry) {
        std::string_view key = entry.key;
        if (key.starts_with('/')) key.remove_prefix(1);
        const auto slash = key.find('/');
        const auto id = registry_.object(key.substr(0, slash));
        if (!id) {
            diagnostics_.error(entry.place, id.error().message);
            return;
        }
        if (*id == security_object || *id == oscore_object || *id == cose_object) {
            diagnostics_.error(entry.place,
                               fmt::format("object {} is not supported yet: this build speaks plain CoAP only", *id));
            return;
        }
        const ObjectModel* model = model_of(*id);
        if (model == nullptr) return;  // reported by guess_models()
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
            if (!without.empty()) without_[path].insert(without.begin(), without.end());
        }
        for (unsigned i = range->first; i <= range->last; ++i) {
            lay(Path(*id, static_cast<std::uint16_t>(i)), drafts, entry.place);
        }
    }

    // Objects by number that the catalogue does not have: their models are guessed from all that the profile says of
    // them.
    void guess_models() {
        std::map<std::uint16_t, std::vector<Node>> unknown;
        for (const Node::Entry& entry : profile_.objects) {
            std::string_view key = entry.key;
            if (key.starts_with('/')) key.remove_prefix(1);
            const auto id = parse_id(key.substr(0, key.find('/')));
            if (!id || selection_.object(*id) != nullptr) continue;
            if (!unknown.contains(*id)) {
                diagnostics_.warning(entry.place,
                                     fmt::format("object {} is not in the catalogue: its types are guessed", *id));
            }
            unknown[*id].push_back(entry.value);
        }
        for (const auto& [id, instances] : unknown) {
            result_.guessed_models.push_back(
                std::make_shared<const ObjectModel>(guess_model(id, instances, diagnostics_)));
        }
    }

    const ObjectModel* model_of(std::uint16_t object) const {
        if (const ObjectModel* known = selection_.object(object)) return known;
        for (const auto& guessed : result_.guessed_models) {
            if (guessed->id == object) return guessed.get();
        }
        return nullptr;
    }

    static lwm2m::NameResult<std::uint16_t> guessed_resource(const ObjectModel& object, std::string_view key) {
        const auto id = parse_id(key);
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

    // Puts the drafts of one YAML entry into the tree. What a profile says of a resource takes the place of what the
    // one that it extends said by another name; in one file it is an error to say it twice.
    void lay(const Path& instance, const InstanceDraft& drafts, const Place& place) {
        const auto [at, added] = instances_.try_emplace(instance);
        for (const auto& [id, draft] : drafts) {
            const auto known = at->second.find(id);
            if (known != at->second.end() && known->second.file == draft.file) {
                diagnostics_.error(place, fmt::format("{} is given twice", lwm2m::to_string(instance.child(id))),
                                   "names and ids stand for the same");
                return;
            }
            if (known != at->second.end()) count_ -= known->second.resources.size();
            at->second[id] = draft;
            count_ += draft.resources.size();
        }
        check_count(place);
    }

    void check_count(const Place& place) {
        if (count_ <= resource_cap || too_many_) return;
        too_many_ = true;
        diagnostics_.error(place, fmt::format("more than {} resources in the profile", resource_cap));
    }

    void read_resource(const ObjectModel& object, std::uint16_t instance, const Node::Entry& entry,
                       InstanceDraft& drafts) {
        const bool guessed = selection_.object(object.id) == nullptr;
        const auto id = guessed ? guessed_resource(object, entry.key) : selection_.resource(object.id, entry.key);
        const ResourceModel* model = id ? object.find(*id) : nullptr;
        if (guessed && model == nullptr) return;  // reported by guess_models()
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
        Draft draft;
        draft.model = model;
        draft.file = entry.place.source ? entry.place.source->name : "";
        const bool right = model->operations.execute ? read_executable(path, entry)
                           : model->multiple         ? read_multiple(path, *model, entry, draft)
                                                     : read_value_into(path, *model, entry.value, draft);
        if (!right) {  // it was given, so that nothing is filled in for it
            draft.resources.clear();
            draft.instances.clear();
        }
        if (draft.resources.empty()) draft.resources.push_back(blank(*model));
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
            Draft draft;
            draft.model = &model;
            draft.file = entry.place.source ? entry.place.source->name : "";
            draft.resources.push_back(blank(model));
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
            const auto id = selection_.resource(object.id, item.text());
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
        for (const ObjectModel* other : registry_.versions(object.id)) {
            const auto id = parse_id(entry.key);
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

    static ResolvedResource blank(const ResourceModel& model) {
        ResolvedResource resource;
        resource.type = model.type;
        resource.operations = model.operations;
        resource.multiple = model.multiple;
        return resource;
    }

    bool read_executable(const Path& path, const Node::Entry& entry) {
        if (entry.value.is_null() || entry.value.text() == "execute") return true;
        diagnostics_.error(entry.value.place(),
                           fmt::format("{} is executable and holds no value", lwm2m::to_string(path)),
                           "leave the value empty; what it does is said in behaviour: on_execute");
        return false;
    }

    // A map of instances {0: 3.6, 1: 5.0}, a list [3.6, 5.0] from 0 on, or one value for instance 0.
    bool read_multiple(const Path& path, const ResourceModel& model, const Node::Entry& entry, Draft& draft) {
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
            const auto id = parse_id(member.key);
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

    bool read_value_into(const Path& path, const ResourceModel& model, const Node& node, Draft& draft) {
        ResolvedResource resource = blank(model);
        if (node.is_null() && is_computed(*model_of(path.object()), model.id)) {
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

    // Fills in a resource that nobody gave, where the object has it.
    void provide(const Path& instance, std::uint16_t id, std::string_view text) {
        const ObjectModel* object = model_of(instance.object());
        const ResourceModel* model = object == nullptr ? nullptr : object->find(id);
        if (model == nullptr || instances_[instance].contains(id)) return;
        Draft draft;
        draft.model = model;
        draft.resources.push_back(blank(*model));
        draft.resources.back().value = value_of(*model, text);
        if (model->multiple) draft.instances.push_back(0);
        instances_[instance].emplace(id, std::move(draft));
        ++count_;
    }

    // The first server is the target of the run; which are the others, `servers:` says.
    void add_servers() {
        const auto add = [&](const Path& object, const ServerSection* section) {
            ResolvedServer server;
            server.object = object;
            if (section != nullptr) server.uri = section->uri;
            server.lifetime = profile_.lwm2m.lifetime.value;
            if (section != nullptr && section->lifetime) {
                check_lifetime(*section->lifetime);
                server.lifetime = section->lifetime->value;
            }
            fill_server(server);
            result_.servers.push_back(std::move(server));
        };
        add(first_server(), nullptr);
        for (const ServerSection& section : profile_.servers) add(server_object_of(section), &section);
        check_servers();
    }

    std::optional<double> number_at(const Path& instance, std::uint16_t resource) const {
        const auto drafts = instances_.find(instance);
        if (drafts == instances_.end()) return std::nullopt;
        const auto found = drafts->second.find(resource);
        if (found == drafts->second.end() || found->second.resources.front().generator >= 0) return std::nullopt;
        return lwm2m::to_number(found->second.resources.front().value.view());
    }

    // Is it the instance of one of `servers:`?
    bool is_further(const Path& instance) const {
        const auto id = number_at(instance, server_resource::short_server_id);
        return id && std::ranges::any_of(profile_.servers, [&](const auto& server) { return server.short_id == *id; });
    }

    Path free_server_object() const {
        Path object(server_object, 0);
        while (instances_.contains(object)) ++object.ids[1];
        return object;
    }

    Path first_server() {
        std::optional<Path> found;
        for (const auto& [path, resources] : instances_) {
            if (path.object() != server_object || is_further(path)) continue;
            if (found) {
                diagnostics_.error(profile_.place,
                                   fmt::format("{} and {} are two servers, and only one is the target of the run",
                                               lwm2m::to_string(*found), lwm2m::to_string(path)),
                                   "say where the other is: servers: {124: {uri: coap://127.0.0.1:5783}}, with the "
                                   "short_server_id of its instance");
            }
            if (!found) found = path;
        }
        const Path object = found.value_or(free_server_object());
        provide(object, server_resource::short_server_id, "123");
        return object;
    }

    Path server_object_of(const ServerSection& section) {
        for (const auto& [path, resources] : instances_) {
            if (path.object() == server_object &&
                number_at(path, server_resource::short_server_id) == section.short_id) {
                return path;
            }
        }
        const Path object = free_server_object();
        provide(object, server_resource::short_server_id, std::to_string(section.short_id));
        return object;
    }

    void fill_server(ResolvedServer& server) {
        const Path& object = server.object;
        const auto lifetime = std::chrono::duration_cast<std::chrono::seconds>(server.lifetime.mean());
        provide(object, server_resource::lifetime, std::to_string(lifetime.count()));
        provide(object, server_resource::storing, "true");  // Core 1.1.1, E.2: the default
        provide(object, server_resource::binding, registered_binding());
        server.short_id = static_cast<std::uint16_t>(number_at(object, server_resource::short_server_id).value_or(0));
        const auto seconds_of = [&](std::uint16_t id) -> std::optional<base::Duration> {
            const auto number = number_at(object, id);
            return number && *number >= 0 && *number < 4e9 ? std::optional(base::from_seconds(*number)) : std::nullopt;
        };
        server.default_pmin = seconds_of(server_resource::default_pmin).value_or(base::Duration{0});
        // 0 stands for none (Core 1.1.1, 5.1.2), as for the attribute.
        const auto pmax = seconds_of(server_resource::default_pmax);
        if (pmax && *pmax > base::Duration::zero()) server.default_pmax = pmax;
    }

    // A datagram is told to be one server's by its address, a right by the short id.
    void check_servers() {
        if (result_.servers.size() > most_servers) {
            diagnostics_.error(profile_.servers.front().place,
                               fmt::format("servers: {} at most, the target included", most_servers));
        }
        for (std::size_t i = 0; i < result_.servers.size(); ++i) {
            for (std::size_t j = i + 1; j < result_.servers.size(); ++j) {
                const Place& place = profile_.servers[j - 1].place;
                if (result_.servers[i].short_id == result_.servers[j].short_id) {
                    diagnostics_.error(place, fmt::format("servers: {} is the short id of another server too",
                                                          result_.servers[j].short_id));
                } else if (result_.servers[j].uri && result_.servers[i].uri == result_.servers[j].uri) {
                    diagnostics_.error(place,
                                       fmt::format("servers: {} is there twice", to_string(*result_.servers[j].uri)),
                                       "each server has an address of its own");
                }
            }
        }
    }

    std::string registered_binding() const {
        return result_.version == Lwm2mVersion::v1_0 && result_.queue_mode ? result_.binding + "Q" : result_.binding;
    }

    void add_device() {
        const Path device(device_object, 0);
        instances_.try_emplace(device);
        provide(device, device_resource::manufacturer, "lwm2m-sim");
        provide(device, device_resource::model_number, result_.name);
        provide(device, device_resource::firmware_version, "1.0.0");
        provide(device, device_resource::error_code, "0");
        provide(device, device_resource::binding, registered_binding());
    }

    // Core 1.1.1, 8.1: where there are several servers, each object instance says what they may do with it. What the
    // profile does not say: a Server instance belongs to its server, all else to the first; the others may read.
    void add_access_control() {
        if (result_.servers.size() == 1) return;
        std::vector<Path> wanted;
        for (const auto& [path, resources] : instances_) {
            const auto object = path.object();
            if (object == security_object || object == access_control_object || object == oscore_object ||
                object == cose_object || has_access_control(path)) {
                continue;
            }
            wanted.push_back(path);
        }
        Path at(access_control_object, 0);
        for (const Path& path : wanted) {
            while (instances_.contains(at)) ++at.ids[1];
            instances_.try_emplace(at);
            provide(at, access_control_resource::object, std::to_string(path.object()));
            provide(at, access_control_resource::instance, std::to_string(path.instance()));
            provide(at, access_control_resource::acl, "1");
            provide(at, access_control_resource::owner, std::to_string(owner_of(path)));
        }
    }

    bool has_access_control(const Path& path) const {
        return std::ranges::any_of(instances_, [&](const auto& entry) {
            return entry.first.object() == access_control_object &&
                   number_at(entry.first, access_control_resource::object) == path.object() &&
                   number_at(entry.first, access_control_resource::instance) == path.instance();
        });
    }

    std::uint16_t owner_of(const Path& instance) const {
        for (const ResolvedServer& server : result_.servers) {
            if (server.object == instance) return server.short_id;
        }
        return result_.servers.front().short_id;
    }

    // What the objects have by themselves.
    void add_own() {
        for (auto& [path, resources] : instances_) {
            const ObjectModel* const object = selection_.object(path.object());
            if (object == nullptr) continue;
            const auto has = [&](std::uint16_t id) {
                const ResourceModel* const model = object->find(id);
                return model != nullptr && (model->mandatory || resources.contains(id));
            };
            for (const std::uint16_t id : provided(*object, has)) {
                if (resources.contains(id) || without_[path].contains(id)) continue;
                Draft draft;
                draft.model = object->find(id);
                draft.resources.push_back(blank(*draft.model));
                draft.resources.back().computed = !draft.model->operations.execute;
                if (draft.model->multiple) draft.instances.push_back(0);
                resources.emplace(id, std::move(draft));
                ++count_;
            }
        }
    }

    // Object 5 behaves, unless the profile plays its state itself (fleet/firmware.h).
    void add_firmware() {
        namespace resource = firmware_resource;
        const Path firmware(firmware_object, 0);
        FirmwareSpec& spec = result_.behaviour.firmware;
        spec = profile_.behaviour.firmware;
        if (!instances_.contains(firmware) || model_of(firmware_object) == nullptr) {
            if (profile_.behaviour.firmware_place.source) {
                diagnostics_.error(profile_.behaviour.firmware_place, "firmware: the profile has no object 5",
                                   "add objects: {firmware_update/0: {}}");
            }
            return;
        }
        provide(firmware, resource::package_uri, "");
        provide(firmware, resource::package_name, "");
        provide(firmware, resource::package_version, "");
        provide(firmware, resource::delivery, "2");
        provide(firmware, resource::cancel, "");
        provide_protocols(firmware);
        provide(firmware, resource::state, "0");
        provide(firmware, resource::result, "0");
        provide(firmware, resource::state_change_time, "0");
        spec.behaves = constant(firmware, resource::state) == 0 && constant(firmware, resource::result) == 0;
        for (const auto own : {resource::state, resource::result, resource::state_change_time}) {
            if (const auto found = instances_[firmware].find(own); found != instances_[firmware].end()) {
                found->second.resources.front().computed = spec.behaves;
            }
        }
        const double delivery = constant(firmware, resource::delivery);
        if (delivery >= 0 && delivery <= 2) spec.delivery = static_cast<FirmwareDelivery>(delivery);
        for (const ResolvedResource& protocol : instances_[firmware].at(resource::protocols).resources) {
            const double number = lwm2m::to_number(protocol.value.view());
            if (number >= 0 && number < 6) spec.protocols |= static_cast<std::uint8_t>(1u << static_cast<int>(number));
        }
    }

    // /5/0/8: by which ways a device can fetch a package.
    void provide_protocols(const Path& firmware) {
        InstanceDraft& resources = instances_[firmware];
        if (resources.contains(firmware_resource::protocols)) return;
        Draft draft;
        draft.model = model_of(firmware_object)->find(firmware_resource::protocols);
        const bool secured = result_.security.mode != SecurityMode::none;
        for (const auto protocol : {secured ? FirmwareProtocol::coaps : FirmwareProtocol::coap, FirmwareProtocol::http,
                                    FirmwareProtocol::https}) {
            draft.resources.push_back(blank(*draft.model));
            draft.resources.back().value = value_of(*draft.model, std::to_string(static_cast<int>(protocol)));
            draft.instances.push_back(static_cast<std::uint16_t>(draft.instances.size()));
            ++count_;
        }
        resources.emplace(firmware_resource::protocols, std::move(draft));
    }

    // The number that the profile gives a single resource; -1 for none, or a generator.
    double constant(const Path& instance, std::uint16_t id) const {
        const auto& drafts = instances_.at(instance);
        const auto found = drafts.find(id);
        if (found == drafts.end() || found->second.resources.front().generator >= 0) return -1;
        return lwm2m::to_number(found->second.resources.front().value.view());
    }

    // Core 1.1.1, E.1 and E.9: object 21 beside the Security instance. No server reads it, and what is secret or
    // one device's own is not kept in it.
    void add_oscore() {
        if (profile_.oscore == nullptr) return;
        const OscoreSpec& spec = *profile_.oscore;
        const Path oscore(oscore_object, 0);
        instances_.try_emplace(oscore);
        const bool same_for_all = spec.sender_id.is_hex || !is_individual(spec.sender_id.text);
        if (same_for_all) provide(oscore, oscore_resource::sender_id, bytes_text(oscore, spec.sender_id));
        provide(oscore, oscore_resource::recipient_id, bytes_text(oscore, spec.recipient_id));
        provide(oscore, oscore_resource::aead_algorithm, "10");
        provide(oscore, oscore_resource::hmac_algorithm, "5");
        if (spec.id_context) provide(oscore, oscore_resource::id_context, bytes_text(oscore, *spec.id_context));
        const Path security(security_object, 0);
        instances_.try_emplace(security);
        provide(security, security_resource::oscore_security_mode, "21:0");
    }

    // Version 1 of object 21 has Strings, which hold hexadecimal where the bytes are no text; version 2 has Opaques.
    std::string bytes_text(const Path& instance, const OscoreName& name) const {
        const ObjectModel* model = model_of(instance.object());
        const bool text = model != nullptr && model->version.major == 1 && !name.is_hex;
        return text ? name.text : base::to_hex(name.bytes);
    }

    void add_mandatory() {
        for (auto& [path, resources] : instances_) {
            const ObjectModel* object = model_of(path.object());
            if (object == nullptr) continue;
            for (const ResourceModel& model : object->resources) {
                if (!model.mandatory || resources.contains(model.id)) continue;
                Draft draft;
                draft.model = &model;
                draft.resources.push_back(blank(model));
                const bool executable = model.operations.execute;
                if (!executable) draft.resources.back().value = plain_value(model);
                if (!executable && model.multiple) draft.instances.push_back(0);
                if (model.operations.read && warned_.insert({object->id, model.id}).second) warn_missing(path, model);
                resources.emplace(model.id, std::move(draft));
                ++count_;
            }
        }
        check_count(profile_.place);
    }

    void warn_missing(const Path& instance, const ResourceModel& model) {
        if (instance.object() == server_object || instance.object() == device_object) return;
        const std::string value = lwm2m::to_string(plain_value(model).view());
        diagnostics_.warning(profile_.place, fmt::format("{} ({}) is mandatory and not given: it is {}",
                                                         lwm2m::to_string(instance.child(model.id)), model.key,
                                                         value.empty() ? "empty" : value));
    }

    // The drafts in the order of their paths become the tables that devices work on.
    void emit() {
        for (auto& [path, drafts] : instances_) {
            const ObjectModel* model = model_of(path.object());
            if (model == nullptr) continue;
            if (result_.objects.empty() || result_.objects.back().id != path.object()) {
                result_.objects.push_back(
                    {path.object(), model, static_cast<std::uint32_t>(result_.instances.size()), 0});
            }
            ++result_.objects.back().instance_count;
            ResolvedInstance instance{path, static_cast<std::uint32_t>(result_.resources.size()), 0};
            for (auto& [id, draft] : drafts) {
                for (std::size_t i = 0; i < draft.resources.size(); ++i) {
                    ResolvedResource resource = std::move(draft.resources[i]);
                    resource.path = path.child(id);
                    if (i < draft.instances.size()) resource.path = resource.path.child(draft.instances[i]);
                    result_.resources.push_back(std::move(resource));
                }
            }
            instance.resource_count = static_cast<std::uint32_t>(result_.resources.size()) - instance.first_resource;
            result_.instances.push_back(instance);
        }
    }

    void resolve_actions() {
        for (const RebootAction& action : profile_.behaviour.on_execute) {
            const auto path = selection_.path(action.path);
            if (!path) {
                diagnostics_.error(action.place, path.error().message);
                continue;
            }
            const std::int32_t index = result_.find(*path);
            if (index < 0 || !result_.resources[static_cast<std::size_t>(index)].operations.execute) {
                diagnostics_.error(action.place,
                                   fmt::format("{} is no executable resource of this profile", lwm2m::to_string(*path)),
                                   "as in {/3/0/4: reboot(8s)}");
                continue;
            }
            result_.behaviour.reboot_on_execute.emplace_back(*path, action.away);
        }
    }

    void resolve_send() {
        const SendSection& section = profile_.behaviour.send;
        if (section.paths.empty()) return;
        SendSpec& send = result_.behaviour.send;
        send.format = section.format.value;
        send.samples = section.samples;
        send.every = section.every.value;
        check_send(section);
        for (const auto& [text, place] : section.paths) {
            const auto path = selection_.path(text);
            if (!path) {
                diagnostics_.error(place, path.error().message);
            } else if (path->depth == 0 || std::ranges::none_of(result_.resources, [&](const auto& resource) {
                           return path->contains(resource.path) && resource.operations.read;
                       })) {
                diagnostics_.error(place, fmt::format("there is nothing readable at {}", lwm2m::to_string(*path)));
            } else {
                send.paths.push_back(*path);
            }
        }
        std::ranges::sort(send.paths);
        const auto repeated =
            std::ranges::unique(send.paths, [](const Path& a, const Path& b) { return a.contains(b); });
        send.paths.erase(repeated.begin(), repeated.end());
    }

    void check_send(const SendSection& section) {
        using Shape = base::DurationSpec::Shape;
        if (result_.version == Lwm2mVersion::v1_0) {
            diagnostics_.error(section.place, "there is no Send in LwM2M 1.0", "say lwm2m: {version: \"1.1\"}");
        }
        const base::DurationSpec& every = section.every.value;
        const bool even = every.shape == Shape::fixed || every.shape == Shape::jitter || every.shape == Shape::uniform;
        if (!even || every.spread * 2 >= every.centre || every.centre < std::chrono::milliseconds(100)) {
            diagnostics_.error(section.every.place, "send: every: less than half to either side of 100 ms or more",
                               "try 15m ±2m");
        }
        if (std::ranges::find(result_.formats, section.format.value) == result_.formats.end()) {
            diagnostics_.error(section.place,
                               fmt::format("send: the format {} is not one of the device's formats",
                                           lwm2m::name(section.format.value)),
                               "add it to formats:");
        }
    }

    void resolve_sleep() {
        using Shape = base::DurationSpec::Shape;
        const SleepSection& section = profile_.behaviour.sleep;
        if (section.queue_mode.count() == 0) return;
        if (!result_.queue_mode) {
            diagnostics_.error(section.place, "sleep: the server has to be told that the device sleeps",
                               "say lwm2m: {queue_mode: true}");
        }
        const base::DurationSpec& every = section.every.value;
        const bool even = every.shape == Shape::fixed || every.shape == Shape::jitter || every.shape == Shape::uniform;
        if (!every.is_zero() && (!even || every.centre - every.spread <= section.queue_mode)) {
            diagnostics_.error(section.every.place, "sleep: every: longer than the device stays awake",
                               "try {queue_mode: 93s, every: 1h ±5m}");
        }
        result_.behaviour.sleep = {.window = section.queue_mode,
                                   .every = every,
                                   .on_wake = section.on_wake.value_or(SleepSpec::OnWake::update),
                                   .notify = section.notify};
    }

    const Profile& profile_;
    const lwm2m::ObjectRegistry& registry_;
    Diagnostics& diagnostics_;
    std::size_t errors_before_;
    lwm2m::ObjectSelection selection_;  // made by choice(), which reports to what stands above
    ResolvedProfile result_;
    std::map<Path, InstanceDraft> instances_;
    std::set<std::pair<std::uint16_t, std::uint16_t>> warned_;  // object and resource
    std::map<Path, std::set<std::uint16_t>> without_;           // of an instance: what was said not to be there
    std::size_t count_ = 0;                                     // resources in all drafts
    bool too_many_ = false;
};

}  // namespace

ResolvedProfilePtr resolve(const Profile& profile, const lwm2m::ObjectRegistry& registry, Diagnostics& diagnostics) {
    return Resolver(profile, registry, diagnostics).run();
}

ResolvedProfilePtr load_resolved(const std::string& reference, const ProfileCatalog& catalog,
                                 const lwm2m::ObjectRegistry& registry, Diagnostics& diagnostics,
                                 const YamlOptions& options, const Place& from) {
    const auto profile = load_profile(reference, catalog, diagnostics, options, from);
    return profile ? resolve(*profile, registry, diagnostics) : nullptr;
}

std::string_view registry_name(lwm2m::Type type) {
    using lwm2m::Type;
    switch (type) {
        case Type::none: return "None";
        case Type::string: return "String";
        case Type::integer: return "Integer";
        case Type::unsigned_integer: return "Unsigned Integer";
        case Type::floating: return "Float";
        case Type::boolean: return "Boolean";
        case Type::opaque: return "Opaque";
        case Type::time: return "Time";
        case Type::objlnk: return "Objlnk";
        case Type::corelnk: return "Corelnk";
    }
    return "None";
}

}  // namespace profiles
