#include "profiles/object_drafts.h"

#include <fmt/format.h>

#include "profiles/resolve.h"
#include "profiles/value_text.h"

namespace profiles {

using lwm2m::ObjectModel;
using lwm2m::Path;
using lwm2m::ResourceModel;

ResolvedResource blank_resource(const ResourceModel& model) {
    ResolvedResource resource;
    resource.type = model.type;
    resource.operations = model.operations;
    resource.multiple = model.multiple;
    return resource;
}

ResourceDraft draft_of(const ResourceModel& model, lwm2m::Value value) {
    ResourceDraft draft;
    draft.model = &model;
    draft.resources.push_back(blank_resource(model));
    draft.resources.back().value = std::move(value);
    if (model.multiple) draft.instances.push_back(0);
    return draft;
}

std::optional<double> ObjectDrafts::number_at(const Path& instance, std::uint16_t resource) const {
    const auto drafts = instances_.find(instance);
    if (drafts == instances_.end()) return std::nullopt;
    const auto found = drafts->second.find(resource);
    if (found == drafts->second.end() || found->second.resources.front().generator >= 0) return std::nullopt;
    return lwm2m::to_number(found->second.resources.front().value.view());
}

Path ObjectDrafts::free_instance(std::uint16_t object) const {
    Path path(object, 0);
    while (instances_.contains(path)) ++path.ids[1];
    return path;
}

void ObjectDrafts::lay(const Path& instance, const InstanceDraft& drafts, const Place& place) {
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

void ObjectDrafts::fill_in(const Path& instance, std::uint16_t resource, ResourceDraft draft) {
    const std::size_t count = draft.resources.size();
    if (instances_[instance].try_emplace(resource, std::move(draft)).second) count_ += count;
}

void ObjectDrafts::provide(const Path& instance, std::uint16_t resource, std::string_view text) {
    const ObjectModel* object = models_.find(instance.object());
    const ResourceModel* model = object == nullptr ? nullptr : object->find(resource);
    if (model == nullptr || instances_[instance].contains(resource)) return;
    auto value = read_value(text, model->type);
    fill_in(instance, resource, draft_of(*model, value ? *std::move(value) : lwm2m::Value{}));
}

void ObjectDrafts::set_computed(const Path& instance, std::uint16_t resource, bool computed) {
    const auto at = instances_.find(instance);
    if (at == instances_.end()) return;
    if (const auto found = at->second.find(resource); found != at->second.end()) {
        found->second.resources.front().computed = computed;
    }
}

void ObjectDrafts::leave_out(const Path& instance, std::span<const std::uint16_t> resources) {
    if (!resources.empty()) left_out_[instance].insert(resources.begin(), resources.end());
}

bool ObjectDrafts::is_left_out(const Path& instance, std::uint16_t resource) const {
    const auto found = left_out_.find(instance);
    return found != left_out_.end() && found->second.contains(resource);
}

void ObjectDrafts::check_count(const Place& place) {
    if (count_ <= resource_cap || too_many_) return;
    too_many_ = true;
    diagnostics_.error(place, fmt::format("more than {} resources in the profile", resource_cap));
}

void ObjectDrafts::emit(ResolvedProfile& profile) {
    if (count_ > resource_cap) return;
    for (auto& [path, drafts] : instances_) {
        const ObjectModel* model = models_.find(path.object());
        if (model == nullptr) continue;
        if (profile.objects.empty() || profile.objects.back().id != path.object()) {
            profile.objects.push_back({path.object(), model, static_cast<std::uint32_t>(profile.instances.size()), 0});
        }
        ++profile.objects.back().instance_count;
        ResolvedInstance instance{path, static_cast<std::uint32_t>(profile.resources.size()), 0};
        for (auto& [id, draft] : drafts) {
            for (std::size_t i = 0; i < draft.resources.size(); ++i) {
                ResolvedResource resource = std::move(draft.resources[i]);
                resource.path = path.child(id);
                if (i < draft.instances.size()) resource.path = resource.path.child(draft.instances[i]);
                profile.resources.push_back(std::move(resource));
            }
        }
        instance.resource_count = static_cast<std::uint32_t>(profile.resources.size()) - instance.first_resource;
        profile.instances.push_back(instance);
    }
}

}  // namespace profiles
