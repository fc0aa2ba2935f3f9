// Agenda: what the scenario has the server do to each client, and when (profiles/server_actions.h).
#pragma once

#include "simulator/server/downlink.h"

namespace server {

class Agenda {
public:
    struct Parts {
        std::uint64_t seed = 0;
        const profiles::ServerActions& actions;
        Registry& registry;
        ObjectLists& lists;
        base::TimerWheel& timers;
        std::uint32_t timer_kind = 0;  // `index` is the task
        Downlink& downlink;
        metrics::ServerFigures& figures;
    };
    Agenda(const Parts& parts, std::uint32_t capacity) : parts_(parts), tasks_(capacity) {}

    // The client has registered, now: what is due at once is put into its queue, the rest on the wheel.
    void begin(base::Time now, ClientIndex client);
    // The timer of task `index` has fired. Returns whose queue it went to.
    ClientIndex on_timer(std::uint32_t index);
    // Nothing more for that client.
    void end(ClientIndex client);

private:
    // A request of an action to one client that is yet to come.
    struct Task {
        std::uint32_t client = base::no_index;
        std::uint32_t next = base::no_index;  // the next of this client
        std::uint32_t action = 0;
        base::TimerId timer = base::no_index;
        std::uint64_t count = 0;
        base::Time due{};
    };

    profiles::ServerSchedule schedule(ClientIndex client, std::uint32_t action) const;
    void enqueue(ClientIndex client, std::uint32_t action, std::uint64_t count, base::Time intended);
    void plan(base::Time now, ClientIndex client, std::uint32_t action);
    bool arm(std::uint32_t task);
    void remove(std::uint32_t task);

    Parts parts_;
    base::Slab<Task> tasks_;
};

}  // namespace server
