// CampaignSpec: a firmware campaign as somebody asks for it: which image, to which devices, how fast, when it stops.
// The `firmware:` block of a scenario and the body of POST /v1/campaigns are read by one table.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/diagnostics.h"
#include "profiles/fields.h"
#include "simulator/base/time.h"

namespace profiles {

struct CampaignSpec {
    enum class Mode : std::uint8_t {
        push,  // the image is written to 5/0/0, in blocks
        pull,  // its URI is written to 5/0/1, and the device fetches it
    };

    std::string image;  // its name among the server's images
    Mode mode = Mode::push;
    std::string uri;      // of pull; empty: where the server itself offers the image
    std::string version;  // what 3/0/3 or 5/0/7 says after the update; empty: the result alone tells

    // The devices registered at the start that fit all of these.
    std::string profile;                 // of the scenario
    std::string endpoint;                // a name in which '*' stands for anything
    std::vector<std::string> endpoints;  // these, whether they are registered by then or not
    double share = 1;                    // which ones follows from their names

    double hourly = 0;             // share of them that is begun an hour; 0: as many as `at_once` lets
    std::uint64_t at_once = 1000;  // under way at one time
    std::uint64_t retries = 0;     // how often a device that failed is tried anew
    double stop_on_failures = 1;   // nothing more is begun once more than this share of all has failed
    base::Duration timeout = std::chrono::hours(1);  // for one try of one device
    base::Duration poll = std::chrono::seconds(30);  // between two questions where no notification comes
    std::uint64_t block = 1024;                      // bytes of the blocks of a push: 16 to 1024, a power of two
};

// A campaign that a scenario begins by itself.
struct PlannedCampaign {
    CampaignSpec spec;
    std::shared_ptr<const std::vector<std::uint8_t>> image;
    base::Duration after{};  // from the start of the run
    Place place;
};

inline constexpr std::size_t max_image_size = 16u << 20;

// {image: name of one that the server has, mode: push, ...}. Errors go to `diagnostics`.
CampaignSpec read_campaign(const Node& node, Diagnostics& diagnostics);
// The same in a scenario: `image` is a file as seen from the scenario's, or a size ("256KiB") for one made up; `after`
// comes in.
PlannedCampaign read_planned_campaign(const Node& node, Diagnostics& diagnostics);
std::vector<FieldInfo> planned_campaign_fields();

// Does the whole of `text` fit `pattern`, in which '*' stands for any characters, or none?
bool fits(std::string_view pattern, std::string_view text);
// The names that an endpoint template can make: {profile} is known, each other placeholder becomes '*'.
std::string pattern_of(std::string_view endpoint_template, std::string_view profile);

}  // namespace profiles
