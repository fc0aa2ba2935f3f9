#include "simulator/lwm2m/object_registry.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "simulator/base/did_you_mean.h"

namespace lwm2m {
namespace {

// Nothing where the text is a name; an id above the limit is an error of its own.
std::optional<NameResult<std::uint16_t>> as_id(std::string_view text) {
    if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    std::uint16_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc{} || id > max_id) {
        return tl::unexpected(NameError{fmt::format("{} is no id: an id is {} at most", text, max_id), 0, {}});
    }
    return id;
}

NameError no_such(std::string_view what, std::string_view name, const std::vector<std::string>& keys) {
    const std::vector<std::string_view> known(keys.begin(), keys.end());
    NameError error;
    error.candidates = base::nearest(to_key(name), known);
    error.message = fmt::format("no {} is called \"{}\"{}", what, name, base::did_you_mean(error.candidates));
    return error;
}

const ObjectModel* nearest_version(const std::vector<const ObjectModel*>& ascending, Version wanted) {
    const ObjectModel* below = nullptr;
    for (const ObjectModel* model : ascending) {
        if (model->version.major != wanted.major) continue;
        if (model->version > wanted) return below != nullptr ? below : model;
        below = model;
    }
    return below;
}

}  // namespace

void ObjectRegistry::set(ObjectModel model) {
    const auto [name, added] = names_.try_emplace(fold(model.key), model.id);
    if (!added) name->second = std::min(name->second, model.id);
    const std::pair at{model.id, model.version};
    models_.insert_or_assign(at, std::move(model));
}

const ObjectModel* ObjectRegistry::find(std::uint16_t object, Version version) const {
    const auto at = models_.find({object, version});
    return at == models_.end() ? nullptr : &at->second;
}

const ObjectModel* ObjectRegistry::newest(std::uint16_t object) const {
    const auto known = versions(object);
    return known.empty() ? nullptr : known.back();
}

std::vector<const ObjectModel*> ObjectRegistry::versions(std::uint16_t object) const {
    std::vector<const ObjectModel*> found;
    for (auto at = models_.lower_bound({object, Version{0, 0}}); at != models_.end() && at->first.first == object;
         ++at) {
        found.push_back(&at->second);
    }
    return found;
}

std::vector<std::uint16_t> ObjectRegistry::objects() const {
    std::vector<std::uint16_t> ids;
    for (const auto& [at, model] : models_) {
        if (ids.empty() || ids.back() != at.first) ids.push_back(at.first);
    }
    return ids;
}

NameResult<std::uint16_t> ObjectRegistry::object(std::string_view name_or_id) const {
    if (const auto id = as_id(name_or_id)) return *id;
    const auto at = names_.find(fold(name_or_id));
    if (at != names_.end()) return at->second;
    // "location_3336": the name of an object whose bare name belongs to another one.
    const std::size_t cut = name_or_id.rfind('_');
    if (cut != std::string_view::npos) {
        const auto id = as_id(name_or_id.substr(cut + 1));
        const auto known = id && *id ? versions(**id) : std::vector<const ObjectModel*>{};
        const std::string bare = fold(name_or_id.substr(0, cut));
        for (const ObjectModel* model : known) {
            if (fold(model->key) == bare) return model->id;
        }
    }
    std::vector<std::string> keys;
    for (const std::uint16_t id : objects()) keys.push_back(key(id));
    return tl::unexpected(no_such("object", name_or_id, keys));
}

std::string ObjectRegistry::key(std::uint16_t object) const {
    const ObjectModel* const model = newest(object);
    if (model == nullptr) return std::to_string(object);
    const auto at = names_.find(fold(model->key));
    return at->second == object ? model->key : fmt::format("{}_{}", model->key, object);
}

Version default_version(std::uint16_t object, Version lwm2m) {
    struct Core {
        std::uint16_t object;
        Version in_1_1, in_1_2;
    };
    // Core 1.1.1 and 1.2.1, Appendix E. LwM2M 1.0 knows no versions of objects: all are 1.0. Not listed: 1.0 in all of
    // them.
    static constexpr std::array<Core, 7> core{{
        {0, {1, 1}, {1, 2}},
        {1, {1, 1}, {1, 2}},
        {2, {1, 0}, {1, 1}},
        {3, {1, 1}, {1, 2}},
        {4, {1, 2}, {1, 3}},
        {5, {1, 0}, {1, 1}},
        {21, {1, 0}, {2, 0}},
    }};
    if (lwm2m <= Version{1, 0}) return {};
    for (const Core& entry : core) {
        if (entry.object == object) return lwm2m < Version{1, 2} ? entry.in_1_1 : entry.in_1_2;
    }
    return {};
}

