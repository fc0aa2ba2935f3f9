// OMA's registry of objects, where this machine has it: the folder LWM2M_SIM_OMA_REGISTRY, or ../shared/oma-registry
// beside the checkout.
#pragma once

#include <cstdlib>
#include <filesystem>

namespace support {

// Empty where there is none.
inline std::filesystem::path registry_folder(const std::filesystem::path& checkout) {
    const char* const given = std::getenv("LWM2M_SIM_OMA_REGISTRY");
    const auto folder = given != nullptr ? std::filesystem::path(given) : checkout / "../shared/oma-registry";
    return std::filesystem::exists(folder / "3.xml") ? folder : std::filesystem::path();
}

inline constexpr const char* no_registry =
    "no registry: set LWM2M_SIM_OMA_REGISTRY to a folder with OMA's object files";

}  // namespace support
