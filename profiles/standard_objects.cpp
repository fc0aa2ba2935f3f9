#include "profiles/standard_objects.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "profiles/computed_resources.h"
#include "profiles/oscore_spec.h"
#include "profiles/population.h"
#include "profiles/security_object.h"
#include "profiles/value_text.h"
#include "simulator/lwm2m/operation.h"

namespace profiles {
namespace {

using lwm2m::ObjectModel;
using lwm2m::Path;
using lwm2m::ResourceModel;

constexpr std::size_t most_servers = 16;  // of one device

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
namespace device_resource {
constexpr std::uint16_t manufacturer = 0, model_number = 1, firmware_version = 3, error_code = 11, binding = 16;
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

class StandardObjects {
public:
    StandardObjects(const Profile& profile, const ObjectModels& models, ObjectDrafts& drafts, ResolvedProfile& result,
                    Diagnostics& diagnostics)
        : profile_(profile), models_(models), drafts_(drafts), result_(result), diagnostics_(diagnostics) {}

    // The first server is the target of the run; which are the others, `servers:` says.
    void add_servers() {
        const auto add = [&](const Path& object, const ServerSection* section) {
            ResolvedServer server;
            server.object = object;
            if (section != nullptr) {
                server.uri = section->uri;
                server.security = section->security;
                server.oscore = section->oscore;
            }
            server.lifetime = profile_.lwm2m.lifetime.value;
            if (section != nullptr && section->lifetime) {
                check_lifetime(*section->lifetime);
                server.lifetime = section->lifetime->value;
            }
            fill_server(server);
            result_.servers.push_back(std::move(server));
        };
        check_lifetime(profile_.lwm2m.lifetime);
        add(first_server(), nullptr);
        for (const ServerSection& section : profile_.servers) add(server_object_of(section), &section);
        check_servers();
    }

    // Is it the instance of one of `servers:`?
    bool is_further(const Path& instance) const {
        const auto id = drafts_.number_at(instance, server_resource::short_server_id);
        return id && std::ranges::any_of(profile_.servers, [&](const auto& server) { return server.short_id == *id; });
    }

