// FirmwareCampaigns: firmware updates of many devices, wave by wave: each device is given the package, told to install
// it when it is there, followed through its reboot, and asked what came of it (object 5; Core 1.1.1, E.6).
//
//   observe 5/0/3, 5/0/5 -> [reset by an empty 5/0/1] -> write 5/0/0 or 5/0/1 -> Downloaded -> execute 5/0/2
//   -> a new Register, or Idle -> 5/0/5 says what came of it -> [3/0/3 or 5/0/7 says the version]
//
// A device that sends no notification is polled. One request to a device at a time, as for everybody (RFC 7252 4.7).
// Whole campaigns are in firmware_campaign.cpp, the steps of one device in firmware_campaign_steps.cpp.
#pragma once

#include <array>

#include "simulator/base/flat_map.h"
#include "simulator/server/downlink.h"
#include "simulator/server/firmware_store.h"

namespace server {

using CampaignState = metrics::CampaignState;
using CampaignResult = metrics::CampaignResult;

constexpr bool is_over(CampaignState state) {
    return state == CampaignState::succeeded || state == CampaignState::failed || state == CampaignState::unreachable ||
           state == CampaignState::cancelled;
}

struct CampaignInfo {
    std::uint32_t id = 0;
    profiles::CampaignSpec spec;
    bool running = false;
    std::string stopped;                   // why, where it did not run to its end; empty: it did
    base::Duration started{};              // how long ago
    std::optional<base::Duration> lasted;  // until its end
    std::uint32_t devices = 0;
    std::uint32_t left_out = 0;  // by another campaign
    std::array<std::uint32_t, metrics::campaign_state_names.size()> by_state{};
    std::array<std::uint32_t, metrics::campaign_result_names.size()> by_result{};  // of those that have ended
};
struct CampaignDevice {
    std::string endpoint;
    CampaignState state = CampaignState::waiting;
    CampaignResult result = CampaignResult::initial;
    std::uint32_t tries = 0;
};
struct CampaignDevices {
    std::vector<CampaignDevice> devices;
    std::optional<std::uint32_t> next;  // the cursor of the next page; none: this is the last
};

class FirmwareCampaigns {
public:
    struct Parts {
        Registry& registry;
        ObjectLists& lists;
        base::TimerWheel& timers;
        std::uint32_t member_timer = 0;  // TimerEvent::kind; `index` is the member
        std::uint32_t wave_timer = 0;    // the same; `index` is the campaign
        Downlink& downlink;
        Bodies& bodies;
        FirmwareStore& store;
        metrics::ServerFigures& figures;
        const profiles::ServerActions& actions;
        std::string uri;  // where the server listens: "coap://127.0.0.1:5683"; empty: not known
    };
    // `capacity`: devices of all campaigns that are remembered.
    FirmwareCampaigns(Parts parts, std::uint32_t capacity);

    static constexpr std::size_t max_campaigns = 32;  // the oldest that is over makes room

    // Begins; the id, or what is wrong, for the user.
    tl::expected<std::uint32_t, std::string> start(base::Time now, const profiles::CampaignSpec& spec);
    // Gives up all that has not ended. False where there is no such campaign, or it is over.
    bool stop(base::Time now, std::uint32_t id, std::string why);

    std::vector<CampaignInfo> list(base::Time now) const;
    std::optional<CampaignInfo> describe(base::Time now, std::uint32_t id) const;
    // At most `limit` devices of a campaign from `cursor` on, those of one state where it is given.
    std::optional<CampaignDevices> devices(std::uint32_t id, std::optional<CampaignState> state, std::uint32_t cursor,
                                           std::uint32_t limit) const;

    // What happens to devices. Each may send requests: no slot of the outbox may be open.
    void on_registered(base::Time now, ClientIndex client);
    void on_left(ClientIndex client);
    void on_member_timer(base::Time now, std::uint32_t member);
    void on_wave_timer(base::Time now, std::uint32_t campaign);
    // Takes in what Downlink has to report.
    void handle_reports(base::Time now);

private:
    // What is waited for.
    enum class Phase : std::uint8_t {
        pending,          // its turn
        registration,     // its device
        state,            // the answer to the Observe of 5/0/3
        result,           // of 5/0/5
        reset,            // to the Write of an empty URI
        transfer,         // to the Write of the package or its URI
        download,         // state Downloaded
        execution,        // the answer to the Execute
        update,           // a Register, or another state
        reason,           // 5/0/5, after a request was refused
        device_version,   // 3/0/3
        package_version,  // 5/0/7
        pause,            // the next try
        over,
    };

