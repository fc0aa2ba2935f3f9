// Write-Attributes: how notifications of a path are to be made (Core 1.1.1, 6.3.4 and 5.1.2; 1.2, 7.3.2).
#pragma once

#include "simulator/lwm2m/operation.h"

namespace lwm2m {

Answer do_write_attributes(const Operation& operation);

// The attributes that queries give, on top of `attributes`: as they stand in a Write-Attributes to `path`, or in an
// Observe of it (1.2). Refuses what is no attribute in that version of LwM2M, has no meaning at that path, or
// contradicts the others.
base::Result<void> apply_attributes(std::span<const std::string_view> queries, const Path& path, const ObjectTree& tree,
                                    Version version, Attributes& attributes);

}  // namespace lwm2m
