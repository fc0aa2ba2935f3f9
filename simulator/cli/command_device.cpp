#include "simulator/cli/command_device.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <ostream>
#include <thread>

#include <fmt/format.h>

#include "profiles/object_loader.h"
#include "profiles/population.h"
#include "profiles/profile_loader.h"
#include "profiles/resolve.h"
#include "simulator/base/units.h"
#include "simulator/cli/device_view.h"
#include "simulator/cli/line_reader.h"
#include "simulator/cli/listener.h"
#include "simulator/cli/report_files.h"
#include "simulator/cli/signals.h"
#include "simulator/cli/target.h"
#include "simulator/engine/oscore_directory.h"
#include "simulator/engine/server_runner.h"
#include "simulator/fleet/generators.h"

namespace cli {
namespace {

using metrics::DeviceState;
using metrics::ExitCode;

constexpr base::Duration farewell = std::chrono::seconds(5);          // for the De-register
constexpr base::Duration script_patience = std::chrono::seconds(10);  // for the registration before a script begins
constexpr base::Duration watch_interval = std::chrono::milliseconds(10);
constexpr std::uint32_t server_capacity = 16;

constexpr std::string_view help_text =
    "show [PATH]        the values at or below a path, as they are now: show /3303/0, show device/0/battery_level\n"
    "set PATH VALUE     changes a value; whoever observes it is told: set /3303/0/5700 21.5\n"
    "state              registration and observations\n"
    "notify             tells every observation now, whatever its attributes say\n"
    "update             sends an Update\n"
    "reboot             goes away without a word, and registers anew\n"
    "wait DURATION      does nothing for so long: for scripts\n"
    "messages on|off    prints messages, or not\n"
    "quit               de-registers and ends\n";

int refuse(const Context& context, ExitCode code, const std::string& message) {
    context.err << fmt::format("error: {}\n", message) << std::flush;
    return static_cast<int>(code);
}

// Lines of two threads, one at a time.
class Output {
public:
    explicit Output(std::ostream& out) : out_(out) {}
    void put(std::string_view text) {
        const std::lock_guard lock(mutex_);
        out_ << text << std::flush;
    }
    std::atomic<bool> messages{true};

private:
    std::mutex mutex_;
    std::ostream& out_;
};

// An interrupt, and whoever waits for one.
class Interrupt {
public:
    void raise() {
        const std::lock_guard lock(mutex_);
        raised_ = true;
        changed_.notify_all();
    }
    bool raised() {
        const std::lock_guard lock(mutex_);
        return raised_;
    }
    void sleep(base::Duration length) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, length, [&] { return raised_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool raised_ = false;
};

// What the user types, one line at a time.
class Prompt {
public:
    Prompt(engine::DeviceRunner& runner, const DeviceView& view, Output& output, Interrupt& interrupt)
        : runner_(runner), view_(view), output_(output), interrupt_(interrupt) {}

    // False when it was the last one. A line that says nothing that can be done is answered, and forgotten.
    bool run(std::string_view line) {
        const auto command = word(line);
        if (command.empty() || command.starts_with('#')) return true;
        if (command == "quit" || command == "exit") return false;
        if (command == "help") {
            output_.put(help_text);
        } else if (command == "show") {
            show(word(line));
        } else if (command == "set") {
            set(line);
        } else if (command == "state") {
            output_.put(view_.text(runner_.info()));
        } else if (command == "notify") {
            output_.put(fmt::format("{} observations are told\n", runner_.notify()));
        } else if (command == "update") {
            when_registered([&] { runner_.update(); });
        } else if (command == "reboot") {
            runner_.reboot();
        } else if (command == "wait") {
            wait(word(line));
        } else if (command == "messages") {
            messages(word(line));
        } else {
            output_.put(fmt::format("'{}' is no command; help lists them\n", profiles::printable(command)));
        }
        return true;
    }

private:
    static std::string_view word(std::string_view& line) {
        const auto begin = line.find_first_not_of(" \t\r");
        if (begin == std::string_view::npos) return line = {};
        line.remove_prefix(begin);
        const auto end = std::min(line.find_first_of(" \t\r"), line.size());
        const auto found = line.substr(0, end);
        line.remove_prefix(end);
        return found;
    }
    static std::string_view trimmed(std::string_view text) {
        const auto begin = text.find_first_not_of(" \t\r");
        if (begin == std::string_view::npos) return {};
        return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
    }

