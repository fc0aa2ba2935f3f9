// DeviceTree: the objects of one device at one moment: those of its profile, as changed since; and the attributes that
// one of its servers has set.
#pragma once

#include <span>

#include "simulator/fleet/behaviour.h"
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
          link_(link),
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
    struct AfterAnswer {
        bool factory_reset = false;
        std::optional<base::Duration> reboot;  // how long the device is away
    };
    AfterAnswer after_answer;

    // For behaviours (behaviour.h).
    Turn& turn() const { return turn_; }
    DeviceId id() const { return id_; }
    LinkId link() const { return link_; }  // to the server that asks
    const profiles::ResolvedProfile& profile() const { return *state_.profile; }
    // After the answer the server whose object instance that is hears of its new lifetime or binding, gets an Update,
    // or is left alone for its disable timeout.
    void server_written(const lwm2m::Path& resource);
    void update_wanted(const lwm2m::Path& server);
    void disable(const lwm2m::Path& server);
    // Is the value at that resource or resource instance the device's own to work out, or a generator's? Neither when
    // it was written since.
    bool is_computed(const lwm2m::Path& path) const;
    bool is_generated(const lwm2m::Path& path) const;
    // Sets a value without asking the behaviour: its own writes.
    coap::Code keep(const lwm2m::Path& path, const lwm2m::ValueView& value);
    // The values below an instance are as the profile says again.
    void restore(const lwm2m::Path& instance);
    // A number that the behaviour remembers at a path, which goes with it. No server sees it; but in an instance that a
    // server has created the resource is there then, and computed.
    std::optional<std::uint64_t> note(const lwm2m::Path& path) const;
    coap::Code set_note(const lwm2m::Path& path, std::uint64_t number);
    // What was measured of the value at a path; null for what is not remembered. It is no change of the tree.
    const Tally* tally(const lwm2m::Path& path) const;
    bool keep_tally(const lwm2m::Path& path, const Tally& tally) const;
    // When the value came about, of one that is sampled; now of any other.
    base::Time sampled(const lwm2m::Path& path) const;
    // A number as the resource at `path` has it.
    lwm2m::ValueView in_type(const lwm2m::Path& path, double number) const;
    // What is at or below `path` may have another value as a consequence: observations look at it after the answer.
    void touch(const lwm2m::Path& path);
    std::span<const lwm2m::Path> touched() const { return {touched_.data(), touched_count_}; }

    // Gives back all that the device has changed: it is as its profile says again.
    static void forget_changes(Turn& turn, Device& device);
    // Only what the link's server has set by Write-Attributes: attributes belong to the registration.
    static void forget_attributes(Turn& turn, LinkId link);

private:
    const Behaviour* behaviour_at(const lwm2m::Path& path) const;
    lwm2m::ValueView computed(const lwm2m::Path& path) const;
    base::Time next_computed(const lwm2m::Path& path, const lwm2m::Path& observed) const;
    const profiles::ResolvedResource* unwritten(const lwm2m::Path& path) const;
    const Change* find_change(const lwm2m::Path& path, Change::Kind kind) const;
    bool hidden(const lwm2m::Path& path) const;
    bool in_profile(const lwm2m::Path& path) const;
    lwm2m::ValueView value_of(const Change& change) const;
    coap::Code remember(const Change& change) const;
    void drop_below(const lwm2m::Path& path);
    void object_list_changed();
    void ask_for_update(Link& link);
    template <class F>
    void for_each_link(F&& act) const;

    Turn& turn_;
    LinkId link_;
    DeviceId id_;
    Device& device_;
    std::uint8_t server_;
    ProfileState& state_;
    std::array<lwm2m::Path, 8> touched_{};
    std::size_t touched_count_ = 0;
};

}  // namespace fleet
