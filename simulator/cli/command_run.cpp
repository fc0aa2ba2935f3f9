#include "simulator/cli/command_run.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <ostream>
#include <thread>

#include <fmt/format.h>

#include "simulator/base/units.h"
#include "simulator/cli/fleet_loader.h"
#include "simulator/cli/host_check.h"
#include "simulator/cli/listener.h"
#include "simulator/cli/report_files.h"
#include "simulator/cli/signals.h"
#include "simulator/cli/target.h"
#include "simulator/cli/terminal.h"
#include "simulator/engine/scenario_runner.h"

namespace cli {
namespace {

using metrics::ExitCode;

constexpr base::Duration screen_interval = std::chrono::seconds(1);
constexpr base::Duration line_interval = std::chrono::seconds(10);

int refuse(const Context& context, ExitCode code, const std::string& message) {
    context.err << fmt::format("error: {}\nnothing was sent\n", message) << std::flush;
    return static_cast<int>(code);
}

std::size_t terminal_columns() {
    winsize size{};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

// Shows the run on a thread of its own until it is told that there is no more to see.
class Viewer {
public:
    Viewer(const engine::ScenarioRunner& runner, const RunCommand& command, const Context& context,
           base::Duration planned, const std::string& listener)
        : runner_(runner),
          context_(context),
          planned_(planned),
          screen_(context.terminal && command.color),
          view_(command.color ? LiveView::Color::yes : LiveView::Color::no, listener) {
        if (!command.quiet) thread_ = std::thread([this] { show(); });
    }
    ~Viewer() {
        {
            const std::lock_guard lock(mutex_);
            over_ = true;
        }
        changed_.notify_one();
        if (thread_.joinable()) thread_.join();
    }

private:
    void show() {
        const auto begin = std::chrono::steady_clock::now();
        auto next = begin;
        std::unique_lock lock(mutex_);
        for (;;) {
            next += screen_ ? screen_interval : line_interval;
            if (changed_.wait_until(lock, next, [this] { return over_; })) return;
            const ViewMoment moment{std::chrono::steady_clock::now() - begin, planned_};
            auto snapshot = runner_.snapshot();
            snapshot.run.target = runner_.target_uri();
            context_.err << (screen_ ? view_.screen(snapshot, moment, terminal_columns())
                                     : view_.line(snapshot, moment))
                         << std::flush;
        }
    }

    const engine::ScenarioRunner& runner_;
    const Context& context_;
    base::Duration planned_;
    bool screen_;
    LiveView view_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool over_ = false;
    std::thread thread_;
};

// The device of that index or endpoint name.
std::optional<std::uint64_t> find_device(const engine::FleetModel& model, const std::string& text) {
    std::uint64_t index = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), index);
    if (error == std::errc{} && stop == text.data() + text.size()) {
        return index < model.population->size() ? std::optional(index) : std::nullopt;
    }
    for (index = 0; index < model.population->size(); ++index) {
        const profiles::EndpointVariables variables{.index = index, .seed = model.scenario.seed, .shard = 0};
        if (profiles::endpoint_name(model.population->profile_of(index), variables) == text) return index;
    }
    return std::nullopt;
}

// What is captured; the error is a sentence for the user.
tl::expected<std::vector<engine::CaptureRequest>, std::string> captures_of(const RunCommand& command,
                                                                           const engine::FleetModel& model) {
    std::vector<engine::CaptureRequest> requests;
    for (const auto& [text, file] : command.captures) {
        const auto device = find_device(model, text);
        if (!device) {
            return tl::unexpected(fmt::format("--capture: there is no device '{}'; the fleet has {}",
                                              profiles::printable(text), base::format_count(model.population->size())));
        }
        const bool twice = std::ranges::any_of(requests, [&](const auto& other) { return other.file == file; });
        if (twice) return tl::unexpected(fmt::format("--capture: {} is there twice", profiles::printable(file)));
        requests.push_back({*device, file});
    }
    return requests;
}

// What the engine needs beside the fleet, or why not.
tl::expected<engine::RunOptions, engine::StartError> engine_options(const RunCommand& command, const Context& context,
                                                                    const engine::FleetModel& model) {
    const auto fail = [](ExitCode code, std::string message) {
        return tl::unexpected(engine::StartError{code, std::move(message)});
    };
    const auto& scenario = model.scenario;
    engine::RunOptions options;
    options.threads = command.threads;
    options.grace = command.grace;
    options.server_port = command.server_port;
    options.hooks = {command.test_freeze_server, command.test_leak_operation};
    options.info = describe_run(context.args);
    options.info.scenario = scenario.name;
    options.info.seed = scenario.seed;

    net::Address target = net::Address::from_v4(0x7f000001, command.server_port);
    if (scenario.target) {
        const auto address = resolve(*scenario.target);
        if (!address) return fail(ExitCode::unreachable, address.error());
        target = *address;
        options.target = target;
        options.info.target = to_string(*scenario.target);
    }
    if (const auto reason = refuse_stranger(target, scenario.devices); !reason.empty() && !command.own_target) {
        return fail(ExitCode::usage, reason);
    }
    for (const auto& profile : model.profiles) {
        auto& addresses = options.further_servers.emplace_back();
        for (std::size_t i = 1; i < profile->servers.size(); ++i) {
            const auto address = resolve(*profile->servers[i].uri);
            if (!address) return fail(ExitCode::unreachable, address.error());
            if (const auto reason = refuse_stranger(*address, scenario.devices);
                !reason.empty() && !command.own_target) {
                return fail(ExitCode::usage, reason);
            }
            addresses.push_back(*address);
        }
    }
    const auto sources = plan_sources(target, command.addresses, command.pool);
    if (!sources) return fail(ExitCode::usage, sources.error());
    options.addresses = sources->kind;
    if (sources->kind == net::AddressPlan::Kind::pool) options.pool = sources->pool;
    options.single_address = sources->single;

    auto captures = captures_of(command, model);
    if (!captures) return fail(ExitCode::usage, captures.error());
    options.captures = *std::move(captures);

    if (!scenario.report_dir.empty()) {
        if (const auto problem = prepare_folder(scenario.report_dir); !problem.empty()) {
            return fail(ExitCode::usage, problem);
        }
    }
    const auto shortage =
        refuse_for_memory(scenario.devices, scenario.target ? WithServer::no : WithServer::yes, available_memory());
    if (!shortage.empty()) return fail(ExitCode::host, shortage);
    return options;
}

void announce(const RunCommand& command, const Context& context, const engine::FleetModel& model,
              const engine::ScenarioRunner& runner, const std::string& listener) {
    const auto& scenario = model.scenario;
    context.err << fmt::format("lwm2m-sim {}   {}   seed {}   {} devices   {} {}   {}{}{}\n", LWM2M_SIM_VERSION,
                               scenario.name, scenario.seed, base::format_count(scenario.devices),
                               scenario.target ? "target" : "embedded server", net::to_string(runner.target()),
                               clock_text(model.plan->end().time_since_epoch()), listener.empty() ? "" : "   ",
                               listener);
    for (const auto& [device, file] : command.captures) {
        const bool keys = std::filesystem::exists(file + ".keys");
        context.err << fmt::format("capture of {}: {}{}\n", profiles::printable(device), file,
                                   keys ? fmt::format("; its secrets are written to {}.keys", file) : "");
    }
    if (command.verbose) {
        context.err << fmt::format("threads {}   grace {}\n", runner.threads(), base::format_duration(command.grace));
        for (std::size_t i = 0; i < model.profiles.size(); ++i) {
            context.err << fmt::format("profile {:<24} {} devices\n", model.profiles[i]->name,
                                       base::format_count(model.population->count(i)));
        }
        for (const auto& phase : model.plan->phases()) {
            context.err << fmt::format("phase   {:<24} {} to {}   {} to {} devices\n", phase.name,
                                       clock_text(phase.begin.time_since_epoch()),
                                       clock_text(phase.end.time_since_epoch()), base::format_count(phase.before),
                                       base::format_count(phase.after));
        }
    }
    context.err << std::flush;
}

// Files, then the summary; the exit code with what became of both.
int report(const RunCommand& command, const Context& context, const engine::FleetModel& model,
           metrics::RunResult result) {
    std::vector<std::string> errors;
    if (!model.scenario.report_dir.empty()) errors = write_report(model.scenario.report_dir, result);
    context.out << summary_text(command.summary, result) << std::flush;
    if (!context.out) errors.emplace_back("cannot write the summary to standard output");
    for (const auto& error : errors) context.err << fmt::format("error: {}\n", error) << std::flush;
    const bool bug = result.exit_code == ExitCode::bug;
    return static_cast<int>(errors.empty() || bug ? result.exit_code : ExitCode::host);
}

std::string replay_arguments(const RunCommand& command, const engine::FleetModel& model) {
    std::string text = fmt::format("-n {}", model.scenario.devices);
    if (command.scenario.file) text = *command.scenario.file + " " + text;
    return text;
}

}  // namespace

