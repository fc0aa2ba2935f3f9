// What one device of a campaign goes through: asked, given the package, told to install it, and looked at afterwards.
#include <utility>

#include "simulator/server/firmware_campaign.h"

namespace server {
namespace {

using metrics::ServerRequest;
using Outcome = CommandResult::Outcome;

constexpr std::uint16_t firmware = 5;
constexpr lwm2m::Path package_path{firmware, 0, 0};
constexpr lwm2m::Path uri_path{firmware, 0, 1};
constexpr lwm2m::Path update_path{firmware, 0, 2};
constexpr lwm2m::Path state_path{firmware, 0, 3};
constexpr lwm2m::Path result_path{firmware, 0, 5};
constexpr lwm2m::Path package_version_path{firmware, 0, 7};
constexpr lwm2m::Path device_version_path{3, 0, 3};

// 5/0/3 and 5/0/5 (Core 1.1.1, E.6).
constexpr std::uint8_t idle = 0, downloading = 1, downloaded = 2, updating = 3;
constexpr std::uint8_t success = 1, deferred = 11;

// 2 to 10: what a device says when an update has come to nothing.
bool is_failure(std::uint8_t result) { return result > success && result < deferred; }

CampaignResult result_of(std::uint8_t device_result) { return static_cast<CampaignResult>(device_result); }

std::uint32_t whole_seconds(base::Time time) {
    return static_cast<std::uint32_t>(time.time_since_epoch() / std::chrono::seconds(1));
}

}  // namespace

void FirmwareCampaigns::move(Member& member, CampaignState state, CampaignResult result) {
    Campaign& campaign = campaign_of(member);
    auto& devices = parts_.figures.campaign_devices;
    devices[metrics::index(member.state)][metrics::index(member.result)].add(-1);
    devices[metrics::index(state)][metrics::index(result)].add();
    --campaign.by_state[metrics::index(member.state)];
    ++campaign.by_state[metrics::index(state)];
    if (is_over(state)) ++campaign.by_result[metrics::index(result)];
    member.state = state;
    member.result = result;
}

void FirmwareCampaigns::arm(base::Time now, std::uint32_t index) {
    Member& member = members_[index];
    parts_.timers.cancel(member.timer);
    member.timer = parts_.timers.arm(now + campaign_of(member).spec.poll, {parts_.member_timer, index});
    if (member.timer == base::no_index) parts_.figures.drops[metrics::index(metrics::Drop::no_slot)].add();
}

// Does the device read that format (Transport 1.1.1, 6.4.5)? `unsaid`: what holds where it did not say.
bool FirmwareCampaigns::reads(const Member& member, lwm2m::ContentFormat format, bool unsaid) const {
    const auto& formats = parts_.lists[parts_.registry[member.client].objects].formats;
    return formats.empty() ? unsaid : std::find(formats.begin(), formats.end(), format) != formats.end();
}

void FirmwareCampaigns::ask(base::Time now, std::uint32_t index, Phase phase, ServerRequest kind, lwm2m::Path path,
                            std::uint32_t body) {
    Member& member = members_[index];
    member.phase = phase;
    ++member.step;
    Request request;
    request.kind = kind;
    request.path = path;
    request.client = member.client;
    request.body = body;
    request.member = index;
    request.step = member.step;
    request.intended = now;
    const auto client = member.client;
    // What finds no room is asked again at the next poll.
    member.asked = parts_.downlink.enqueue(request);
    if (member.asked) parts_.downlink.pump(now, client);
}

// A try, the first or a further one.
void FirmwareCampaigns::begin(base::Time now, std::uint32_t index) {
    Member& member = members_[index];
    member.begun = whole_seconds(now);
    member.executed = member.silent = false;
    member.device_state = member.device_result = 0;
    move(member, CampaignState::preparing, CampaignResult::initial);
    arm(now, index);
    observe(now, index);
}

void FirmwareCampaigns::observe(base::Time now, std::uint32_t index) {
    Member& member = members_[index];
    if (member.client == base::no_index) {
        member.phase = Phase::registration;
        return;
    }
    const Client& client = parts_.registry[member.client];
    if (!parts_.lists[client.objects].has(lwm2m::Path(firmware, 0))) {
        return end(now, index, CampaignState::failed, CampaignResult::no_object);
    }
    ask(now, index, Phase::state, ServerRequest::observe, state_path);
}

void FirmwareCampaigns::transfer(base::Time now, std::uint32_t index) {
    Member& member = members_[index];
    const Campaign& campaign = campaign_of(member);
    member.device_result = 0;  // Core 1.1.1, E.6: a download begins with the initial value
    move(member, CampaignState::transferring, CampaignResult::initial);
    const bool push = campaign.spec.mode == profiles::CampaignSpec::Mode::push;
    // In 1.0 TLV is what every device reads.
    const bool later_than_10 = parts_.registry[member.client].lwm2m_minor > 0;
    const bool plain = reads(member, parts_.bodies[campaign.package].format, later_than_10) ||
                       !reads(member, lwm2m::ContentFormat::tlv, true);
    ask(now, index, Phase::transfer, ServerRequest::write, push ? package_path : uri_path,
        plain ? campaign.package : campaign.package_tlv);
}

// Back to Idle, by an empty Package URI or by a Package of a single NUL (Core 1.1.1, E.6).
void FirmwareCampaigns::reset(base::Time now, std::uint32_t index) {
    const Member& member = members_[index];
    const Campaign& campaign = campaign_of(member);
    const bool tlv = reads(member, lwm2m::ContentFormat::tlv, true);
    ask(now, index, Phase::reset, ServerRequest::write, tlv ? uri_path : package_path,
        tlv ? campaign.reset_tlv : campaign.reset);
}

void FirmwareCampaigns::execute(base::Time now, std::uint32_t index) {
    Member& member = members_[index];
    move(member, CampaignState::downloaded, CampaignResult::initial);
    member.executed = true;
    ask(now, index, Phase::execution, ServerRequest::execute, update_path);
}

void FirmwareCampaigns::on_registered(base::Time now, ClientIndex client) {
    if (by_key_.size() == 0) return;
    const auto* found = by_key_.find(profiles::device_key(parts_.registry.endpoint(client)));
    if (found == nullptr) return;
    const auto index = *found;
    Member& member = members_[index];
    member.client = client;
    parts_.registry[client].member = index;
    if (member.phase == Phase::pending || member.phase == Phase::pause) return;
    // Observations have gone with the registration before; where it stands is asked anew.
    member.silent = false;
    arm(now, index);
    observe(now, index);
    settle(now, campaign_of(member));
}

void FirmwareCampaigns::on_left(ClientIndex client) {
    const auto index = std::exchange(parts_.registry[client].member, base::no_index);
    if (index == base::no_index) return;
    Member& member = members_[index];
    member.client = base::no_index;
    member.asked = false;
    ++member.step;
    if (member.phase != Phase::pending && member.phase != Phase::pause) member.phase = Phase::registration;
}

void FirmwareCampaigns::on_member_timer(base::Time now, std::uint32_t index) {
    Member& member = members_[index];
    member.timer = base::no_index;
    Campaign& campaign = campaign_of(member);
    if (member.phase == Phase::pause) {
        begin(now, index);
        return settle(now, campaign);
    }
    const auto timeout = std::chrono::duration_cast<std::chrono::seconds>(campaign.spec.timeout).count();
    if (static_cast<std::int64_t>(whole_seconds(now)) - member.begun >= timeout) {
        if (member.client == base::no_index || member.silent) {
            end(now, index, CampaignState::unreachable, CampaignResult::timeout);
        } else {
            const bool later = member.device_result == deferred;
            fail(now, index, later ? CampaignResult::deferred : CampaignResult::timeout);
        }
        return settle(now, campaign);
    }
    arm(now, index);
    if (!member.asked) look(now, index);
    settle(now, campaign);
}

// Asks where the device stands, since it has not said so itself.
void FirmwareCampaigns::look(base::Time now, std::uint32_t index) {
    const Member& member = members_[index];
    switch (member.phase) {
        case Phase::pending:
        case Phase::registration:
        case Phase::pause:
        case Phase::over: return;
        case Phase::download:
        case Phase::update: return ask(now, index, member.phase, ServerRequest::read, result_path);
        case Phase::reason: return ask(now, index, Phase::reason, ServerRequest::read, result_path);
        case Phase::device_version:
            return ask(now, index, Phase::device_version, ServerRequest::read, device_version_path);
        case Phase::package_version:
            return ask(now, index, Phase::package_version, ServerRequest::read, package_version_path);
        case Phase::state:
        case Phase::result:
        case Phase::reset:
        case Phase::transfer:
        case Phase::execution: return observe(now, index);
    }
}

// ---- what comes back

void FirmwareCampaigns::handle_reports(base::Time now) {
    auto& reports = parts_.downlink.reports();
    while (!reports.empty()) {
        handling_.swap(reports);
        for (const auto& report : handling_) on_report(now, report);
        handling_.clear();
    }
}

void FirmwareCampaigns::learn(Member& member, const Report& report) {
    if (!report.number || *report.number < 0 || *report.number > 255) return;
    const auto number = static_cast<std::uint8_t>(*report.number);
    if (report.path == state_path) member.device_state = number;
    if (report.path == result_path) member.device_result = number;
}

void FirmwareCampaigns::on_report(base::Time now, const Report& report) {
    if (!members_.holds(report.member)) return;
    Member& member = members_[report.member];
    if (member.phase == Phase::over || member.phase == Phase::pending) return;
    Campaign& campaign = campaign_of(member);
    if (report.notified) {
        learn(member, report);
        if (member.phase == Phase::download || member.phase == Phase::update) judge(now, report.member);
        return settle(now, campaign);
    }
    if (report.step != member.step) return;  // of a request that is not waited for any more
    member.asked = false;
    member.silent = report.outcome != Outcome::answered;
    if (!member.silent) {
        learn(member, report);
        on_answer(now, report.member, report);
    } else if (member.phase == Phase::execution) {
        // It may have gone before it could say so.
        member.phase = Phase::update;
        move(member, CampaignState::updating, CampaignResult::initial);
    }
    settle(now, campaign);
}

void FirmwareCampaigns::on_answer(base::Time now, std::uint32_t index, const Report& report) {
    Member& member = members_[index];
    const bool right = coap::is_success(report.code);
    switch (member.phase) {
        case Phase::pending:
        case Phase::registration:
        case Phase::pause:
        case Phase::over: return;
        case Phase::state:
            if (!report.number) return fail(now, index, CampaignResult::refused);
            return ask(now, index, Phase::result, ServerRequest::observe, result_path);
        case Phase::result:
            if (!report.number) return fail(now, index, CampaignResult::refused);
            if (member.executed) {
                member.phase = Phase::update;
                return judge(now, index);
            }
            if (member.state == CampaignState::transferring) {
                // It has registered anew meanwhile, or did not answer.
                if (is_failure(member.device_result)) return fail(now, index, result_of(member.device_result));
                const bool pull = campaign_of(member).spec.mode == profiles::CampaignSpec::Mode::pull;
                if (member.device_state == downloaded || (pull && member.device_state == downloading)) {
                    member.phase = Phase::download;
                    return judge(now, index);
                }
            }
            if (member.device_state == idle) return transfer(now, index);
            if (member.device_state == updating) {
                member.phase = Phase::state;  // somebody else's update: until it is over
                return;
            }
            return reset(now, index);
        case Phase::reset: return right ? transfer(now, index) : fail(now, index, CampaignResult::refused);
        case Phase::transfer:
            member.phase = Phase::download;
            if (is_failure(member.device_result)) return fail(now, index, result_of(member.device_result));
            if (right && campaign_of(member).spec.mode == profiles::CampaignSpec::Mode::push &&
                member.device_state != downloaded) {
                // Its notification may be held back by a pmin.
                return ask(now, index, Phase::download, ServerRequest::read, state_path);
            }
            if (right) return judge(now, index);
            return ask(now, index, Phase::reason, ServerRequest::read, result_path);
        case Phase::reason:
            return fail(now, index,
                        is_failure(member.device_result) ? result_of(member.device_result) : CampaignResult::refused);
        case Phase::execution:
            if (!right) return ask(now, index, Phase::reason, ServerRequest::read, result_path);
            member.phase = Phase::update;
            if (member.device_result != deferred) move(member, CampaignState::updating, CampaignResult::initial);
            return judge(now, index);
        case Phase::download:
        case Phase::update:
            // A poll of the result is followed by one of the state.
            if (report.path == result_path && right) {
                return ask(now, index, member.phase, ServerRequest::read, state_path);
            }
            return judge(now, index);
        case Phase::device_version:
        case Phase::package_version: return check_version(now, index, report);
    }
}

// What follows from state and result, as far as they are known.
void FirmwareCampaigns::judge(base::Time now, std::uint32_t index) {
    Member& member = members_[index];
    if (member.asked) return;
    if (is_failure(member.device_result) && member.device_state != updating) {
        return fail(now, index, result_of(member.device_result));
    }
    if (member.device_result == success && member.device_state == idle) {
        // Also one that installs by itself what it has (1.2: 5/0/14).
        if (campaign_of(member).spec.version.empty()) {
            return end(now, index, CampaignState::succeeded, CampaignResult::success);
        }
        return ask(now, index, Phase::device_version, ServerRequest::read, device_version_path);
    }
    if (member.device_state == updating && member.state != CampaignState::updating) {
        member.phase = Phase::update;
        return move(member, CampaignState::updating, CampaignResult::initial);
    }
    if (member.device_state == downloaded && member.device_result == deferred &&
        member.state == CampaignState::updating) {
        return move(member, CampaignState::downloaded, CampaignResult::initial);
    }
    if (member.phase == Phase::download && member.device_state == downloaded) return execute(now, index);
}

void FirmwareCampaigns::check_version(base::Time now, std::uint32_t index, const Report& report) {
    const Member& member = members_[index];
    if (coap::is_success(report.code) && report.text == campaign_of(member).spec.version) {
        return end(now, index, CampaignState::succeeded, CampaignResult::success);
    }
    if (member.phase == Phase::device_version) {
        return ask(now, index, Phase::package_version, ServerRequest::read, package_version_path);
    }
    fail(now, index, CampaignResult::wrong_version);
}

void FirmwareCampaigns::fail(base::Time now, std::uint32_t index, CampaignResult result) {
    Member& member = members_[index];
    if (member.tries >= campaign_of(member).spec.retries) return end(now, index, CampaignState::failed, result);
    ++member.tries;
    ++member.step;
    member.asked = false;
    member.phase = Phase::pause;
    move(member, CampaignState::waiting, CampaignResult::initial);
    arm(now, index);
}

void FirmwareCampaigns::end(base::Time now, std::uint32_t index, CampaignState state, CampaignResult result) {
    Member& member = members_[index];
    parts_.timers.cancel(member.timer);
    by_key_.erase(member.key);
    ++member.step;
    member.phase = Phase::over;
    const auto client = std::exchange(member.client, base::no_index);
    move(member, state, result);
    if (client != base::no_index) {
        parts_.registry[client].member = base::no_index;
        parts_.downlink.cancel_requests_of(client, index);
        for (const auto& path : {state_path, result_path}) {
            if (parts_.downlink.find_observation(client, path) == base::no_index) continue;
            Request request;
            request.kind = ServerRequest::cancel_observe;
            request.path = path;
            request.client = client;
            request.intended = now;
            parts_.downlink.enqueue(request);
        }
        parts_.downlink.pump(now, client);
    }
    Campaign& campaign = campaign_of(member);
    --campaign.active;
    begin_more(now, campaign);
}

}  // namespace server