    struct Member {
        std::uint64_t key = 0;  // profiles::device_key() of the endpoint name
        base::BytePool::Handle name;
        ClientIndex client = base::no_index;  // while it is registered
        base::TimerId timer = base::no_index;
        std::uint32_t begun = 0;    // s: the try
        std::uint8_t campaign = 0;  // place in `campaigns_`
        std::uint8_t step = 0;      // of the request that is waited for
        std::uint8_t tries = 0;
        Phase phase = Phase::pending;
        CampaignState state = CampaignState::waiting;
        CampaignResult result = CampaignResult::initial;
        std::uint8_t device_state = 0;   // 5/0/3, as known last
        std::uint8_t device_result = 0;  // 5/0/5
        bool asked = false;              // a request is on its way
        bool executed = false;           // in this try
        bool silent = false;             // the last request was not answered
    };
    static_assert(sizeof(Member) <= 48);

    struct Campaign {
        profiles::CampaignSpec spec;
        std::uint32_t id = 0;  // 0: free
        base::Time started{};
        base::Time ended{};
        std::string stopped;
        std::vector<std::uint32_t> members;
        std::uint32_t next = 0;    // of `members`: the first that is pending
        std::uint32_t active = 0;  // begun and not ended
        std::uint32_t left_out = 0;
        std::uint32_t package = base::no_index, package_tlv = base::no_index;  // in Bodies; the URI, for a pull
        std::uint32_t reset = base::no_index, reset_tlv = base::no_index;
        base::TimerId timer = base::no_index;
        bool running = false;
        bool beginning = false;  // begin_more is at work
        std::array<std::uint32_t, metrics::campaign_state_names.size()> by_state{};
        std::array<std::uint32_t, metrics::campaign_result_names.size()> by_result{};
    };

    Campaign* find(std::uint32_t id);
    const Campaign* find(std::uint32_t id) const;
    Campaign* make_place();
    std::string check(const profiles::CampaignSpec& spec) const;
    std::string pattern(const profiles::CampaignSpec& spec) const;
    bool select(Campaign& campaign, std::uint8_t place);
    bool add(Campaign& campaign, std::uint8_t place, std::string_view endpoint, ClientIndex client);
    void keep_bodies(Campaign& campaign, FirmwareImage& image);
    void drop_bodies(Campaign& campaign);
    void forget(Campaign& campaign);
    CampaignInfo info(base::Time now, const Campaign& campaign) const;
    Campaign& campaign_of(const Member& member) { return campaigns_[member.campaign]; }

    void begin_more(base::Time now, Campaign& campaign);
    void settle(base::Time now, Campaign& campaign);
    void cancel_pending(Campaign& campaign);
    void begin(base::Time now, std::uint32_t member);
    void observe(base::Time now, std::uint32_t member);
    void transfer(base::Time now, std::uint32_t member);
    void reset(base::Time now, std::uint32_t member);
    void execute(base::Time now, std::uint32_t member);
    void look(base::Time now, std::uint32_t member);
    void ask(base::Time now, std::uint32_t member, Phase phase, metrics::ServerRequest kind, lwm2m::Path path,
             std::uint32_t body = base::no_index);
    void on_report(base::Time now, const Report& report);
    void on_answer(base::Time now, std::uint32_t member, const Report& report);
    void learn(Member& member, const Report& report);
    void judge(base::Time now, std::uint32_t member);
    void check_version(base::Time now, std::uint32_t member, const Report& report);
    void fail(base::Time now, std::uint32_t member, CampaignResult result);
    void end(base::Time now, std::uint32_t member, CampaignState state, CampaignResult result);
    void move(Member& member, CampaignState state, CampaignResult result);
    void arm(base::Time now, std::uint32_t member);
    bool reads(const Member& member, lwm2m::ContentFormat format, bool unsaid) const;

    Parts parts_;
    base::Slab<Member> members_;
    mutable base::BytePool names_;
    base::FlatMap<std::uint64_t, std::uint32_t> by_key_{64};  // those that have not ended
    std::vector<Campaign> campaigns_;
    std::vector<Report> handling_;
    std::uint32_t last_id_ = 0;
};

}  // namespace server
