// Help topics: what `help TOPIC` tells: the keys of the files from their own tables, exit codes, the environment.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace cli {

struct HelpTopic {
    std::string_view name;
    std::string_view doc;
    std::string (*text)();
};
std::span<const HelpTopic> help_topics();

// What stands below the flags of a command.
std::string_view help_footer(std::string_view command);

}  // namespace cli
