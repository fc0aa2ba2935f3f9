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
#include "simulator/server/bodies.h"
#include "simulator/server/command.h"
#include "simulator/server/object_list.h"
#include "simulator/server/oscore_clients.h"
#include "simulator/server/path_lists.h"
#include "simulator/server/registry.h"

namespace server {

// One request, waiting or under way.
struct Request {
    static constexpr std::uint32_t no_block = 0xffffffff;
    static constexpr std::uint16_t no_format = 0xffff;

    lwm2m::Path path;
    metrics::ServerRequest kind = metrics::ServerRequest::read;
    std::uint32_t client = base::no_index;
    std::uint32_t next = base::no_index;         // the next of this client
    std::uint32_t action = base::no_index;       // of the scenario, or none
    std::uint32_t command = base::no_index;      // of Commands, or none
    std::uint32_t paths = base::no_index;        // of PathLists: of a composite operation
    std::uint32_t body = base::no_index;         // of Bodies: what is written, where neither action nor command says
    std::uint32_t member = base::no_index;       // of a firmware campaign that wants a Report
    std::uint32_t observation = base::no_index;  // of an Observe, once it is under way; of a cancellation
    std::uint32_t block2 = no_block;             // the block to ask for, where it is not the first
    std::uint32_t block1 = no_block;             // coap::Block1Sender, where the body goes in blocks
    std::uint16_t generation = 0;                // of `observation`: it may end meanwhile
    std::uint16_t accept = no_format;            // where neither action nor command says
    std::uint8_t step = 0;                       // of the member: comes back with the Report
    bool echoed = false;                         // sent again with the Echo that the client asked for
    std::uint64_t count = 0;                     // how many requests of the action went before
    base::Time intended{};
};

struct Observation {
    std::uint32_t client = base::no_index;
    std::uint32_t next = base::no_index;  // the next of this client
    base::BytePool::Handle value;         // the last payload
    std::uint32_t sequence = 0;
    std::uint32_t received_ms = 0;         // of the freshest notification
    std::uint32_t paths = base::no_index;  // of PathLists: of an Observe-Composite
    lwm2m::Path path;                      // the root for a composite
    std::uint16_t format = 0xffff;         // of `value`; 0xffff: not stated
    std::uint16_t generation = 0;          // part of the token
    bool established = false;              // the response to the Observe has come
    // Of a client with OSCORE: the Partial IV of the Observe, and of the one that it renews (RFC 8613 8.4.2).
    std::uint64_t request_iv = 0;
    std::uint64_t earlier_iv = 0;
    std::uint64_t next_iv = 0;  // one above the Notification Number
};

// What became of a request of a firmware campaign, or a notification about object 5 to one of its devices.
struct Report {
    std::uint32_t member = base::no_index;
    std::uint8_t step = 0;
    bool notified = false;  // a notification; `outcome` and `step` say nothing
    CommandResult::Outcome outcome = CommandResult::Outcome::answered;
    coap::Code code = coap::Code::empty;
    lwm2m::Path path;
    std::optional<std::int64_t> number;  // the value that came, where it is a number
    std::string text;                    // where it is text
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
        OscoreClients& oscore;
        net::Outbox& outbox;
        Commands& commands;
        Bodies& bodies;
        metrics::ServerFigures& figures;
    };
    struct Capacity {
        std::uint32_t requests = 0;
        std::uint32_t observations = 0;
    };
    Downlink(const Parts& parts, const Capacity& capacity);

    static constexpr std::uint8_t max_waiting = 32;  // requests of one client, the one under way included
    static constexpr std::size_t max_body = 65536;   // of a value that a scenario or a person writes

    // Puts a request at the end of the client's queue; it goes out with the next `pump`. False when there is no room.
    bool enqueue(const Request& request);
    // Sends what may go now to that client.
    void pump(base::Time now, ClientIndex client);

    // The exchange of a request has ended, by the message where there is one.
    void on_response(base::Time now, const coap::ExchangeTag& tag, const coap::MessageView& message);
    void on_reset(const coap::ExchangeTag& tag);
    void on_timeout(const coap::ExchangeTag& tag);

