// Server: a LwM2M server for a million devices on one thread: registrations and their lifetimes, the requests that a
// scenario or a person sends to devices, observations. It knows neither threads nor clocks; engine/ gives it both.
//
// Without security the address of a device is its identity: a Register from an address takes the place of the
// registration that this address, or this endpoint name, had before, and an Update from another address is refused, so
// that the device registers again (Transport 1.1.1, 6.4.3).
#pragma once

#include <functional>
#include <memory>

#include "coap/block_transfers.h"
#include "simulator/server/agenda.h"
#include "simulator/server/firmware_campaign.h"
#include "simulator/server/oscore_clients.h"
#include "simulator/server/register_request.h"
#include "simulator/server/send_log.h"

namespace server {

struct ServerConfig {
    std::uint64_t seed = 0;
    // With `observe_defaults` still set, one resource of each device is observed: one that its object links say is
    // there, of a sensor if it has one.
    profiles::ServerActions actions;
    std::uint32_t capacity = 0;  // clients at once; 1 to Registry::max_clients
    coap::TransmissionParameters transmission{};
    // Types of resources and what is mandatory; may be null: then values are text, and only sensors that every
    // catalogue has are observed by default. Must outlive the server.
    const lwm2m::ObjectRegistry* objects = nullptr;
    // Where devices reach the server ("coap://127.0.0.1:5683"), for images that they fetch; empty: not known.
    std::string uri{};
    // May whoever has proven that register by that endpoint name (Transport 1.1.1, 5.2.6)? Null: anybody may.
    std::function<bool(net::PeerMark proven, std::string_view endpoint)> may_register{};
    // Whose requests may be protected; empty: nobody's.
    OscoreDirectory oscore{};
};

class Server {
public:
    // `transport` must outlive the server; it is the server's alone.
    Server(ServerConfig config, net::Transport& transport);
    ~Server();

    // Does what is due at `now` and takes in what has arrived, as far as one step goes. True when more is waiting.
    bool work(base::Time now);
    // The next moment at which `work` has something to do though nothing arrives.
    base::Time next_due() const;
    // About once a second, between two steps: what the transport has counted joins the figures.
    void every_second(base::Time now);
    // CPU time of the thread so far, for the figures.
    void set_cpu(base::Duration spent) { figures_.cpu_ns.set(spent.count()); }
    // For whoever drives the transport: what begins with dtls_ is for him to set.
    metrics::ServerFigures& transport_figures() { return figures_; }
    // Gives up all requests, so that none is in flight when the figures are read for the last time.
    void stop(base::Time now);

    // Safe from any thread.
    const metrics::ServerFigures& figures() const { return figures_; }

    // For the owning thread only. `command.done` is called when it is known what came of it, perhaps within this call.
    void submit(base::Time now, Command command);
    const Registry& registry() const { return registry_; }
    const Downlink& downlink() const { return downlink_; }
    const ObjectLists& lists() const { return lists_; }
    const SendLog& sends() const { return send_log_; }
    FirmwareStore& firmware() { return firmware_; }
    const FirmwareStore& firmware() const { return firmware_; }
    // The id, or what is wrong. A stop is false where no such campaign runs.
    tl::expected<std::uint32_t, std::string> start_campaign(base::Time now, const profiles::CampaignSpec& spec);
    bool stop_campaign(base::Time now, std::uint32_t id);
    const FirmwareCampaigns& campaigns() const { return campaigns_; }
    const std::string& uri() const { return config_.uri; }
    const lwm2m::ObjectRegistry* objects() const { return config_.objects; }

private:
    // TimerEvent::kind. `index` is the exchange, the client or the task.
    static constexpr std::uint32_t exchange_timer = 1;
    static constexpr std::uint32_t lifetime_timer = 2;
    static constexpr std::uint32_t task_timer = 3;
    static constexpr std::uint32_t member_timer = 4;   // of a firmware campaign
    static constexpr std::uint32_t wave_timer = 5;     // the same; `index` is the campaign
    static constexpr std::uint32_t planned_timer = 6;  // `index` is the campaign in the actions
    // What follows once the reply is in the outbox.
    enum class After : std::uint8_t { nothing, begin_agenda };
    struct Reply;

    void on_timer(base::Time now, base::TimerEvent event);
    void on_exchange_timer(base::Time now, std::uint32_t exchange);
    void on_lifetime_timer(base::Time now, ClientIndex client);
    void plan_campaigns();
    void begin_planned(base::Time now, std::uint32_t planned);

    void on_packet(base::Time now, const net::Packet& packet);
    ClientIndex on_stranger(base::Time now, const net::Packet& packet);
    coap::Code judge(const coap::MessageView& message);
    bool may_register(std::string_view endpoint) {
        if (!config_.may_register || config_.may_register(proven_, endpoint)) return true;
        figures_.identity_mismatches.add();
        return false;
    }
    void refuse_stranger(base::Time now, const net::Packet& packet, const coap::MessageView& message,
                         coap::OscoreFailure failure);
    void reply_to_stranger(base::Time now, const net::Packet& packet, const coap::MessageView& message,
                           coap::Code code);
    void on_client(base::Time now, ClientIndex client, base::Bytes datagram);
    void on_incoming(base::Time now, ClientIndex client, const coap::Incoming& incoming, base::Writer& out);
    void on_unmatched(base::Time now, ClientIndex client, const coap::MessageView& message, base::Writer& out);
    void discard(metrics::Discard reason) { figures_.discarded[metrics::index(reason)].add(); }

    After on_request(base::Time now, ClientIndex client, const coap::Incoming& incoming, base::Writer& out);
    After answer(base::Time now, ClientIndex client, const coap::MessageView& message, base::Writer& out);
    std::optional<coap::MessageView> unprotect(base::Time now, ClientIndex client, const coap::Incoming& incoming,
                                               base::Writer& out);
    coap::Code judge_security(const RegisterRequest& request);
    Reply handle(base::Time now, ClientIndex client, const coap::MessageView& message);
    Reply handle_register(base::Time now, ClientIndex client, const coap::MessageView& message);
    Reply handle_update(base::Time now, ClientIndex client, const coap::MessageView& message);
    Reply handle_deregister(ClientIndex client);
    Reply handle_download(const FirmwareImage& image, const coap::MessageView& message, std::uint8_t szx) const;
    static void write_reply(const Reply& reply, coap::MessageWriter& writer);
    bool serve_stranger(base::Time now, const net::Packet& packet, const coap::MessageView& message);
    Reply handle_send(base::Time now, ClientIndex client, const coap::MessageView& message);
    Reply whole_body(base::Time now, ClientIndex client, const coap::MessageView& message);
    coap::Code accept(base::Time now, ClientIndex client, const RegisterRequest& request, std::uint32_t objects);
    void end_registration(ClientIndex client);
    void renew(base::Time now, ClientIndex client);

    ServerConfig config_;
    net::Transport& transport_;
    metrics::ServerFigures figures_;
    base::TimerWheel timers_;
    coap::Endpoint endpoint_;
    coap::BlockTransfers transfers_;
    OscoreClients oscore_;
    Registry registry_;
    ObjectLists lists_;
    Commands commands_;
    Bodies bodies_;
    SendLog send_log_;
    FirmwareStore firmware_;
    net::Outbox outbox_;
    Downlink downlink_;
    Agenda agenda_;
    FirmwareCampaigns campaigns_;
    lwm2m::Entries sent_;            // of the Send that is being read
    net::PeerMark proven_ = 0;       // by the sender of the datagram that is being read
    OscoreClients::Opened secured_;  // the request that is being answered; without context: it was not protected
};

}  // namespace server
