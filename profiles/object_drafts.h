// ObjectDrafts: the object tree of a profile while it is put together: what each resource holds, and who said so.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "profiles/diagnostics.h"
#include "profiles/object_models.h"
#include "profiles/resolved_profile.h"

namespace profiles {

// One resource of one instance.
struct ResourceDraft {
    const lwm2m::ResourceModel* model = nullptr;
    std::vector<ResolvedResource>
        resources;                         // one, or one an instance of a multiple resource; paths are set at the end
    std::vector<std::uint16_t> instances;  // ids of those, for a multiple resource
    std::string file;                      // where it was said; empty: filled in
};
using InstanceDraft = std::map<std::uint16_t, ResourceDraft>;  // by resource id

class ObjectDrafts {
public:
    // Both must outlive it.
    ObjectDrafts(const ObjectModels& models, Diagnostics& diagnostics) : models_(models), diagnostics_(diagnostics) {}

    const std::map<lwm2m::Path, InstanceDraft>& instances() const { return instances_; }
    bool contains(const lwm2m::Path& instance) const { return instances_.contains(instance); }
    // The number that a single resource has; none without it, or where it has a generator.
    std::optional<double> number_at(const lwm2m::Path& instance, std::uint16_t resource) const;
    // The first instance of the object that is not there.
    lwm2m::Path free_instance(std::uint16_t object) const;

    void add_instance(const lwm2m::Path& instance) { instances_.try_emplace(instance); }
    // Puts the drafts of one YAML entry into the tree. What a profile says of a resource takes the place of what the
    // one that it extends said by another name; in one file it is an error to say it twice.
    void lay(const lwm2m::Path& instance, const InstanceDraft& drafts, const Place& place);
    // Puts in a resource that nobody gave; where somebody did, nothing happens.
    void fill_in(const lwm2m::Path& instance, std::uint16_t resource, ResourceDraft draft);
    // The same with a plain value, where the object has the resource.
    void provide(const lwm2m::Path& instance, std::uint16_t resource, std::string_view text);
    void set_computed(const lwm2m::Path& instance, std::uint16_t resource, bool computed);

    // `without:`: what the instance does not have though it would come by itself.
    void leave_out(const lwm2m::Path& instance, std::span<const std::uint16_t> resources);
    bool is_left_out(const lwm2m::Path& instance, std::uint16_t resource) const;

    // Too many are reported once.
    void check_count(const Place& place);

    // In the order of their paths the drafts become the tables that devices work on. They are used up.
    void emit(ResolvedProfile& profile);

private:
    const ObjectModels& models_;
    Diagnostics& diagnostics_;
    std::map<lwm2m::Path, InstanceDraft> instances_;
    std::map<lwm2m::Path, std::set<std::uint16_t>> left_out_;
    std::size_t count_ = 0;  // resources in all drafts
    bool too_many_ = false;
};

// A resource of that model without a value.
ResolvedResource blank_resource(const lwm2m::ResourceModel& model);
// A draft with that value for its one instance.
ResourceDraft draft_of(const lwm2m::ResourceModel& model, lwm2m::Value value);

}  // namespace profiles
