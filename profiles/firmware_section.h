// FirmwareSection: `behaviour: {firmware: ...}` and `{software: ...}` of a profile as its YAML says them.
#pragma once

#include <vector>

#include "profiles/fields.h"
#include "profiles/firmware_spec.h"

namespace profiles {

// Into the FirmwareSpec but for what object 5 itself says (behaves, delivery, protocols).
void read_firmware(const Node& node, std::string_view what, FirmwareSpec& out, Diagnostics& diagnostics);
std::vector<FieldInfo> firmware_field_infos();
// `behaviour: {software: ...}`, of object 9: what of it is said of downloads.
void read_software(const Node& node, std::string_view what, FirmwareSpec& out, Diagnostics& diagnostics);
std::vector<FieldInfo> software_field_infos();

}  // namespace profiles