    std::optional<lwm2m::Path> path_of(std::string_view text) {
        const auto path = view_.objects().path(text.empty() ? "/" : text);
        if (path) return *path;
        output_.put(path.error().message + "\n");
        return std::nullopt;
    }
    void show(std::string_view text) {
        const auto path = path_of(text);
        if (!path) return;
        const auto values = runner_.values(*path);
        output_.put(values.empty() ? fmt::format("there is nothing at {}\n", lwm2m::to_string(*path))
                                   : view_.text(values));
    }
    void set(std::string_view line) {
        const auto path = word(line);
        if (path.empty()) {
            output_.put("set PATH VALUE: set /3303/0/5700 21.5\n");
            return;
        }
        const auto at = path_of(path);
        if (!at) return;
        const auto done = runner_.set(*at, std::string(trimmed(line)));
        output_.put(done ? view_.text(runner_.values(*at)) : done.error() + "\n");
    }
    template <class F>
    void when_registered(F&& act) {
        if (runner_.state() == DeviceState::registered) {
            act();
        } else {
            output_.put("the device is not registered\n");
        }
    }
    void wait(std::string_view text) {
        const auto length = base::parse_duration(text);
        if (length) {
            interrupt_.sleep(*length);
        } else {
            output_.put("wait DURATION: wait 2s\n");
        }
    }
    void messages(std::string_view word) {
        if (word == "on" || word == "off") {
            output_.messages = word == "on";
        } else {
            output_.put("messages on, or messages off\n");
        }
    }

