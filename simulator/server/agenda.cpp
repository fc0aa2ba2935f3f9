#include "simulator/server/agenda.h"

namespace server {

using metrics::ServerRequest;
using Operation = profiles::ServerAction::Operation;

namespace {

ServerRequest request_of(Operation operation) {
    switch (operation) {
        case Operation::observe: return ServerRequest::observe;
        case Operation::read: return ServerRequest::read;
        case Operation::write: return ServerRequest::write;
        case Operation::execute: return ServerRequest::execute;
        case Operation::discover: return ServerRequest::discover;
        case Operation::write_attributes: return ServerRequest::write_attributes;
        case Operation::create: return ServerRequest::create;
        case Operation::delete_: return ServerRequest::delete_;
        case Operation::cancel:
        case Operation::cancel_composite: return ServerRequest::cancel_observe;
        case Operation::read_composite: return ServerRequest::read_composite;
        case Operation::write_composite: return ServerRequest::write_composite;
        case Operation::observe_composite: return ServerRequest::observe_composite;
    }
    return ServerRequest::unknown;
}

}  // namespace

profiles::ServerSchedule Agenda::schedule(ClientIndex client, std::uint32_t action) const {
    return {.seed = parts_.seed, .device = profiles::device_key(parts_.registry.endpoint(client)), .action = action};
}

void Agenda::begin(base::Time now, ClientIndex client) {
    const ObjectList& list = parts_.lists[parts_.registry[client].objects];
    if (list.default_observation) {
        Request request;
        request.kind = ServerRequest::observe;
        request.path = *list.default_observation;
        request.client = client;
        request.intended = now;
        parts_.downlink.enqueue(request);
    }
    for (const auto action : list.actions) plan(now, client, action);
}

void Agenda::plan(base::Time now, ClientIndex client, std::uint32_t action) {
    const auto& what = parts_.actions.actions[action];
    const auto when = schedule(client, action);
    if (!profiles::takes_part(what, when)) return;
    const auto first = profiles::intended(what, when, 0);
    if (!first) return;
    if (*first <= base::Duration::zero() && !what.every) return enqueue(client, action, 0, now);
    const auto index = tasks_.take();
    if (index == base::no_index) {
        parts_.figures.drops[metrics::index(metrics::Drop::no_slot)].add();
        return;
    }
    Client& owner = parts_.registry[client];
    tasks_[index] = {.client = client,
                     .next = owner.tasks,
                     .action = action,
                     .timer = base::no_index,
                     .count = 0,
                     .due = now + *first};
    owner.tasks = index;
    if (!arm(index)) remove(index);
}

bool Agenda::arm(std::uint32_t index) {
    Task& task = tasks_[index];
    task.timer = parts_.timers.arm(task.due, {parts_.timer_kind, index});
    if (task.timer == base::no_index) parts_.figures.drops[metrics::index(metrics::Drop::no_slot)].add();
    return task.timer != base::no_index;
}

ClientIndex Agenda::on_timer(std::uint32_t index) {
    Task& task = tasks_[index];
    task.timer = base::no_index;
    const ClientIndex client = task.client;
    enqueue(client, task.action, task.count, task.due);
    const auto next =
        profiles::intended(parts_.actions.actions[task.action], schedule(client, task.action), ++task.count);
    if (next) task.due = parts_.registry[client].registered + *next;
    if (!next || !arm(index)) remove(index);
    return client;
}

void Agenda::enqueue(ClientIndex client, std::uint32_t action, std::uint64_t count, base::Time intended) {
    const auto& what = parts_.actions.actions[action];
    Request request;
    request.path = what.path;
    request.client = client;
    request.action = action;
    request.count = count;
    request.intended = intended;
    request.paths = parts_.downlink.paths_of_action(action);
    if (what.operation == Operation::cancel || what.operation == Operation::cancel_composite) {
        // What is not observed has ended already.
        const auto observation = parts_.downlink.find_observation(client, request.path, request.paths);
        if (observation == base::no_index) return;
        if (what.by == profiles::ServerAction::By::reset) return parts_.downlink.forget_observation(observation);
    }
    if (what.operation == Operation::observe && (what.pmin || what.pmax)) {
        // The attributes hold from the first notification on (Core 1.1.1, 5.1.2).
        request.kind = ServerRequest::write_attributes;
        if (!parts_.downlink.enqueue(request)) return;
    }
    request.kind = request_of(what.operation);
    parts_.downlink.enqueue(request);
}

void Agenda::remove(std::uint32_t index) {
    std::uint32_t* link = &parts_.registry[tasks_[index].client].tasks;
    while (*link != index) link = &tasks_[*link].next;
    *link = tasks_[index].next;
    tasks_.give_back(index);
}

void Agenda::end(ClientIndex client) {
    while (parts_.registry[client].tasks != base::no_index) {
        const auto index = parts_.registry[client].tasks;
        parts_.timers.cancel(tasks_[index].timer);
        remove(index);
    }
}

}  // namespace server
