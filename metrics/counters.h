// Counters: what one shard's thread counted. Plain numbers, written by that thread alone and folded by whoever wants to
// know.
#pragma once

#include <memory>
#include <span>

#include "metrics/catalog.h"
#include "metrics/cell.h"
#include "simulator/base/check.h"
#include "simulator/base/time.h"

namespace metrics {

// Every figure of a shard. `Figures<Cell>` lives in the shard, `Figures<std::int64_t>` is a sum over shards at one
// moment.
template <class T>
struct Figures {
    Table<T, operation_count, max_profiles> started;
    Table<T, operation_count, max_profiles>
        in_flight;  // counted by itself: up at the start, down at the end, never derived
    Table<T, operation_count, max_profiles> skipped;  // planned, never started: no room
    Table<T, operation_count, max_profiles, result_count> operations;
    Table<T, operation_count, cause_count> failures;
    Table<T, operation_count, code_slot_count> responses;
    Table<T, operation_count> retransmissions;
    Table<T, server_request_count, code_slot_count> server_requests;
    Table<T, 2> notifications;  // [0] non-confirmable, [1] confirmable
    Table<T, sent_names.size()> sent;
    Table<T, received_names.size()> received;
    Table<T, discard_names.size()> discarded;
    Table<T, direction_names.size()> datagrams;
    Table<T, direction_names.size()> bytes;
    Table<T, direction_names.size()> held;  // datagrams inside the impairment layer now
    Table<T, fault_names.size()> faults;
    Table<T, drop_names.size()> drops;
    Table<T, max_profiles, device_state_count> devices;
    Table<T, firmware_state_count, firmware_result_count> firmware;  // devices with object 5
    Table<T, 1> firmware_devices;                                    // all of them, counted by itself
    Table<T, handshake_kind_names.size()> handshakes;                // that ended well
    Table<T, 1> connection_ids;                                      // of those: the device's records carry one
    Table<T, direction_names.size(), alert_names.size()> alerts;
    Table<T, record_drop_names.size()> records_dropped;
    Table<T, certificate_fault_names.size()> certificates_refused;
    Table<T, 1> rebinds;  // that a session has survived
    Table<T, 1> observations;
    Table<T, 1> busy_ns;

    // Calls visit(a.member, b.member) for each table: the one list of members.
    template <class A, class B, class Visit>
    static void each(A& a, B& b, Visit visit) {
        visit(a.started, b.started);
        visit(a.in_flight, b.in_flight);
        visit(a.skipped, b.skipped);
        visit(a.operations, b.operations);
        visit(a.failures, b.failures);
        visit(a.responses, b.responses);
        visit(a.retransmissions, b.retransmissions);
        visit(a.server_requests, b.server_requests);
        visit(a.notifications, b.notifications);
        visit(a.sent, b.sent);
        visit(a.received, b.received);
        visit(a.discarded, b.discarded);
        visit(a.datagrams, b.datagrams);
        visit(a.bytes, b.bytes);
        visit(a.held, b.held);
        visit(a.faults, b.faults);
        visit(a.drops, b.drops);
        visit(a.devices, b.devices);
        visit(a.firmware, b.firmware);
        visit(a.firmware_devices, b.firmware_devices);
        visit(a.handshakes, b.handshakes);
        visit(a.alerts, b.alerts);
        visit(a.records_dropped, b.records_dropped);
        visit(a.certificates_refused, b.certificates_refused);
        visit(a.connection_ids, b.connection_ids);
        visit(a.rebinds, b.rebinds);
        visit(a.observations, b.observations);
        visit(a.busy_ns, b.busy_ns);
    }
};

inline constexpr std::int64_t no_device = -1;

// The sum over shards; about 40 KB, so keep it on the heap or in a member.
struct Totals : Figures<std::int64_t> {
    // The device index of the first failure of each kind, for the replay hint; of several shards' firsts the lowest.
    // no_device: none.
    Table<std::int64_t, operation_count, cause_count> first_device;

    Totals();
};

enum class Confirmable : std::uint8_t { no, yes };

// REQUIRES: each call but the reads comes from the thread that owns it. Each is a few plain loads and stores.
// REQUIRES: profile < max_profiles.
//
// An operation is start()ed once and ended once, by succeed, fail, coalesce or abort; in between it is in flight.
class alignas(64) Counters {
public:
    void start(Operation op, ProfileIndex profile) {
        figures_.started[index(op)][profile].add();
        figures_.in_flight[index(op)][profile].add();
    }
    void succeed(Operation op, ProfileIndex profile) { end(op, profile, Result::ok); }
    // `device` is the index that `lwm2m-sim device --index` takes.
    void fail(Operation op, ProfileIndex profile, Cause cause, std::uint64_t device) {
        auto& count = figures_.failures[index(op)][index(cause)];
        // One more than the index, so that 0 says "none".
        if (count.get() == 0) first_device_plus_1_[index(op)][index(cause)].set(static_cast<std::int64_t>(device) + 1);
        count.add();
        end(op, profile, result_of(cause));
    }
    void coalesce(Operation op, ProfileIndex profile) { end(op, profile, Result::coalesced); }
    void abort(Operation op, ProfileIndex profile) { end(op, profile, Result::aborted); }
    // A planned operation that never started for want of room; count the Drop too.
    void skip(Operation op, ProfileIndex profile) { figures_.skipped[index(op)][profile].add(); }

