// ProfileCatalog: the profiles that have a name: those that come with the program, or a folder of the user's own.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/diagnostics.h"
#include "simulator/base/embedded.h"

namespace profiles {

// A catalog is read whole, and parses nothing. Names are file names without ".yaml", below folders with a slash:
// "water-meter", "base/nbiot".
class ProfileCatalog {
public:
    struct Entry {
        std::string name;
        std::string file;  // for messages
        std::string text;
        friend bool operator==(const Entry&, const Entry&) = default;
    };

    // Every *.yaml of the table; the names begin behind the last "catalog/" of their paths.
    static ProfileCatalog of_table(std::span<const base::EmbeddedFile> table);
    // Every *.yaml in and below the folder. A folder that cannot be read, or a file above 1 MiB, is reported.
    static ProfileCatalog of_folder(const std::string& folder, Diagnostics& diagnostics);

    // Replaces an entry of the same name.
    void add(Entry entry);

    // Null where there is none. Valid until the next add().
    const Entry* find(std::string_view name) const;
    const std::vector<Entry>& entries() const { return entries_; }  // by name
    // Those that are devices: all but the ones under "base/", which are there to be extended.
    std::vector<std::string> devices() const;

private:
    std::vector<Entry> entries_;
};

// The catalog of profiles/catalog, which is part of the program. Lives as long as the process; any thread may call.
const ProfileCatalog& builtin_profiles();

}  // namespace profiles