int run_scenario(const RunCommand& command, const Context& context) {
    const auto model = load_fleet(command.scenario, context.environment, context.err);
    if (model == nullptr) return static_cast<int>(ExitCode::usage);
    auto options = engine_options(command, context, *model);
    if (!options) return refuse(context, options.error().code, options.error().message);

    std::mutex mutex;
    engine::ScenarioRunner* running = nullptr;
    int interrupts = 0;
    SignalWatch signals([&] {
        const std::lock_guard lock(mutex);
        ++interrupts;
        if (running == nullptr) return;
        context.err << (interrupts == 1 ? "\ninterrupted: the devices leave; once more to stop at once\n"
                                        : "\nstopping\n")
                    << std::flush;
        running->interrupt();
    });
    auto prepared = engine::ScenarioRunner::prepare(*model, *std::move(options));
    if (!prepared) return refuse(context, prepared.error().code, prepared.error().message);
    engine::ScenarioRunner& runner = **prepared;

    auto listener = listen_to_run(command, runner);
    if (!listener) return refuse(context, ExitCode::host, listener.error());
    if (!listener->warning.empty()) context.err << fmt::format("warning: {}\n", listener->warning);
    {
        const std::lock_guard lock(mutex);
        if (interrupts > 0) return refuse(context, ExitCode::interrupted, "interrupted before the start");
        running = &runner;
    }
    announce(command, context, *model, runner, listener->url);
    metrics::RunResult result;
    {
        const Viewer viewer(runner, command, context, model->plan->end().time_since_epoch(), listener->url);
        result = runner.run();
    }
    {
        const std::lock_guard lock(mutex);
        running = nullptr;
    }
    for (const auto& problem : runner.finish_captures()) context.err << fmt::format("warning: {}\n", problem);
    result.snapshot.run.target = runner.target_uri();
    result.replay_arguments = replay_arguments(command, *model);
    return report(command, context, *model, std::move(result));
}

}  // namespace cli