    // A response that belongs to no exchange, as it is meant: of a client with OSCORE it is unprotected by what its
    // observation knows. One of no observation is given back as it is.
    tl::expected<coap::MessageView, coap::OscoreFailure> unprotect_notification(ClientIndex client,
                                                                                const coap::MessageView& message);

    enum class Notified : std::uint8_t { taken, repeated, unknown };
    // A response that belongs to no exchange.
    Notified on_notification(base::Time now, ClientIndex client, const coap::MessageView& message);

    // Checks a command, prepares its payload and puts it into the client's queue (no_index: nobody of that name).
    void submit(base::Time now, ClientIndex client, Command command);

    // Gives up all requests of a client.
    void cancel_requests(ClientIndex client);
    // Gives up those of a member of a firmware campaign.
    void cancel_requests_of(ClientIndex client, std::uint32_t member);
    // Ends all requests and observations of a client.
    void forget(ClientIndex client);

    // The client's observation of that path, or of these paths together, or no_index.
    std::uint32_t find_observation(ClientIndex client, const lwm2m::Path& path,
                                   std::uint32_t paths = base::no_index) const;
    // Forgets an observation: the next notification is answered with a Reset, which ends it there (RFC 7641 3.6).
    void forget_observation(std::uint32_t index) { end_observation(index); }
    const Observation& observation(std::uint32_t index) const { return observations_[index]; }
    base::Bytes last_value(std::uint32_t index) const { return values_.view(observations_[index].value); }
    // The paths of a composite operation as Request and Observation name them. One more user of that list.
    PathLists& paths() { return paths_; }
    const PathLists& paths() const { return paths_; }
    // The list of a composite action.
    std::uint32_t paths_of_action(std::uint32_t action) const { return action_paths_[action]; }

    // What campaigns have to be told; whoever reads it clears it.
    std::vector<Report>& reports() { return reports_; }

private:
    enum class Sent : std::uint8_t { yes, no_room, not_encodable };
    // What a request carries: nothing where it cannot be made.
    struct Content {
        std::optional<std::uint16_t> format;
        base::Bytes bytes;     // valid until the next content_of
        std::uint8_t szx = 6;  // of its blocks
    };
    bool asleep(base::Time now, const Client& client) const;
    std::uint32_t append(const Request& request);
    Sent send(base::Time now, ClientIndex client, std::uint32_t request);
    void protect(const Request& request, const Client& client, base::Writer& out);
    bool is_asked_for_echo(Request& request, const coap::MessageView& message);
    std::uint32_t find_by_token(ClientIndex client, base::Bytes token) const;
    // downlink_message.cpp
    void write(Request& request, coap::Header header, base::Writer& out);
    void write_queries(const Request& request, coap::MessageWriter& message) const;
    void write_content(Request& request, const Content& content, coap::MessageWriter& message) const;
    std::optional<Content> content_of(const Request& request);
    std::optional<Content> content_of_action(const Request& request);
    std::optional<Content> encode_paths(const Request& request);
    std::optional<std::uint16_t> accept_of(const Request& request) const;
    std::optional<lwm2m::ContentFormat> stated_format(const Request& request) const;

    bool sends_on(Request& request, const coap::MessageView& message);
    coap::Token token_for(Request& request, Client& client);
    std::uint32_t take_observation(const Request& request);
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
    void report(const Request& request, CommandResult::Outcome outcome, const coap::MessageView* message,
                base::Bytes body);
    void report_value(Report& report, ClientIndex client, const coap::MessageView& message, base::Bytes body) const;

    Parts parts_;
    base::Slab<Request> requests_;
    base::Slab<Observation> observations_;
    mutable base::BytePool values_;
    PathLists paths_;
    std::vector<std::uint32_t> action_paths_;  // by action; no_index: it is no composite
    std::vector<std::uint8_t> scratch_;        // where bodies are encoded
    std::vector<Report> reports_;
    std::uint64_t draws_ = 0;
    std::uint16_t generation_ = 0;  // of the observation taken last
};

}  // namespace server
