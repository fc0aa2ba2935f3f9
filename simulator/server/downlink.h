// Downlink: what the server asks of its clients: requests, one at a time for each client (RFC 7252 4.7), those behind
// it waiting in a short queue; and the observations that come of them.
#pragma once

#include <functional>
#include <optional>

#include "coap/block_transfers.h"
#include "coap/endpoint.h"
#include "metrics/server_counters.h"
#include "profiles/server_actions.h"
#include "simulator/net/outbox.h"
#include "simulator/server/command.h"
#include "simulator/server/object_list.h"
#include "simulator/server/registry.h"

namespace server {

// One request, waiting or under way.
struct Request {
    static constexpr std::uint32_t no_block = 0xffffffff;

    lwm2m::Path path;
    metrics::ServerRequest kind = metrics::ServerRequest::read;
    std::uint32_t client = base::no_index;
    std::uint32_t next = base::no_index;         // the next of this client
    std::uint32_t action = base::no_index;       // of the scenario, or none
    std::uint32_t command = base::no_index;      // of Commands, or none
    std::uint32_t observation = base::no_index;  // of an Observe, once it is under way; of a cancellation
    std::uint32_t block2 = no_block;             // the block to ask for, where it is not the first
    std::uint16_t generation = 0;                // of `observation`: it may end meanwhile
    std::uint64_t count = 0;                     // how many requests of the action went before
    base::Time intended{};
};

struct Observation {
    std::uint32_t client = base::no_index;
    std::uint32_t next = base::no_index;  // the next of this client
    base::BytePool::Handle value;         // the last payload
    std::uint32_t sequence = 0;
    std::uint32_t received_ms = 0;  // of the freshest notification
    lwm2m::Path path;
    std::uint16_t format = 0xffff;  // of `value`; 0xffff: not stated
    std::uint16_t generation = 0;   // part of the token
    bool established = false;       // the response to the Observe has come
};

class Downlink {
public:
    struct Parts {
        std::uint64_t seed = 0;
        const coap::TransmissionParameters& parameters;
        const profiles::ServerActions& actions;
        const lwm2m::ObjectRegistry* objects = nullptr;
        Registry& registry;
        ObjectLists& lists;
        coap::Endpoint& endpoint;
        coap::BlockTransfers& transfers;  // where long answers are put together
        net::Outbox& outbox;
        Commands& commands;
        metrics::ServerFigures& figures;
    };
    struct Capacity {
        std::uint32_t requests = 0;
        std::uint32_t observations = 0;
    };
    Downlink(const Parts& parts, const Capacity& capacity);

    static constexpr std::uint8_t max_waiting = 32;  // requests of one client, the one under way included

    // Puts a request at the end of the client's queue; it goes out with the next `pump`. False when there is no room.
    bool enqueue(const Request& request);
    // Sends what may go now to that client.
    void pump(base::Time now, ClientIndex client);

    // The exchange of a request has ended, by the message where there is one.
    void on_response(base::Time now, const coap::ExchangeTag& tag, const coap::MessageView& message);
    void on_reset(const coap::ExchangeTag& tag);
    void on_timeout(const coap::ExchangeTag& tag);

    enum class Notified : std::uint8_t { taken, repeated, unknown };
    // A response that belongs to no exchange.
    Notified on_notification(base::Time now, ClientIndex client, const coap::MessageView& message);

    // Checks a command, prepares its payload and puts it into the client's queue (no_index: nobody of that name).
    void submit(base::Time now, ClientIndex client, Command command);

    // Gives up all requests of a client.
    void cancel_requests(ClientIndex client);
    // Ends all requests and observations of a client.
    void forget(ClientIndex client);

    // The client's observation of that path, or no_index.
    std::uint32_t find_observation(ClientIndex client, const lwm2m::Path& path) const;
    const Observation& observation(std::uint32_t index) const { return observations_[index]; }
    base::Bytes last_value(std::uint32_t index) const { return values_.view(observations_[index].value); }

private:
    enum class Sent : std::uint8_t { yes, no_room, not_encodable };
    bool asleep(base::Time now, const Client& client) const;
    std::uint32_t append(const Request& request);
    Sent send(base::Time now, ClientIndex client, std::uint32_t request);
    void write(const Request& request, coap::Header header, base::Writer& out);
    void write_attributes(const Request& request, coap::MessageWriter& message);
    void write_value(const Request& request, const Client& client, coap::MessageWriter& message);
    std::optional<std::uint16_t> format_of(const Request& request) const;
    coap::Token token_for(Request& request, Client& client);
    std::uint32_t take_observation(ClientIndex client, const lwm2m::Path& path);
    void end_observation(std::uint32_t index);
    bool observes(const Request& request) const;
    void fetch_rest(base::Time now, std::uint32_t observation, const coap::MessageView& message);
    coap::TransferKey transfer_of(std::uint32_t request) const;
    void keep_value(base::Time now, Observation& observation, const coap::MessageView& message, base::Bytes body);
    void observed(base::Time now, Request& request, const coap::MessageView& message);
    void finish(std::uint32_t request, CommandResult::Outcome outcome, const coap::MessageView* message = nullptr,
                base::Bytes body = {});
    void abandon(std::uint32_t request);
    std::string prepare(ClientIndex client, Commands::Pending& pending) const;
    void answer_command(const Request& request, CommandResult::Outcome outcome, const coap::MessageView* message,
                        base::Bytes body);

    Parts parts_;
    base::Slab<Request> requests_;
    base::Slab<Observation> observations_;
    mutable base::BytePool values_;
    std::uint64_t draws_ = 0;
    std::uint16_t generation_ = 0;  // of the observation taken last
};

}  // namespace server
