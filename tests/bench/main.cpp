// lwm2m-bench: prints `name value unit` lines. Ratios hold our cost against the floor of the same run; single times
// depend on the machine.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "simulator/base/timer_wheel.h"
#include "simulator/net/dtls13_session.h"
#include "tests/bench/certificate_bench.h"
#include "tests/bench/codec_bench.h"
#include "tests/bench/dtls13_bench.h"
#include "tests/bench/dtls_bench.h"
#include "tests/bench/fleet_bench.h"
#include "tests/bench/floor.h"
#include "tests/bench/turn_bench.h"

namespace {

constexpr std::size_t notification_size = 32;  // bytes of a CoAP notification of the catalog profile, SenML CBOR
constexpr std::size_t register_size = 230;     // bytes of its Register
constexpr std::uint32_t dtls_devices = 50'000;
constexpr std::uint32_t dtls13_devices = 500;
constexpr std::uint32_t certified_devices = 2'000;
constexpr std::size_t dtls_size = 64;      // bytes of a datagram under DTLS
constexpr std::size_t dtls_overhead = 30;  // bytes that its record is longer (no connection id towards devices: 29)
constexpr double allowed_growth = 1.1;

struct Line {
    std::string name;
    double value = 0;
    std::string unit;
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

bench::FloorCost floor_of(std::uint32_t devices) {
    bench::Mirror mirror;
    return bench::measure_floor(mirror, std::min<std::uint32_t>(devices, 200'000), notification_size, register_size);
}

// Measures in a process of its own, so that what one measurement leaves in memory is not the next one's.
template <class Cost>
Cost measure_apart(Cost (*measure)(std::uint32_t, bench::Notifications, int), std::uint32_t devices,
                   bench::Notifications notifications) {
    const int rounds = devices <= 100'000 ? 4 : 1;
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) std::exit(3);
    const pid_t child = fork();
    if (child == 0) {
        const auto cost = measure(devices, notifications, rounds);
        const auto written = write(ends[1], &cost, sizeof cost);
        _exit(written == static_cast<ssize_t>(sizeof cost) ? 0 : 1);
    }
    close(ends[1]);
    Cost cost;
    const auto got = read(ends[0], &cost, sizeof cost);
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (got != static_cast<ssize_t>(sizeof cost) || status != 0) {
        std::fprintf(stderr, "lwm2m-bench: the measurement of %u devices failed\n", devices);
        std::exit(1);
    }
    return cost;
}

double wheel_ns() {
    constexpr std::uint32_t timers = 1'000'000;
    base::TimerWheel wheel(timers);
    const double begin = bench::thread_cpu_us();
    for (std::uint32_t i = 0; i < timers; ++i) {
        (void)wheel.arm(base::Time(std::chrono::milliseconds(base::draw(1, 0, 0, i) % 60'000)), {0, i});
    }
    std::uint64_t fired = 0;
    wheel.advance(base::Time(std::chrono::seconds(61)), [&](base::TimerEvent) { ++fired; });
    return (bench::thread_cpu_us() - begin) * 1e3 / static_cast<double>(fired);
}

// Devices that speak DTLS: the transport alone, then whole devices above it.
template <class Print>
void measure_secured(std::uint32_t devices, int repeats, const Print& print) {
    std::vector<double> handshakes;
    std::vector<double> floors;
    std::vector<double> exchanges;
    std::vector<double> exchange_ratios;
    std::vector<double> registers;
    std::vector<double> notifies;
    std::vector<double> notify_ratios;
    bench::FleetCost fleet;
    for (int i = 0; i < repeats; ++i) {
        const auto floor = [&] {
            bench::Mirror mirror;
            return bench::measure_floor(mirror, devices * 4, dtls_size + dtls_overhead, dtls_size + dtls_overhead)
                .exchange_us;
        };
        const double before = floor();
        const auto cost = bench::measure_dtls(devices, dtls_size, 10);
        const double between = floor();
        fleet = measure_apart(bench::measure_secured_fleet, devices, bench::Notifications::confirmable);
        const double after = floor();
        floors.push_back(between);
        handshakes.push_back(cost.handshake_us);
        exchanges.push_back(cost.exchange_us);
        exchange_ratios.push_back(cost.exchange_us * 2 / (before + between));
        registers.push_back(fleet.register_us);
        notifies.push_back(fleet.notify_us);
        notify_ratios.push_back(fleet.notify_us * 2 / (between + after));
    }
    print("dtls_floor.exchange.us", median(floors), "us");
    print("dtls_handshake.us", median(handshakes), "us");
    print("dtls_exchange.us", median(exchanges), "us");
    print("dtls_exchange.ratio", median(exchange_ratios), "ratio");
    print("dtls_register.us", median(registers), "us");
    print("dtls_notify_con.us", median(notifies), "us");
    print("dtls_notify_con.ratio", median(notify_ratios), "ratio");
    print("dtls_device.bytes", fleet.bytes_per_device, "bytes");
}

// By certificate and raw public key.
template <class Print>
void measure_certified(int repeats, const Print& print) {
    for (const std::string mode : {"x509", "rpk"}) {
        std::vector<double> clients;
        std::vector<double> servers;
        for (int i = 0; i < repeats; ++i) {
            const auto cost = bench::measure_certificates(mode, certified_devices);
            clients.push_back(cost.client_us);
            servers.push_back(cost.server_us);
        }
        print("dtls_handshake_" + mode + ".us", median(clients), "us");
        print("dtls_handshake_" + mode + ".server.us", median(servers), "us");
    }
}

int compare(const std::string& file, const std::vector<Line>& lines) {
    std::ifstream in(file);
    if (!in) {
        std::fprintf(stderr, "lwm2m-bench: cannot read %s\n", file.c_str());
        return 2;
    }
    std::map<std::string, double> before;
    std::string name;
    std::string unit;
    double value = 0;
    while (in >> name >> value >> unit) before[name] = value;
    int grown = 0;
    for (const auto& line : lines) {
        const auto found = before.find(line.name);
        if (line.unit != "ratio" || found == before.end() || line.value <= found->second * allowed_growth) continue;
        std::fprintf(stderr, "%s grew from %.3f to %.3f: more than 10 %%\n", line.name.c_str(), found->second,
                     line.value);
        ++grown;
    }
    return grown == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"What an operation costs, beside the floor that the kernel sets: `name value unit` lines."};
    std::vector<std::uint32_t> sizes{10'000, 100'000, 1'000'000};
    std::string baseline;
    int repeats = 3;
    app.add_option("--devices", sizes, "fleet sizes")->delimiter(',');
    app.add_option("--repeats", repeats,
                   "how often each fleet is measured, a small one 3 times as often; the median counts")
        ->check(CLI::Range(1, 99));
    app.add_option("--baseline", baseline, "an earlier output: exit 1 when a ratio has grown by more than 10 %");
    bool only_turns = false;
    app.add_flag("--turns", only_turns, "only our own code: a turn of a shard without a network");
    CLI11_PARSE(app, argc, argv);

    std::vector<Line> lines;
    const auto print = [&](const std::string& name, double value, const std::string& unit) {
        lines.push_back({name, value, unit});
        std::printf("%s %.4g %s\n", name.c_str(), value, unit.c_str());
        std::fflush(stdout);
    };

    const auto suffix_of = [&](std::uint32_t devices) {
        return devices == sizes.back() ? std::string() : "_" + std::to_string(devices / 1000) + "k";
    };
    const auto print_turn = [&](std::uint32_t devices, const std::string& suffix) {
        const auto turn = measure_apart(bench::measure_turn, devices, bench::Notifications::non_confirmable);
        const auto confirmed = measure_apart(bench::measure_turn, devices, bench::Notifications::confirmable);
        print("turn_register.ns" + suffix, turn.register_ns, "ns");
        print("turn_notify_non.ns" + suffix, turn.notify_ns, "ns");
        print("turn_notify_con.ns" + suffix, confirmed.notify_ns, "ns");
    };

    print("wheel.ns", wheel_ns(), "ns");
    if (only_turns) {
        for (const auto devices : sizes) print_turn(devices, suffix_of(devices));
        return 0;
    }
    for (const auto& codec : bench::measure_codecs()) print(codec.name, codec.ns, "ns");

    measure_secured(std::min(sizes.front(), dtls_devices), repeats, print);
    if (net::dtls13_features().available) {
        const auto cost = bench::measure_dtls13(dtls13_devices);
        print("dtls13_handshake.us", cost.handshake_us, "us");
        print("dtls13_handshake.server.us", cost.server_handshake_us, "us");
        print("dtls13_device.bytes", cost.device_bytes, "bytes");
        print("dtls13_session.server.bytes", cost.server_bytes, "bytes");
    }
    measure_certified(repeats, print);

    std::map<std::uint32_t, double> register_us;
    for (const auto devices : sizes) {
        std::vector<double> sends;
        std::vector<double> exchanges;
        std::vector<double> registers;
        std::vector<double> non;
        std::vector<double> con;
        std::vector<double> register_ratios;
        std::vector<double> non_ratios;
        std::vector<double> con_ratios;
        bench::FleetCost last;
        // A small fleet is measured more often: it is over in a moment.
        for (int i = 0; i < (devices < 100'000 ? 3 * repeats : repeats); ++i) {
            // The floor before and after: the machine's pace drifts, and both sides are to see the same of it.
            const auto before = floor_of(devices);
            last = measure_apart(bench::measure_fleet, devices, bench::Notifications::non_confirmable);
            const auto confirmed = measure_apart(bench::measure_fleet, devices, bench::Notifications::confirmable);
            const auto after = floor_of(devices);
            const bench::FloorCost floor{(before.send_us + after.send_us) / 2,
                                         (before.exchange_us + after.exchange_us) / 2};
            sends.push_back(floor.send_us);
            exchanges.push_back(floor.exchange_us);
            registers.push_back(last.register_us);
            non.push_back(last.notify_us);
            con.push_back(confirmed.notify_us);
            register_ratios.push_back(last.register_us / floor.exchange_us);
            non_ratios.push_back(last.notify_us / floor.send_us);
            con_ratios.push_back(confirmed.notify_us / floor.exchange_us);
        }
        const auto suffix = suffix_of(devices);
        register_us[devices] = median(registers);
        print("floor.send.us" + suffix, median(sends), "us");
        print("floor.exchange.us" + suffix, median(exchanges), "us");
        print("register.us" + suffix, register_us[devices], "us");
        print("register.ratio" + suffix, median(register_ratios), "ratio");
        print("notify_non.us" + suffix, median(non), "us");
        print("notify_non.ratio" + suffix, median(non_ratios), "ratio");
        print("notify_con.us" + suffix, median(con), "us");
        print("notify_con.ratio" + suffix, median(con_ratios), "ratio");
        print_turn(devices, suffix);
        print("device.bytes" + suffix, last.bytes_per_device, "bytes");
        print("construct_" +
                  (devices >= 1'000'000 ? std::to_string(devices / 1'000'000) + "m"
                                        : std::to_string(devices / 1000) + "k") +
                  ".s",
              last.construct_s, "s");
    }
    if (register_us.contains(10'000) && register_us.contains(1'000'000)) {
        print("register.growth_1m_10k", register_us[1'000'000] / register_us[10'000], "ratio");
    }
    return baseline.empty() ? 0 : compare(baseline, lines);
}