    engine::DeviceRunner& runner_;
    const DeviceView& view_;
    Output& output_;
    Interrupt& interrupt_;
};

tl::expected<std::unique_ptr<engine::ServerRunner>, engine::StartError> start_server(
    const lwm2m::ObjectRegistry& registry, server::OscoreDirectory oscore, const Context& context) {
    server::ServerConfig config;
    config.oscore = std::move(oscore);
    config.capacity = server_capacity;
    config.objects = &registry;
    engine::ServerRunOptions options{net::Address::from_v4(0x7f000001, 0), std::move(config),
                                     describe_run(context.args)};
    options.info.scenario = "device";
    auto runner = engine::ServerRunner::prepare(std::move(options));
    if (runner) (*runner)->start();
    return runner;
}

net::AddressPlan plan_of(const SourcePlan& sources) {
    net::AddressPlan plan;
    plan.kind = sources.kind;
    plan.first = sources.single.value_or(sources.pool.first);
    plan.prefix_size = sources.pool.size;
    plan.devices = 1;
    plan.sockets = 1;
    return plan;
}

// Commands of a script begin when the device is registered.
void wait_for_registration(engine::DeviceRunner& runner, Interrupt& interrupt) {
    const base::Time end = runner.now() + script_patience;
    while (runner.state() != DeviceState::registered && runner.now() < end && !interrupt.raised()) {
        interrupt.sleep(watch_interval);
    }
}

// De-registers, and waits for the server's word.
void say_goodbye(engine::DeviceRunner& runner) {
    runner.leave();
    const base::Time end = runner.now() + farewell;
    while (runner.state() != DeviceState::stopped && runner.now() < end) std::this_thread::sleep_for(watch_interval);
}

}  // namespace

int run_device(const DeviceCommand& command, const Context& context) {
    lwm2m::ObjectRegistry registry = profiles::builtin_objects();
    profiles::Diagnostics diagnostics;
    profiles::load_objects(command.objects, registry, diagnostics);
    profiles::YamlOptions yaml;
    yaml.environment = context.environment;
    const auto profile = diagnostics.ok() ? profiles::load_resolved(command.profile, profiles::builtin_profiles(),
                                                                    registry, diagnostics, yaml)
                                          : nullptr;
    if (profile) fleet::Generators::check(profile->generators, diagnostics);
    context.err << diagnostics.text();
    if (!profile || !diagnostics.ok()) {
        context.err << fmt::format("{}; nothing was sent\n", diagnostics.summary()) << std::flush;
        return static_cast<int>(ExitCode::usage);
    }

    if (profile->security.mode != profiles::SecurityMode::none || (command.target && command.target->secure)) {
        return refuse(context, ExitCode::usage, "device: it speaks plain CoAP; a secured device is for `run -n 1`");
    }
    if (profile->servers.size() > 1) {
        return refuse(context, ExitCode::usage, "device: a profile with one server is needed; this one has several");
    }

    const profiles::EndpointVariables variables{.index = command.index, .seed = command.seed, .shard = 0};
    if (const auto problem = profiles::oscore_problem(*profile, variables)) {
        return refuse(context, ExitCode::usage, *problem);
    }

    Interrupt interrupt;
    SignalWatch signals([&] { interrupt.raise(); });
    std::unique_ptr<engine::ServerRunner> server;
    net::Address target;
    if (command.target) {
        const auto address = resolve(*command.target);
        if (!address) return refuse(context, ExitCode::unreachable, address.error());
        target = *address;
    } else {
        auto oscore = engine::oscore_directory(profile, variables);
        oscore.entropy = engine::run_entropy();
        auto started = start_server(registry, std::move(oscore), context);
        if (!started) return refuse(context, started.error().code, started.error().message);
        server = std::move(*started);
        target = server->address();
    }
    const auto sources = plan_sources(target, std::nullopt, std::nullopt);
    if (!sources) return refuse(context, ExitCode::host, sources.error());

    Output output(context.out);
    DeviceView view(*profile, registry);
    auto prepared = engine::DeviceRunner::prepare({.profile = profile,
                                                   .endpoint = profiles::endpoint_name(*profile, variables),
                                                   .seed = command.seed,
                                                   .index = command.index,
                                                   .target = target,
                                                   .sources = plan_of(*sources),
                                                   .on_message = [&](const engine::Exchanged& message) {
                                                       const auto text = view.text(message);
                                                       if (output.messages) output.put(text);
                                                   }});
    if (!prepared) return refuse(context, prepared.error().code, prepared.error().message);
    engine::DeviceRunner& runner = **prepared;
    runner.start();
    auto listener = listen_to_device(command, runner, view, server.get());
    if (!listener) return refuse(context, ExitCode::host, listener.error());
    if (!listener->warning.empty()) context.err << fmt::format("warning: {}\n", listener->warning);
    const bool terminal = is_terminal(context.in);
    context.err << fmt::format("lwm2m-sim {}   {} of profile {}   {} coap://{}{}{}{}\n", LWM2M_SIM_VERSION,
                               runner.options().endpoint, profile->name, server ? "embedded server" : "server",
                               net::to_string(target), listener->url.empty() ? "" : "   ", listener->url,
                               terminal ? "   help lists the commands" : "")
                << std::flush;

    if (!terminal) wait_for_registration(runner, interrupt);
    Prompt prompt(runner, view, output, interrupt);
    LineReader lines(context.in, [&] { return interrupt.raised(); });
    for (bool more = true; more;) {
        const auto text = lines.next();
        more = text && prompt.run(*text);
    }
    const bool was_registered = !runner.info().location.empty();
    listener->close();
    say_goodbye(runner);
    runner.stop();
    if (server) server->stop();
    return static_cast<int>(was_registered ? ExitCode::ok : ExitCode::unreachable);
}

}  // namespace cli
