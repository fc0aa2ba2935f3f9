// EmbeddedFile: a file that the build made a part of the program, so that it is there without the source tree.
//
// lwm2m_sim_embed(TARGET NAME GLOB...) of simulator/cmake/embed.cmake defines `std::span<const base::EmbeddedFile>
// embedded::NAME()`, the files in the order of their paths; declare it where it is used.
#pragma once

#include <string_view>

namespace base {

// Both views live as long as the process.
struct EmbeddedFile {
    std::string_view path;  // from the root of the source tree: "profiles/objects/0003-device.yaml"
    std::string_view content;
};

}  // namespace base
