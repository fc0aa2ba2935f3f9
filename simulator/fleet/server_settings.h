// ServerSettings: what the Server object instance of a link says now (Core 1.1.1, E.2), as its server or others have
// written it.
#pragma once

#include <optional>
#include <string_view>

#include "simulator/fleet/turn.h"

namespace fleet {

// Resources of the Server object.
namespace setting {
inline constexpr std::uint16_t lifetime = 1, disable_timeout = 5, binding = 7, priority_order = 13, initial_delay = 14,
                               failure_block = 15, bootstrap_on_failure = 16, retry_count = 17, retry_timer = 18,
                               sequence_delay = 19, sequence_count = 20;
}

// Nothing where the instance has no number there.
std::optional<std::uint32_t> setting_number(Turn& turn, LinkId id, std::uint16_t resource);
bool setting_is_true(Turn& turn, LinkId id, std::uint16_t resource);
// The view lives until the tree is looked at again.
std::string_view binding_of(Turn& turn, LinkId id);
// The lifetime that a Register states, in seconds.
std::uint32_t lifetime_to_register(Turn& turn, LinkId id);
// The lifetime that a server has written; nothing where none has.
std::optional<std::uint32_t> written_lifetime(Turn& turn, LinkId id);

}  // namespace fleet
