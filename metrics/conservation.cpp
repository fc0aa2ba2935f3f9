#include "metrics/conservation.h"

#include <algorithm>
#include <iterator>
#include <numeric>

#include <fmt/format.h>

namespace metrics {
namespace {

std::int64_t sum(const std::vector<Term>& terms) {
    return std::accumulate(terms.begin(), terms.end(), std::int64_t{0},
                           [](std::int64_t n, const Term& t) { return n + t.value; });
}

template <std::size_t N>
void append(std::vector<Term>& terms, const std::array<std::string_view, N>& names,
            const std::array<std::int64_t, N>& values) {
    for (std::size_t i = 0; i < N; ++i) terms.push_back({std::string(names[i]), values[i]});
}

// How the operations of one kind ended, over all profiles.
std::array<std::int64_t, result_count> results_of(const Totals& totals, std::size_t op) {
    std::array<std::int64_t, result_count> results{};
    for (const auto& profile : totals.operations[op]) accumulate(results, profile);
    return results;
}

// The results that are failures, and have a cause therefore.
constexpr std::array failing{Result::client_error, Result::server_error, Result::timeout,
                             Result::reset,        Result::dtls,         Result::io};

void add_operation_laws(std::vector<Law>& laws, const Totals& totals, Moment moment) {
    for (std::size_t op = 0; op < operation_count; ++op) {
        const auto started = total(totals.started[op]);
        const auto results = results_of(totals, op);
        const auto in_flight = total(totals.in_flight[op]);
        if (started == 0 && total(results) == 0 && in_flight == 0) continue;

        Law law{std::string(operation_names[op]), {{"started", started}}, {}};
        append(law.right, result_names, results);
        law.right.push_back({"in flight", in_flight});
        laws.push_back(std::move(law));

        Law causes{fmt::format("{} failures", operation_names[op]), {{"causes", total(totals.failures[op])}}, {}};
        for (const auto result : failing) causes.right.push_back({std::string(name(result)), results[index(result)]});
        laws.push_back(std::move(causes));

        if (moment == Moment::ended) {
            laws.push_back({fmt::format("{} at the end", operation_names[op]), {{"in flight", in_flight}}, {}});
        }
    }
}

void add_wire_laws(std::vector<Law>& laws, const Totals& totals) {
    const auto fault = [&](Fault f) { return totals.faults[index(f)]; };
    const auto drop = [&](Drop d) { return totals.drops[index(d)]; };

    Law sent{"datagrams sent", {}, {}};
    append(sent.left, sent_names, totals.sent);
    sent.left.push_back({"duplicated on purpose", fault(Fault::duplicate_sent)});
    sent.right = {{"sent", totals.datagrams[index(Direction::sent)]},
                  {"lost on purpose", fault(Fault::loss_sent)},
                  {"send refused", drop(Drop::send_refused)},
                  {"outbox full", drop(Drop::outbox_full)},
                  {"held", totals.held[index(Direction::sent)]}};
    laws.push_back(std::move(sent));

    Law received{"datagrams received", {}, {}};
    received.left = {{"received", totals.datagrams[index(Direction::received)]},
                     {"duplicated on purpose", fault(Fault::duplicate_received)}};
    append(received.right, received_names, totals.received);
    append(received.right, discard_names, totals.discarded);
    received.right.push_back({"lost on purpose", fault(Fault::loss_received)});
    received.right.push_back({"forgotten by a NAT", fault(Fault::nat_expired)});
    received.right.push_back({"held", totals.held[index(Direction::received)]});
    laws.push_back(std::move(received));

    laws.push_back({"retransmissions",
                    {{"by operation", total(totals.retransmissions)}},
                    {{"sent", totals.sent[index(Sent::retransmission)]}}});
}

}  // namespace

std::int64_t Law::left_sum() const { return sum(left); }
std::int64_t Law::right_sum() const { return sum(right); }

std::vector<Law> conservation(const Totals& totals, Moment moment, std::int64_t devices) {
    std::vector<Law> laws;
    add_operation_laws(laws, totals, moment);
    add_wire_laws(laws, totals);
    if (totals.firmware_devices[0] != 0 || total(totals.firmware) != 0) {
        Law law{"firmware", {{"devices with object 5", totals.firmware_devices[0]}}, {}};
        for (std::size_t state = 0; state < firmware_state_count; ++state) {
            law.right.push_back({std::string(firmware_state_names[state]), total(totals.firmware[state])});
        }
        laws.push_back(std::move(law));
    }
    if (devices >= 0) {
        std::array<std::int64_t, device_state_count> states{};
        for (const auto& profile : totals.devices) accumulate(states, profile);
        Law law{"devices", {{"built", devices}}, {}};
        append(law.right, device_state_names, states);
        laws.push_back(std::move(law));
    }
    return laws;
}

std::vector<Law> conservation(const ServerTotals& totals) {
    std::vector<Law> laws;
    laws.push_back({"server registrations",
                    {{"registrations", totals.registrations}},
                    {{"replaced", totals.replacements},
                     {"deregistered", totals.deregistrations},
                     {"expired", totals.expirations},
                     {"registered now", totals.clients}}});
    for (std::size_t op = 0; op < server_request_count; ++op) {
        if (totals.requests[op] == 0) continue;
        laws.push_back({fmt::format("server {}", server_request_names[op]),
                        {{"started", totals.requests[op]}},
                        {{"answered", total(totals.responses[op])},
                         {"timeout", totals.timeouts[op]},
                         {"reset", totals.resets[op]},
                         {"cancelled", totals.cancelled[op]},
                         {"in flight", totals.in_flight[op]}}});
    }
    return laws;
}

std::vector<Law> broken(const std::vector<Law>& laws) {
    std::vector<Law> found;
    std::ranges::copy_if(laws, std::back_inserter(found), [](const Law& law) { return !law.holds(); });
    return found;
}

std::string to_text(const Law& law) {
    const auto side = [](const std::vector<Term>& terms) {
        std::string text;
        for (const auto& term : terms) {
            if (term.value == 0 && terms.size() > 1) continue;
            text += fmt::format("{}{} {}", text.empty() ? "" : " + ", term.name, term.value);
        }
        return text.empty() ? std::string("0") : text;
    };
    auto text = fmt::format("{}: {} = {}", law.name, side(law.left), side(law.right));
    if (!law.holds()) text += fmt::format(", BROKEN by {:+}", law.left_sum() - law.right_sum());
    return text;
}

}  // namespace metrics
