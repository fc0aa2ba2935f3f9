// DeviceTree: the objects of one device at one moment: those of its profile, as changed since.
#pragma once

#include <span>

#include "simulator/fleet/turn.h"
#include "simulator/lwm2m/attributes.h"
#include "simulator/lwm2m/object_tree.h"

namespace fleet {

// A short-lived view; made for one request or notification.
class DeviceTree final : public lwm2m::ObjectTree, public lwm2m::AttributeStore {
public:
    DeviceTree(Turn& turn, DeviceId id)
        : turn_(turn), id_(id), device_(turn.pool[id]), state_(turn.pool.profile_of(device_)) {}

    const lwm2m::ObjectModel* object(std::uint16_t id) const override;
    bool exists(const lwm2m::Path& path) const override;
    void children(const lwm2m::Path& path, std::vector<std::uint16_t>& ids) const override;
    lwm2m::ValueView read(const lwm2m::Path& path) const override;
    coap::Code write(const lwm2m::Path& path, const lwm2m::ValueView& value) override;
    coap::Code create(const lwm2m::Path& instance) override;
    coap::Code remove(const lwm2m::Path& path) override;
    coap::Code execute(const lwm2m::Path& path, std::string_view arguments) override;

    const lwm2m::Attributes* find(const lwm2m::Path& path) const override;
    bool set(const lwm2m::Path& path, const lwm2m::Attributes& attributes) override;

    // The first moment after now at which something at or below `path` may change by itself; base::never if nothing
    // does.
    base::Time next_change(const lwm2m::Path& path) const;
    // The first moment after now at which the number at exactly `path` may have come past one of the thresholds, from
    // at or below it to above or back.
    base::Time next_passing(const lwm2m::Path& path, std::span<const double> thresholds) const;

    // What the operations have asked of the device beyond its objects; to be done after the answer has gone out.
    bool wants_update() const { return wants_update_; }
    std::optional<base::Duration> wants_reboot() const { return wants_reboot_; }

    // Gives back all that the device has changed: it is as its profile says again.
    static void forget_changes(Turn& turn, Device& device);
    // Only what Write-Attributes has set: attributes belong to the registration.
    static void forget_attributes(Turn& turn, Device& device);

private:
    const profiles::ResolvedProfile& profile() const { return *state_.profile; }
    const Change* find_change(const lwm2m::Path& path, Change::Kind kind) const;
    bool hidden(const lwm2m::Path& path) const;
    bool in_profile(const lwm2m::Path& path) const;
    lwm2m::ValueView value_of(const Change& change) const;
    coap::Code remember(const Change& change);
    void drop_below(const lwm2m::Path& path);
    void object_list_changed();

    Turn& turn_;
    DeviceId id_;
    Device& device_;
    ProfileState& state_;
    bool wants_update_ = false;
    std::optional<base::Duration> wants_reboot_;
};

}  // namespace fleet
