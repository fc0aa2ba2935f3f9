#include "simulator/cli/help_topics.h"

#include <array>

#include "profiles/fields.h"
#include "profiles/profile.h"
#include "scenarios/scenario.h"

namespace cli {
namespace {

std::string exit_codes() {
    return R"(   0  ran, and all held
   1  a bug in the simulator
   2  usage or file error; nothing was sent
   3  this host cannot do it
   4  the target never answered
  98  invalid: the generator could not keep its schedule, so its figures mean little
  99  failed: the server answered, but not as wanted
 105  interrupted; what there is so far holds

The first that applies, in this order.
)";
}

std::string environment() {
    return R"(A flag wins over the environment, the environment over the file, the file over the default.
Every flag but --set can be said in the environment: LWM2M_SIM_ and its long name, --address-pool as
LWM2M_SIM_ADDRESS_POOL=10.64.0.0/14. Flags without a value take 1 or 0. NO_COLOR is heeded.
LWM2M_SIM_TOKEN is the bearer token of requests that change something over HTTP, where that is not on loopback.
In the values of scenarios and profiles, ${VAR} and ${VAR:-default} stand for variables of any name.
)";
}

std::string profile_keys() { return profiles::field_reference(profiles::profile_fields()); }
std::string scenario_keys() { return profiles::field_reference(scenarios::scenario_fields()); }

constexpr std::array topics{
    HelpTopic{"exit-codes", "what the exit code of a command says", exit_codes},
    HelpTopic{"environment", "variables that stand for flags", environment},
    HelpTopic{"profile", "the keys of a profile", profile_keys},
    HelpTopic{"scenario", "the keys of a scenario", scenario_keys},
};

}  // namespace

std::span<const HelpTopic> help_topics() { return topics; }

std::string_view help_footer(std::string_view command) {
    if (command != "run") return "";
    return "\nThe first Ctrl-C lets the devices leave and reports, the second stops at once. See also: help "
           "environment, "
           "help exit-codes, help scenario\n";
}

}  // namespace cli
