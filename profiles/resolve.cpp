#include "profiles/resolve.h"

#include <algorithm>

#include <fmt/format.h>

#include "profiles/link_list.h"
#include "profiles/objects_section.h"
#include "profiles/oscore_spec.h"
#include "profiles/population.h"
#include "profiles/standard_objects.h"

namespace profiles {
namespace {

using lwm2m::Path;

class Resolver {
public:
    Resolver(const Profile& profile, const lwm2m::ObjectRegistry& registry, Diagnostics& diagnostics)
        : profile_(profile),
          diagnostics_(diagnostics),
          errors_before_(diagnostics.errors()),
          models_(profile, registry, diagnostics) {}

    ResolvedProfilePtr run() {
        copy_plain();
        ObjectDrafts drafts(models_, diagnostics_);
        read_objects(profile_, models_, drafts, result_, diagnostics_);
        add_standard_objects(profile_, models_, drafts, result_, diagnostics_);
        for (std::size_t server = 0; server < result_.servers.size(); ++server) check_oscore(server);
        drafts.emit(result_);
        resolve_actions();
        resolve_send();
        resolve_sleep();
        if (diagnostics_.errors() != errors_before_) return nullptr;
        result_.guessed_models = models_.guessed();
        result_.object_links = link_list(result_, models_.selection());
        return std::make_shared<const ResolvedProfile>(std::move(result_));
    }

private:
    void copy_plain() {
        result_.name = profile_.name.value;
        result_.endpoint = profile_.endpoint.value;
        result_.version = profile_.lwm2m.version;
        result_.queue_mode = profile_.lwm2m.queue_mode;
        result_.transmission = profile_.coap;
        result_.network = profile_.network;
        result_.security = profile_.security;
        check_identity(profile_.security);
        for (const ServerSection& server : profile_.servers) check_identity(server.security);
        result_.oscore = profile_.oscore;
        result_.behaviour.boot_delay = profile_.behaviour.boot_delay;
        result_.behaviour.update_at = profile_.behaviour.update_at;
        result_.behaviour.notify_confirmable = profile_.behaviour.notify_confirmable;
        check_binding();
        check_path();
        choose_formats();
        if (const auto wrong = check_endpoint(result_.endpoint, result_.name)) {
            diagnostics_.error(profile_.endpoint.place, "endpoint: " + wrong->message, wrong->hint);
        }
    }

    void check_identity(const SecuritySpec& security) {
        if (security.identity.empty()) return;
        if (const auto wrong = check_endpoint(security.identity, profile_.name.value)) {
            diagnostics_.error(security.place, "identity: " + wrong->message, wrong->hint);
        }
    }

    void check_oscore(std::size_t server) {
        const OscoreSpec* const spec = oscore_of(result_, server);
        if (spec == nullptr) return;
        if (result_.version == Lwm2mVersion::v1_0) {
            diagnostics_.error(spec->place, "there is no OSCORE in LwM2M 1.0", "say lwm2m: {version: \"1.1\"}");
        }
        const OscoreIdentity first(result_, {0, 0, 0}, server);
        const auto id = first.sender_id();
        if (!id) {
            diagnostics_.error(spec->sender_id.place,
                               fmt::format("sender_id: longer than {} bytes", oscore_id_capacity),
                               "RFC 8613 3.3; try \"{index}\"");
        } else if (base::equal(*id, first.recipient_id())) {
            diagnostics_.error(spec->place, "sender_id and recipient_id are the same",
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

    void resolve_actions() {
        for (const RebootAction& action : profile_.behaviour.on_execute) {
            const auto path = models_.selection().path(action.path);
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
            const auto path = models_.selection().path(text);
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
    Diagnostics& diagnostics_;
    std::size_t errors_before_;
    ObjectModels models_;
    ResolvedProfile result_;
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
