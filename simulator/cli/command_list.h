// list: what there is to choose from.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace cli {

// lwm2m-sim list profiles|objects|generators|keys [NAME] [--objects PATH]... [--json]
struct ListOptions {
    std::string what;                  // profiles, objects, generators, keys (of a profile)
    std::optional<std::string> name;   // one of them: a profile as YAML, the resources of an object
    std::vector<std::string> objects;  // definitions to know beside the built-in ones: files or folders
    bool json = false;                 // an array of objects instead of text
};

// Returns 0, or 2 with a message for an unknown kind or name.
int run_list(const ListOptions& options, std::ostream& out, std::ostream& err);

}  // namespace cli
