#include "simulator/server/command.h"

#include <algorithm>

namespace server {

std::uint32_t Commands::take(Command command) {
    auto free = std::find_if(pending_.begin(), pending_.end(), [](const Pending& one) { return !one.in_use; });
    if (free == pending_.end()) {
        if (pending_.size() == capacity) return base::no_index;
        free = pending_.emplace(pending_.end());
    }
    *free = {.command = std::move(command), .payload = {}, .format = {}, .in_use = true};
    return static_cast<std::uint32_t>(free - pending_.begin());
}

void Commands::finish(std::uint32_t index, const CommandResult& result) {
    // The place is free before the call: whoever is told may come with the next command.
    const Pending pending = std::exchange(pending_[index], Pending{});
    if (pending.command.done) pending.command.done(result);
}

}  // namespace server