ObjectSelection::ObjectSelection(const ObjectRegistry& registry, const VersionChoice& choice)
    : registry_(&registry), lwm2m_(choice.lwm2m) {
    for (const std::uint16_t id : registry.objects()) {
        const auto known = registry.versions(id);
        const auto stated = std::find_if(choice.stated.begin(), choice.stated.end(),
                                         [id](const auto& entry) { return entry.first == id; });
        const ObjectModel* model = nullptr;
        if (stated != choice.stated.end()) {
            model = nearest_version(known, stated->second);
        } else if (choice.unstated == VersionChoice::Unstated::standard) {
            model = nearest_version(known, default_version(id, choice.lwm2m));
        }
        if (model == nullptr && stated == choice.stated.end()) model = known.back();
        if (model != nullptr) models_.push_back(model);
    }
}

const ObjectModel* ObjectSelection::object(std::uint16_t id) const {
    const auto at = std::lower_bound(models_.begin(), models_.end(), id,
                                     [](const ObjectModel* model, std::uint16_t wanted) { return model->id < wanted; });
    return at != models_.end() && (*at)->id == id ? *at : nullptr;
}

const ResourceModel* ObjectSelection::resource(const Path& path) const {
    if (path.depth < 3) return nullptr;
    const ObjectModel* const model = object(path.object());
    return model == nullptr ? nullptr : model->find(path.resource());
}

Type ObjectSelection::type_of(const Path& path) const {
    const ResourceModel* const model = resource(path);
    return model == nullptr ? Type::none : model->type;
}

bool ObjectSelection::is_multiple(const Path& path) const {
    const ResourceModel* const model = resource(path);
    return model != nullptr && model->multiple;
}

NameResult<std::uint16_t> ObjectSelection::resource(std::uint16_t object_id, std::string_view name_or_id) const {
    if (const auto id = as_id(name_or_id)) return *id;
    const ObjectModel* const model = object(object_id);
    if (model == nullptr) {
        return tl::unexpected(NameError{
            fmt::format("object {} is not known, so its resources go by number, not by \"{}\"", object_id, name_or_id),
            0,
            {}});
    }
    if (const ResourceModel* const found = model->find(name_or_id)) return found->id;
    std::vector<std::string> keys;
    for (const ResourceModel& known : model->resources) keys.push_back(known.key);
    const std::string what = fmt::format("resource of {} (object {}, version {})", registry_->key(object_id), object_id,
                                         to_string(model->version));
    return tl::unexpected(no_such(what, name_or_id, keys));
}

NameResult<Path> ObjectSelection::path(std::string_view text) const {
    if (text == "/") return Path{};
    Path path;
    std::size_t at = text.starts_with('/') ? 1 : 0;
    while (true) {
        const std::size_t end = std::min(text.find('/', at), text.size());
        const std::string_view part = text.substr(at, end - at);
        if (part.empty())
            return tl::unexpected(NameError{"a path is written as /3/0/9 or device/0/battery_level", at, {}});
        if (path.depth == 4) return tl::unexpected(NameError{"a path has four levels at most", at, {}});
        auto id = [&]() -> NameResult<std::uint16_t> {
            if (path.depth == 0) return registry_->object(part);
            if (path.depth == 2) return resource(path.object(), part);
            if (const auto number = as_id(part)) return *number;
            return tl::unexpected(NameError{fmt::format("an instance goes by number, not by \"{}\"", part), 0, {}});
        }();
        if (!id) {
            id.error().offset += at;
            return tl::unexpected(std::move(id.error()));
        }
        path = path.child(*id);
        if (end == text.size()) return path;
        at = end + 1;
    }
}

std::string ObjectSelection::named(const Path& path) const {
    if (path.depth == 0) return "/";
    std::string text = registry_->key(path.object());
    for (std::uint8_t level = 1; level < path.depth; ++level) {
        const ResourceModel* const model = level == 2 ? resource(path) : nullptr;
        text += '/' + (model != nullptr ? model->key : std::to_string(path.ids[level]));
    }
    return text;
}

}  // namespace lwm2m
