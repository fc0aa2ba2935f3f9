#include "simulator/server/firmware_campaign.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "simulator/base/random.h"

namespace server {
namespace {

using Refusal = tl::unexpected<std::string>;

Bodies::Memory memory_of(std::string_view text) {
    return std::make_shared<const std::vector<std::uint8_t>>(text.begin(), text.end());
}

// Core 1.1.1, 7.4.3: resource 1 with a value of up to 255 bytes.
std::string uri_as_tlv(std::string_view uri) {
    std::string tlv{static_cast<char>(0xc8), 0x01, static_cast<char>(uri.size())};
    return tlv.append(uri);
}

}  // namespace

FirmwareCampaigns::FirmwareCampaigns(Parts parts, std::uint32_t capacity)
    : parts_(std::move(parts)), members_(capacity), names_(capacity) {}

// ---- campaigns

FirmwareCampaigns::Campaign* FirmwareCampaigns::find(std::uint32_t id) {
    const auto found =
        std::find_if(campaigns_.begin(), campaigns_.end(), [&](const auto& one) { return one.id == id; });
    return id == 0 || found == campaigns_.end() ? nullptr : &*found;
}
const FirmwareCampaigns::Campaign* FirmwareCampaigns::find(std::uint32_t id) const {
    return const_cast<FirmwareCampaigns*>(this)->find(id);  // NOLINT: nothing is changed
}

// A free place, or that of the oldest campaign that is over; null when all run.
FirmwareCampaigns::Campaign* FirmwareCampaigns::make_place() {
    if (campaigns_.size() < max_campaigns) return &campaigns_.emplace_back();
    Campaign* oldest = nullptr;
    for (auto& one : campaigns_) {
        if (!one.running && (oldest == nullptr || one.id < oldest->id)) oldest = &one;
    }
    if (oldest != nullptr) forget(*oldest);
    return oldest;
}

void FirmwareCampaigns::forget(Campaign& campaign) {
    for (const auto index : campaign.members) {
        Member& member = members_[index];
        parts_.figures.campaign_devices[metrics::index(member.state)][metrics::index(member.result)].add(-1);
        names_.release(member.name);
        members_.give_back(index);
    }
    campaign = {};
}

std::string FirmwareCampaigns::check(const profiles::CampaignSpec& spec) const {
    if (parts_.store.find(spec.image) == nullptr) return "there is no image '" + spec.image + "'";
    if (spec.mode == profiles::CampaignSpec::Mode::pull && spec.uri.empty() && parts_.uri.empty()) {
        return "the address of the server is not known: give the uri that devices can reach";
    }
    const auto& known = parts_.actions.profiles;
    const auto named = [&](const auto& profile) { return profile.first == spec.profile; };
    if (!spec.profile.empty() && std::none_of(known.begin(), known.end(), named)) {
        return "no profile '" + spec.profile + "' is known here: name the devices by endpoint";
    }
    return {};
}

std::string FirmwareCampaigns::pattern(const profiles::CampaignSpec& spec) const {
    for (const auto& [name, pattern] : parts_.actions.profiles) {
        if (name == spec.profile) return pattern;
    }
    return "*";
}

tl::expected<std::uint32_t, std::string> FirmwareCampaigns::start(base::Time now, const profiles::CampaignSpec& spec) {
    if (auto wrong = check(spec); !wrong.empty()) return Refusal(std::move(wrong));
    Campaign* place = make_place();
    if (place == nullptr) return Refusal("32 campaigns are running already");
    Campaign& campaign = *place;
    campaign.spec = spec;
    if (campaign.spec.mode == profiles::CampaignSpec::Mode::pull && spec.uri.empty()) {
        campaign.spec.uri = parts_.uri + "/" + std::string(FirmwareStore::folder) + "/" + spec.image;
    }
    campaign.id = ++last_id_;
    campaign.started = campaign.ended = now;
    if (!select(campaign, static_cast<std::uint8_t>(place - campaigns_.data()))) {
        for (const auto index : campaign.members) by_key_.erase(members_[index].key);
        for (const auto index : campaign.members) {
            if (members_[index].client != base::no_index)
                parts_.registry[members_[index].client].member = base::no_index;
        }
        forget(campaign);
        return Refusal("there is no room for so many devices: earlier campaigns are still remembered");
    }
    campaign.running = true;
    FirmwareImage& image = *parts_.store.find(spec.image);
    ++image.users;
    keep_bodies(campaign, image);
    const auto id = campaign.id;
    begin_more(now, campaign);
    settle(now, campaign);
    return id;
}

// Who is meant. False when there is no room for all.
bool FirmwareCampaigns::select(Campaign& campaign, std::uint8_t place) {
    const auto& spec = campaign.spec;
    const auto in_share = [&](std::string_view endpoint) {
        return spec.share >= 1 || base::to_unit(base::mix(profiles::device_key(endpoint) + campaign.id)) < spec.share;
    };
    if (!spec.endpoints.empty()) {
        for (const auto& endpoint : spec.endpoints) {
            const auto client = parts_.registry.find_endpoint(endpoint);
            if (in_share(endpoint) && !add(campaign, place, endpoint, client)) return false;
        }
        return true;
    }
    const auto of_profile = pattern(spec);
    const auto& named = spec.endpoint.empty() ? std::string("*") : spec.endpoint;
    for (ClientIndex client = 0; client < parts_.registry.places(); ++client) {
        if (!parts_.registry[client].is_registered()) continue;
        const auto endpoint = parts_.registry.endpoint(client);
        if (!profiles::fits(named, endpoint) || !profiles::fits(of_profile, endpoint) || !in_share(endpoint)) continue;
        if (!add(campaign, place, endpoint, client)) return false;
    }
    return true;
}

bool FirmwareCampaigns::add(Campaign& campaign, std::uint8_t place, std::string_view endpoint, ClientIndex client) {
    const auto key = profiles::device_key(endpoint);
    if (by_key_.find(key) != nullptr) {
        ++campaign.left_out;
        return true;
    }
    const auto index = members_.take();
    if (index == base::no_index) return false;
    Member& member = members_[index];
    member.key = key;
    member.name = names_.keep(base::as_bytes(endpoint));
    member.client = client;
    member.campaign = place;
    by_key_.insert(key, index);
    if (client != base::no_index) parts_.registry[client].member = index;
    campaign.members.push_back(index);
    ++campaign.by_state[metrics::index(member.state)];
    parts_.figures.campaign_devices[metrics::index(member.state)][metrics::index(member.result)].add();
    return true;
}

void FirmwareCampaigns::keep_bodies(Campaign& campaign, FirmwareImage& image) {
    using lwm2m::ContentFormat;
    const auto szx = static_cast<std::uint8_t>(std::bit_width(campaign.spec.block) - 5);
    const auto keep = [&](Bodies::Memory memory, ContentFormat format) {
        const base::Bytes bytes = *memory;
        return parts_.bodies.keep({std::move(memory), bytes, format, szx});
    };
    if (campaign.spec.mode == profiles::CampaignSpec::Mode::push) {
        campaign.package = parts_.bodies.keep({image.memory, image.bytes, ContentFormat::opaque, szx});
        campaign.package_tlv = parts_.bodies.keep({image.memory, image.as_tlv, ContentFormat::tlv, szx});
    } else {
        campaign.package = keep(memory_of(campaign.spec.uri), ContentFormat::text);
        campaign.package_tlv = keep(memory_of(uri_as_tlv(campaign.spec.uri)), ContentFormat::tlv);
    }
    campaign.reset = keep(memory_of(std::string_view("\0", 1)), ContentFormat::opaque);
    campaign.reset_tlv = keep(memory_of(uri_as_tlv("")), ContentFormat::tlv);
}

void FirmwareCampaigns::drop_bodies(Campaign& campaign) {
    for (auto* body : {&campaign.package, &campaign.package_tlv, &campaign.reset, &campaign.reset_tlv}) {
        if (*body != base::no_index) parts_.bodies.drop(std::exchange(*body, base::no_index));
    }
    if (auto* image = parts_.store.find(campaign.spec.image)) --image->users;
}

bool FirmwareCampaigns::stop(base::Time now, std::uint32_t id, std::string why) {
    Campaign* campaign = find(id);
    if (campaign == nullptr || !campaign->running) return false;
    campaign->stopped = std::move(why);
    cancel_pending(*campaign);
    for (const auto index : campaign->members) {
        if (!is_over(members_[index].state)) end(now, index, CampaignState::cancelled, CampaignResult::initial);
    }
    settle(now, *campaign);
    return true;
}

// Those that were not begun will not be.
void FirmwareCampaigns::cancel_pending(Campaign& campaign) {
    for (; campaign.next < campaign.members.size(); ++campaign.next) {
        const auto index = campaign.members[campaign.next];
        Member& member = members_[index];
        by_key_.erase(member.key);
        if (member.client != base::no_index) parts_.registry[member.client].member = base::no_index;
        member.phase = Phase::over;
        move(member, CampaignState::cancelled, CampaignResult::initial);
    }
}

// As many as the wave and the number at one time allow.
void FirmwareCampaigns::begin_more(base::Time now, Campaign& campaign) {
    // One that ends as soon as it has begun comes back here.
    if (!campaign.running || campaign.beginning) return;
    campaign.beginning = true;
    const auto all = static_cast<double>(campaign.members.size());
    double allowed = all;
    if (campaign.spec.hourly > 0) {
        allowed = 1 + std::floor(base::seconds(now - campaign.started) / 3600 * campaign.spec.hourly * all);
    }
    while (campaign.next < campaign.members.size() && campaign.active < campaign.spec.at_once &&
           static_cast<double>(campaign.next) < allowed) {
        const auto index = campaign.members[campaign.next++];
        ++campaign.active;
        begin(now, index);
    }
    campaign.beginning = false;
    const bool waits = campaign.next < campaign.members.size() && campaign.active < campaign.spec.at_once;
    if (!waits || campaign.timer != base::no_index) return;
    const double next = static_cast<double>(campaign.next) / (campaign.spec.hourly * all) * 3600;
    const auto due = std::max(campaign.started + base::from_seconds(next), now + std::chrono::milliseconds(1));
    campaign.timer =
        parts_.timers.arm(due, {parts_.wave_timer, static_cast<std::uint32_t>(&campaign - campaigns_.data())});
}

void FirmwareCampaigns::on_wave_timer(base::Time now, std::uint32_t place) {
    campaigns_[place].timer = base::no_index;
    begin_more(now, campaigns_[place]);
    settle(now, campaigns_[place]);
}

// Is it over, or has too much failed?
void FirmwareCampaigns::settle(base::Time now, Campaign& campaign) {
    if (!campaign.running) return;
    const auto of = [&](CampaignState state) { return campaign.by_state[metrics::index(state)]; };
    const auto failed = of(CampaignState::failed) + of(CampaignState::unreachable);
    const double limit = campaign.spec.stop_on_failures * static_cast<double>(campaign.members.size());
    if (static_cast<double>(failed) > limit && campaign.next < campaign.members.size()) {
        campaign.stopped = "more devices failed than it may cost";
        cancel_pending(campaign);
    }
    if (campaign.active > 0 || campaign.next < campaign.members.size()) return;
    campaign.running = false;
    campaign.ended = now;
    parts_.timers.cancel(campaign.timer);
    drop_bodies(campaign);
}

// ---- what is known

CampaignInfo FirmwareCampaigns::info(base::Time now, const Campaign& campaign) const {
    CampaignInfo info;
    info.id = campaign.id;
    info.spec = campaign.spec;
    info.running = campaign.running;
    info.stopped = campaign.stopped;
    info.started = now - campaign.started;
    if (!campaign.running) info.lasted = campaign.ended - campaign.started;
    info.devices = static_cast<std::uint32_t>(campaign.members.size());
    info.left_out = campaign.left_out;
    info.by_state = campaign.by_state;
    info.by_result = campaign.by_result;
    return info;
}

std::vector<CampaignInfo> FirmwareCampaigns::list(base::Time now) const {
    std::vector<CampaignInfo> all;
    for (const auto& campaign : campaigns_) {
        if (campaign.id != 0) all.push_back(info(now, campaign));
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return all;
}

std::optional<CampaignInfo> FirmwareCampaigns::describe(base::Time now, std::uint32_t id) const {
    const auto* campaign = find(id);
    return campaign == nullptr ? std::nullopt : std::optional(info(now, *campaign));
}

std::optional<CampaignDevices> FirmwareCampaigns::devices(std::uint32_t id, std::optional<CampaignState> state,
                                                          std::uint32_t cursor, std::uint32_t limit) const {
    const auto* campaign = find(id);
    if (campaign == nullptr) return std::nullopt;
    CampaignDevices page;
    auto at = std::min<std::size_t>(cursor, campaign->members.size());
    for (; at < campaign->members.size() && page.devices.size() < limit; ++at) {
        const Member& member = members_[campaign->members[at]];
        if (state && member.state != *state) continue;
        page.devices.push_back(
            {std::string(base::as_text(names_.view(member.name))), member.state, member.result, member.tries + 1u});
    }
    if (at < campaign->members.size()) page.next = static_cast<std::uint32_t>(at);
    return page;
}

}  // namespace server