    // A response to `op` came, whatever it says. 0.00 is the empty acknowledgement of a notification.
    void respond(Operation op, std::uint8_t code) { figures_.responses[index(op)][code_slot(code)].add(); }
    // We answered a request of the server with `code`. A repeated answer to a duplicate is not counted here.
    void answer(ServerRequest request, std::uint8_t code) {
        figures_.server_requests[index(request)][code_slot(code)].add();
    }
    void notify(Confirmable confirmable) { figures_.notifications[index(confirmable)].add(); }

    // What a device handed to its transport, one a datagram, counted even if it is then lost on purpose or dropped.
    // A retransmission has an operation: say retransmit() instead.
    void send(Sent kind) { figures_.sent[index(kind)].add(); }
    void retransmit(Operation op) {
        figures_.retransmissions[index(op)].add();
        figures_.sent[index(Sent::retransmission)].add();
    }
    // What a datagram that reached a device (or none) was good for: exactly one of these two for each.
    void receive(Received kind) { figures_.received[index(kind)].add(); }
    void discard(Discard reason) { figures_.discarded[index(reason)].add(); }

    // The same for what a secured transport did by itself, many at a time.
    void send(Sent kind, std::uint64_t n) { figures_.sent[index(kind)].add(static_cast<std::int64_t>(n)); }
    void receive(Received kind, std::uint64_t n) { figures_.received[index(kind)].add(static_cast<std::int64_t>(n)); }
    void discard(Discard reason, std::uint64_t n) {
        figures_.discarded[index(reason)].add(static_cast<std::int64_t>(n));
    }
    void shake_hands(HandshakeKind kind, std::uint64_t n) {
        figures_.handshakes[index(kind)].add(static_cast<std::int64_t>(n));
    }
    // `alert` and `reason`: places in alert_names and record_drop_names.
    void alert(Direction direction, std::size_t alert, std::uint64_t n) {
        figures_.alerts[index(direction)][alert].add(static_cast<std::int64_t>(n));
    }
    void agree_on_id(std::uint64_t n) { figures_.connection_ids[0].add(static_cast<std::int64_t>(n)); }
    void rebind(std::uint64_t n) { figures_.rebinds[0].add(static_cast<std::int64_t>(n)); }
    void drop_record(std::size_t reason, std::uint64_t n) {
        figures_.records_dropped[reason].add(static_cast<std::int64_t>(n));
    }
    // `fault`: a place in certificate_fault_names.
    void refuse_certificate(std::size_t fault, std::uint64_t n) {
        figures_.certificates_refused[fault].add(static_cast<std::int64_t>(n));
    }

    // What passed the socket in a batch; counted by the transport, apart from the above.
    void pass(Direction direction, std::uint64_t datagrams, std::uint64_t bytes) {
        figures_.datagrams[index(direction)].add(static_cast<std::int64_t>(datagrams));
        figures_.bytes[index(direction)].add(static_cast<std::int64_t>(bytes));
    }
    // What the impairment layer took in (+1) and let go (-1: delivered late) without losing it.
    void hold(Direction direction, int change) { figures_.held[index(direction)].add(change); }
    void inject(Fault fault, std::uint64_t n = 1) { figures_.faults[index(fault)].add(static_cast<std::int64_t>(n)); }
    void drop(Drop reason, std::uint64_t n = 1) { figures_.drops[index(reason)].add(static_cast<std::int64_t>(n)); }

    // `n` new devices stand in `state`.
    void add_devices(ProfileIndex profile, DeviceState state, std::int64_t n) {
        figures_.devices[profile][index(state)].add(n);
    }
    void move_device(ProfileIndex profile, DeviceState from, DeviceState to) {
        figures_.devices[profile][index(from)].add(-1);
        figures_.devices[profile][index(to)].add(1);
    }
    // A new device with object 5, in Idle without a result.
    void add_firmware_device() {
        figures_.firmware_devices[0].add();
        figures_.firmware[0][0].add();
    }
    // The places of /5/0/3 and /5/0/5 in their tables of names.
    struct Firmware {
        std::size_t state = 0;
        std::size_t result = 0;
    };
    void move_firmware(Firmware from, Firmware to) {
        figures_.firmware[from.state][from.result].add(-1);
        figures_.firmware[to.state][to.result].add(1);
    }
    void add_observations(int change) { figures_.observations[0].add(change); }
    // Time that the thread worked, not waited, since the last call.
    void add_busy(base::Duration worked) { figures_.busy_ns[0].add(worked.count()); }

    const Figures<Cell>& figures() const { return figures_; }
    // The device that failed first with this cause, or no_device.
    std::int64_t first_device(Operation op, Cause cause) const {
        return first_device_plus_1_[index(op)][index(cause)].get() - 1;
    }
    base::Duration busy() const { return base::Duration(figures_.busy_ns[0].get()); }

private:
    void end(Operation op, ProfileIndex profile, Result result) {
        figures_.operations[index(op)][profile][index(result)].add();
        figures_.in_flight[index(op)][profile].add(-1);
    }

    Figures<Cell> figures_;
    Table<Cell, operation_count, cause_count> first_device_plus_1_;
};

// Adds a shard's figures to `into`. Exact when the owner calls it between two turns, or rests; from another thread
// while the owner works, figures that belong together may be a few apart, so the conservation laws must then not be
// judged.
void accumulate(Totals& into, const Counters& from);
Totals fold(std::span<const Counters* const> shards);

}  // namespace metrics