    Path first_server() {
        std::optional<Path> found;
        for (const auto& [path, resources] : drafts_.instances()) {
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
        const Path object = found.value_or(drafts_.free_instance(server_object));
        drafts_.provide(object, server_resource::short_server_id, "123");
        return object;
    }

    Path server_object_of(const ServerSection& section) {
        for (const auto& [path, resources] : drafts_.instances()) {
            if (path.object() == server_object &&
                drafts_.number_at(path, server_resource::short_server_id) == section.short_id) {
                return path;
            }
        }
        const Path object = drafts_.free_instance(server_object);
        drafts_.provide(object, server_resource::short_server_id, std::to_string(section.short_id));
        return object;
    }

    void fill_server(ResolvedServer& server) {
        const Path& object = server.object;
        const auto lifetime = std::chrono::duration_cast<std::chrono::seconds>(server.lifetime.mean());
        drafts_.provide(object, server_resource::lifetime, std::to_string(lifetime.count()));
        drafts_.provide(object, server_resource::storing, "true");  // Core 1.1.1, E.2: the default
        drafts_.provide(object, server_resource::binding, registered_binding());
        server.short_id =
            static_cast<std::uint16_t>(drafts_.number_at(object, server_resource::short_server_id).value_or(0));
        const auto seconds_of = [&](std::uint16_t id) -> std::optional<base::Duration> {
            const auto number = drafts_.number_at(object, id);
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

    std::string registered_binding() const {
        return result_.version == Lwm2mVersion::v1_0 && result_.queue_mode ? result_.binding + "Q" : result_.binding;
    }

    void add_device() {
        const Path device(device_object, 0);
        drafts_.add_instance(device);
        drafts_.provide(device, device_resource::manufacturer, "lwm2m-sim");
        drafts_.provide(device, device_resource::model_number, result_.name);
        drafts_.provide(device, device_resource::firmware_version, "1.0.0");
        drafts_.provide(device, device_resource::error_code, "0");
        drafts_.provide(device, device_resource::binding, registered_binding());
    }

    // Object 5 behaves, unless the profile plays its state itself (fleet/firmware.h).
    void add_firmware() {
        namespace resource = firmware_resource;
        const Path firmware(firmware_object, 0);
        FirmwareSpec& spec = result_.behaviour.firmware;
        spec = profile_.behaviour.firmware;
        if (!drafts_.contains(firmware) || models_.find(firmware_object) == nullptr) {
            if (profile_.behaviour.firmware_place.source) {
                diagnostics_.error(profile_.behaviour.firmware_place, "firmware: the profile has no object 5",
                                   "add objects: {firmware_update/0: {}}");
            }
            return;
        }
        drafts_.provide(firmware, resource::package_uri, "");
        drafts_.provide(firmware, resource::package_name, "");
        drafts_.provide(firmware, resource::package_version, "");
        drafts_.provide(firmware, resource::delivery, "2");
        drafts_.provide(firmware, resource::cancel, "");
        provide_protocols(firmware);
        drafts_.provide(firmware, resource::state, "0");
        drafts_.provide(firmware, resource::result, "0");
        drafts_.provide(firmware, resource::state_change_time, "0");
        spec.behaves =
            drafts_.number_at(firmware, resource::state) == 0 && drafts_.number_at(firmware, resource::result) == 0;
        for (const auto own : {resource::state, resource::result, resource::state_change_time}) {
            drafts_.set_computed(firmware, own, spec.behaves);
        }
        const double delivery = drafts_.number_at(firmware, resource::delivery).value_or(-1);
        if (delivery >= 0 && delivery <= 2) spec.delivery = static_cast<FirmwareDelivery>(delivery);
        for (const ResolvedResource& protocol : drafts_.instances().at(firmware).at(resource::protocols).resources) {
            const double number = lwm2m::to_number(protocol.value.view());
            if (number >= 0 && number < 6) spec.protocols |= static_cast<std::uint8_t>(1u << static_cast<int>(number));
        }
    }

    // Object 9 downloads its packages, in instances of the profile and of servers (fleet/object_software.cpp).
    void add_software() {
        FirmwareSpec& spec = result_.behaviour.software;
        spec = profile_.behaviour.software;
        for (const auto protocol : ways_to_fetch()) {
            spec.protocols |= static_cast<std::uint8_t>(1u << static_cast<int>(protocol));
        }
        spec.behaves = models_.find(software_object) != nullptr &&
                       std::ranges::any_of(drafts_.instances(), [](const auto& instance) {
                           return instance.first.object() == software_object;
                       });
        if (!spec.behaves && profile_.behaviour.software_place.source) {
            diagnostics_.error(profile_.behaviour.software_place, "software: the profile has no object 9",
                               "add objects: {software_management/0: {}}");
        }
    }

    // By which ways a device can fetch a package.
    std::array<FirmwareProtocol, 3> ways_to_fetch() const {
        const bool secured = result_.security.mode != SecurityMode::none;
        return {secured ? FirmwareProtocol::coaps : FirmwareProtocol::coap, FirmwareProtocol::http,
                FirmwareProtocol::https};
    }

    // /5/0/8: by which ways a device can fetch a package.
    void provide_protocols(const Path& firmware) {
        ResourceDraft draft;
        draft.model = models_.find(firmware_object)->find(firmware_resource::protocols);
        for (const auto protocol : ways_to_fetch()) {
            draft.resources.push_back(blank_resource(*draft.model));
            draft.resources.back().value = lwm2m::ValueView::of_integer(static_cast<int>(protocol));
            draft.instances.push_back(static_cast<std::uint16_t>(draft.instances.size()));
        }
        drafts_.fill_in(firmware, firmware_resource::protocols, std::move(draft));
    }

    // Core 1.1.1, 8.1: where there are several servers, each object instance says what they may do with it. What the
    // profile does not say: a Server instance belongs to its server, all else to the first; the others may read.
    void add_access_control() {
        if (result_.servers.size() == 1) return;
        std::vector<Path> wanted;
        for (const auto& [path, resources] : drafts_.instances()) {
            const auto object = path.object();
            if (lwm2m::is_closed(object) || object == access_control_object || has_access_control(path)) continue;
            wanted.push_back(path);
        }
        Path at(access_control_object, 0);
        for (const Path& path : wanted) {
            while (drafts_.contains(at)) ++at.ids[1];
            drafts_.add_instance(at);
            drafts_.provide(at, access_control_resource::object, std::to_string(path.object()));
            drafts_.provide(at, access_control_resource::instance, std::to_string(path.instance()));
            drafts_.provide(at, access_control_resource::acl, "1");
            drafts_.provide(at, access_control_resource::owner, std::to_string(owner_of(path)));
        }
    }

    bool has_access_control(const Path& path) const {
        return std::ranges::any_of(drafts_.instances(), [&](const auto& entry) {
            return entry.first.object() == access_control_object &&
                   drafts_.number_at(entry.first, access_control_resource::object) == path.object() &&
                   drafts_.number_at(entry.first, access_control_resource::instance) == path.instance();
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
        for (const auto& [path, resources] : drafts_.instances()) {
            if (models_.is_guessed(path.object())) continue;
            const ObjectModel& object = *models_.find(path.object());
            const auto has = [&](std::uint16_t id) {
                const ResourceModel* const model = object.find(id);
                return model != nullptr && (model->mandatory || resources.contains(id));
            };
            for (const std::uint16_t id : provided(object, has)) {
                if (drafts_.is_left_out(path, id)) continue;
                auto draft = draft_of(*object.find(id), {});
                draft.resources.back().computed = !draft.model->operations.execute;
                drafts_.fill_in(path, id, std::move(draft));
            }
        }
    }

    // Core 1.1.1, E.1 and E.9: an instance of object 21 beside the Security instance of the same number. No server
    // reads it, and what is secret or one device's own is not kept in it.
    void add_oscore(std::size_t server) {
        if (oscore_of(result_, server) == nullptr) return;
        const OscoreSpec& spec = *oscore_of(result_, server);
        const Path oscore(oscore_object, static_cast<std::uint16_t>(server));
        drafts_.add_instance(oscore);
        const bool same_for_all = spec.sender_id.is_hex || !is_individual(spec.sender_id.text);
        if (same_for_all) drafts_.provide(oscore, oscore_resource::sender_id, bytes_text(oscore, spec.sender_id));
        drafts_.provide(oscore, oscore_resource::recipient_id, bytes_text(oscore, spec.recipient_id));
        drafts_.provide(oscore, oscore_resource::aead_algorithm, "10");
        drafts_.provide(oscore, oscore_resource::hmac_algorithm, "5");
        if (spec.id_context) drafts_.provide(oscore, oscore_resource::id_context, bytes_text(oscore, *spec.id_context));
    }

    // Version 1 of object 21 has Strings, which hold hexadecimal where the bytes are no text; version 2 has Opaques.
    std::string bytes_text(const Path& instance, const OscoreName& name) const {
        const ObjectModel* model = models_.find(instance.object());
        const bool text = model != nullptr && model->version.major == 1 && !name.is_hex;
        return text ? name.text : base::to_hex(name.bytes);
    }

    void add_mandatory() {
        for (const auto& [path, resources] : drafts_.instances()) {
            const ObjectModel* object = models_.find(path.object());
            if (object == nullptr) continue;
            for (const ResourceModel& model : object->resources) {
                if (!model.mandatory || resources.contains(model.id)) continue;
                const bool executable = model.operations.execute;
                if (model.operations.read && warned_.insert({object->id, model.id}).second) warn_missing(path, model);
                drafts_.fill_in(path, model.id, draft_of(model, executable ? lwm2m::Value{} : plain_value(model)));
            }
        }
        drafts_.check_count(profile_.place);
    }

    void warn_missing(const Path& instance, const ResourceModel& model) {
        if (instance.object() == server_object || instance.object() == device_object) return;
        const std::string value = lwm2m::to_string(plain_value(model).view());
        diagnostics_.warning(profile_.place, fmt::format("{} ({}) is mandatory and not given: it is {}",
                                                         lwm2m::to_string(instance.child(model.id)), model.key,
                                                         value.empty() ? "empty" : value));
    }

private:
    const Profile& profile_;
    const ObjectModels& models_;
    ObjectDrafts& drafts_;
    ResolvedProfile& result_;
    Diagnostics& diagnostics_;
    std::set<std::pair<std::uint16_t, std::uint16_t>> warned_;  // object and resource
};

}  // namespace

void add_standard_objects(const Profile& profile, const ObjectModels& models, ObjectDrafts& drafts,
                          ResolvedProfile& result, Diagnostics& diagnostics) {
    StandardObjects objects(profile, models, drafts, result, diagnostics);
    objects.add_servers();
    add_security_objects(models, result, drafts);
    objects.add_device();
    objects.add_firmware();
    objects.add_software();
    objects.add_access_control();
    objects.add_own();
    for (std::size_t server = 0; server < result.servers.size(); ++server) objects.add_oscore(server);
    objects.add_mandatory();
}

}  // namespace profiles
