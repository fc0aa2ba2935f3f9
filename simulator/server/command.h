// Command: one request to one device that somebody asks for by hand (over HTTP), and what came of it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coap/code.h"
#include "metrics/catalog.h"
#include "simulator/base/slab.h"
#include "simulator/lwm2m/content_format.h"
#include "simulator/lwm2m/value.h"

namespace server {

struct CommandResult {
    enum class Outcome : std::uint8_t {
        answered,        // see `code`; also 4.xx and 5.xx
        timed_out,       // MAX_TRANSMIT_WAIT passed
        reset,           // answered with a Reset
        unknown_client,  // nobody of that name is registered
        refused,         // nothing was sent: `message` says what is wrong with the command
        no_room,         // too many requests wait, of this client or altogether
        cancelled,       // the client left while it waited
    };
    Outcome outcome = Outcome::answered;
    coap::Code code = coap::Code::empty;
    std::optional<std::uint16_t> format;                       // Content-Format of the answer
    std::vector<std::pair<lwm2m::Path, lwm2m::Value>> values;  // decoded; by path
    std::vector<std::uint8_t> payload;                         // as it came
    std::string message;                                       // what is wrong, where something is
};

struct Command {
    // read, write, write_attributes, execute, discover, observe, cancel_observe, create or delete_.
    metrics::ServerRequest kind = metrics::ServerRequest::read;
    std::string endpoint;
    lwm2m::Path path;
    std::optional<lwm2m::ContentFormat> format;  // Accept, or Content-Format of what is written
    std::vector<std::pair<lwm2m::Path, std::string>>
        values;                           // of write and create, below `path`: profiles::read_value()
    std::vector<std::string> attributes;  // of write_attributes: "pmin=10", "pmax" to unset
    std::string arguments;                // of execute
    // Called once, on the server's thread.
    std::function<void(const CommandResult&)> done;
};

// Those that are not done yet.
class Commands {
public:
    static constexpr std::uint32_t capacity = 1024;

    struct Pending {
        Command command;
        std::vector<std::uint8_t> payload;  // encoded
        std::optional<std::uint16_t> format;
        bool in_use = false;
    };
    // no_index when all are in use.
    std::uint32_t take(Command command);
    Pending& operator[](std::uint32_t index) { return pending_[index]; }
    // Gives the place back and tells whoever waits.
    void finish(std::uint32_t index, const CommandResult& result);

private:
    std::vector<Pending> pending_;
};

}  // namespace server
