// ValueText: the value of a resource as people write it in YAML and CSV.
#pragma once

#include <string_view>

#include "simulator/base/error.h"
#include "simulator/lwm2m/value.h"

namespace profiles {

// `text` in the type of its resource: numbers, true and false (or 1 and 0), text as it is, hexadecimal for opaque
// ("0a1b"), "3:0" for an object link, Unix time or UTC ("2026-01-31T12:00:00Z") for a time. Fails with a phrase that
// says what the type looks like.
base::Result<lwm2m::Value> read_value(std::string_view text, lwm2m::Type type);

}  // namespace profiles
