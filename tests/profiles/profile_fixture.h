// ProfileFixture: profiles from text, with a catalog of the test's own.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "profiles/object_loader.h"
#include "profiles/profile_loader.h"
#include "profiles/resolve.h"

namespace profiles {

class ProfileFixture : public testing::Test {
protected:
    void in_catalog(std::string name, std::string text) {
        catalog.add({name, "catalog/" + name + ".yaml", std::move(text)});
    }

    std::optional<Node> tree(std::string text) {
        return parse_profile_tree(std::move(text), "meter.yaml", catalog, diagnostics);
    }
    Profile read(std::string text) {
        const auto merged = tree(std::move(text));
        return merged ? read_profile(*merged, diagnostics) : Profile{};
    }
    ResolvedProfilePtr resolved(std::string text) {
        return resolve(read(std::move(text)), builtin_objects(), diagnostics);
    }

    // The first message, or "" where there is none.
    std::string first() const {
        const auto all = diagnostics.sorted();
        return all.empty() ? "" : all.front().message;
    }
    bool says(std::string_view part) const { return diagnostics.text().find(part) != std::string::npos; }

    ProfileCatalog catalog;
    Diagnostics diagnostics;
};

}  // namespace profiles
