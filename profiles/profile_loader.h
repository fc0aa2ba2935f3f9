// Profile loader: from a name or a file to a Profile, by way of everything that it extends. Touches nothing but these
// files.
#pragma once

#include <optional>
#include <string>

#include "profiles/profile.h"
#include "profiles/profile_catalog.h"

namespace profiles {

// The merged tree of a profile: `reference` is a name in the catalog ("water-meter") or a path of a file
// ("./meter.yaml", "meter.yaml": what ends in .yaml or .yml). `extends` names a profile of the catalog, or a file as
// seen from the folder of the file that says so. Nothing is returned where a file is missing or no YAML; look at
// diagnostics.ok() before using what is.
std::optional<Node> load_profile_tree(const std::string& reference, const ProfileCatalog& catalog,
                                      Diagnostics& diagnostics, const YamlOptions& options = {},
                                      const Place& from = {});

// The same for a text that is no file; `name` stands for it in messages.
std::optional<Node> parse_profile_tree(std::string text, std::string name, const ProfileCatalog& catalog,
                                       Diagnostics& diagnostics, const YamlOptions& options = {});

// The same for a tree that was parsed already.
std::optional<Node> extend_profile_tree(const Node& tree, const ProfileCatalog& catalog, Diagnostics& diagnostics,
                                        const YamlOptions& options = {});

// A merged tree as a Profile. Everything wrong with it is reported.
Profile read_profile(const Node& tree, Diagnostics& diagnostics);

// load_profile_tree() and read_profile(); nothing is returned unless all is right.
std::optional<Profile> load_profile(const std::string& reference, const ProfileCatalog& catalog,
                                    Diagnostics& diagnostics, const YamlOptions& options = {}, const Place& from = {});

}  // namespace profiles
