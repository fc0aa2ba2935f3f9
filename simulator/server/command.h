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
#include "simulator/lwm2m/object_model.h"
#include "simulator/lwm2m/value.h"

namespace server {

// A value of a device with what the object catalogue knows of it.
struct NamedValue {
    lwm2m::Path path;
    lwm2m::Value value;
    const lwm2m::ResourceModel* model = nullptr;  // null: not in the catalogue; lives as long as that
    double time = 0;                              // lwm2m::Entry
};

struct CommandResult {
    enum class Outcome : std::uint8_t {
        answered,        // see `code`; also 4.xx and 5.xx
        timed_out,       // MAX_TRANSMIT_WAIT passed
        reset,           // answered with a Reset
        unknown_client,  // nobody of that name is registered
        refused,         // nothing was sent: `message` says what is wrong with the command
        no_room,         // too many requests wait, of this client or altogether
        cancelled,       // the client left while it waited
        forgotten,       // an observation to be cancelled by a Reset: the next notification gets it
    };
    Outcome outcome = Outcome::answered;
    coap::Code code = coap::Code::empty;
    std::optional<std::uint16_t> format;  // Content-Format of the answer
    std::vector<NamedValue> values;       // decoded; by path
    std::vector<std::uint8_t> payload;    // as it came
    std::string message;                  // what is wrong, where something is
};

struct Command {
    // Anything but bootstrap_finish and unknown. With `paths`, cancel_observe is for the observation of a composite.
    metrics::ServerRequest kind = metrics::ServerRequest::read;
    std::string endpoint;
    lwm2m::Path path;                            // the root for a composite operation
    std::vector<lwm2m::Path> paths;              // of a composite operation; in order, each once
    std::optional<lwm2m::ContentFormat> format;  // Accept, or Content-Format of what is written
    // Of write, create and write_composite, below `path`: profiles::read_value().
    std::vector<std::pair<lwm2m::Path, std::string>> values;
    std::vector<std::string> queries;  // attributes of write_attributes ("pmin=10", "pmax" to unset) and, from 1.2 on,
                                       // of an Observe; "depth=2" of discover
    std::string arguments;             // of execute
    bool update = false;               // of write: a partial update of an instance, not its replacement
    bool any_instance = false;         // of create: the device chooses the id; that of `values` does not count
    bool by_reset = false;             // of cancel_observe: no request, but a Reset to the next notification
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
