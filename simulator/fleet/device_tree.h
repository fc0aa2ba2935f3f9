// DeviceTree: the objects of one device at one moment: those of its profile, as changed since; and the attributes that
// one of its servers has set.
#pragma once

#include <span>

#include "simulator/fleet/turn.h"
#include "simulator/lwm2m/attributes.h"
#include "simulator/lwm2m/object_tree.h"

namespace fleet {

// A short-lived view; made for one request or notification.
class DeviceTree final : public lwm2m::ObjectTree, public lwm2m::AttributeStore {
public:
    // As the server at the end of `link` sees it.
    DeviceTree(Turn& turn, LinkId link)
        : turn_(turn),
          id_(turn.pool.device_of(link)),
          device_(turn.pool[id_]),
          server_(turn.pool.link(link).server),
          state_(turn.pool.profile_of(device_)) {}

    const lwm2m::ObjectModel* object(std::uint16_t id) const override;
    bool exists(const lwm2m::Path& path) const override;
    std::optional<std::uint16_t> server() const override;
    void children(const lwm2m::Path& path, std::vector<std::uint16_t>& ids) const override;
    lwm2m::ValueView read(const lwm2m::Path& path) const override;
    coap::Code accepts(const lwm2m::Path& path, const lwm2m::ValueView& value) const override;
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

    // What a server or the device itself has written there since the start; none where nobody has.
    std::optional<double> written_number(const lwm2m::Path& path) const;
    // Is anything other than its profile says?
    bool has_changes() const { return device_.changes != base::no_index; }

    // What the operations have asked of the device beyond its objects; to be done after the answer has gone out.
    // Updates are asked for on the links (Link::update_due).
    std::optional<base::Duration> wants_reboot() const { return wants_reboot_; }

    // Gives back all that the device has changed: it is as its profile says again.
    static void forget_changes(Turn& turn, Device& device);
    // Only what the link's server has set by Write-Attributes: attributes belong to the registration.
    static void forget_attributes(Turn& turn, LinkId link);

private:
    const profiles::ResolvedProfile& profile() const { return *state_.profile; }
    const Change* find_change(const lwm2m::Path& path, Change::Kind kind) const;
    bool hidden(const lwm2m::Path& path) const;
    bool in_profile(const lwm2m::Path& path) const;
    lwm2m::ValueView value_of(const Change& change) const;
    coap::Code remember(const Change& change);
    void drop_below(const lwm2m::Path& path);
    void object_list_changed();
    void server_written(const lwm2m::Path& resource);
    void ask_for_update(Link& link);
    template <class F>
    void for_each_link(F&& act) const;

    Turn& turn_;
    DeviceId id_;
    Device& device_;
    std::uint8_t server_;
    ProfileState& state_;
    std::optional<base::Duration> wants_reboot_;
};

}  // namespace fleet
