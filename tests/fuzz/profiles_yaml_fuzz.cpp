// Any text as a profile: it is refused with a message, or it resolves; nothing else.
#include <cstddef>
#include <cstdint>
#include <string>

#include "profiles/object_loader.h"
#include "profiles/profile_loader.h"
#include "profiles/resolve.h"
#include "simulator/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string text(reinterpret_cast<const char*>(data), size);
    // These name files; what is tried here is the text alone.
    if (text.find("csv") != std::string::npos || text.find(".y") != std::string::npos) return 0;
    profiles::Diagnostics diagnostics;
    const auto tree =
        profiles::parse_profile_tree(std::move(text), "fuzz.yaml", profiles::builtin_profiles(), diagnostics);
    profiles::ResolvedProfilePtr profile;
    if (tree)
        profile =
            profiles::resolve(profiles::read_profile(*tree, diagnostics), profiles::builtin_objects(), diagnostics);
    CHECK(profile != nullptr || !diagnostics.ok());
    CHECK(diagnostics.text().size() < 1'000'000);
    return 0;
}
