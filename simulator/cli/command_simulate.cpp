#include "simulator/cli/command_simulate.h"

#include <chrono>
#include <ostream>

#include <fmt/format.h>

#include "simulator/base/units.h"
#include "simulator/cli/fleet_loader.h"
#include "simulator/cli/host_check.h"
#include "simulator/cli/report_files.h"
#include "simulator/engine/virtual_run.h"

namespace cli {

int simulate(const SimulateCommand& command, const Context& context) {
    using metrics::ExitCode;
    const auto model = load_fleet(command.scenario, context.environment, context.err);
    if (model == nullptr) return static_cast<int>(ExitCode::usage);
    if (model->dtls13) {
        context.err << "error: DTLS 1.3 cannot be simulated in virtual time: its chance is the library's own, so that "
                       "no run could be repeated. Use dtls: \"1.2\", or `run`, in real time\nnothing was sent\n"
                    << std::flush;
        return static_cast<int>(ExitCode::usage);
    }
    if (const auto shortage = refuse_for_memory(model->scenario.devices, WithServer::yes, available_memory());
        !shortage.empty()) {
        context.err << fmt::format("error: {}\nnothing was sent\n", shortage) << std::flush;
        return static_cast<int>(ExitCode::host);
    }
    engine::VirtualOptions options;
    options.threads = command.threads;
    options.info = describe_run(context.args);
    options.info.scenario = model->scenario.name;
    options.info.seed = model->scenario.seed;
    options.info.target = "memory";
    if (!command.quiet) {
        context.err << fmt::format("lwm2m-sim {}   {}   seed {}   {} devices   virtual time\n", LWM2M_SIM_VERSION,
                                   model->scenario.name, model->scenario.seed,
                                   base::format_count(model->scenario.devices))
                    << std::flush;
    }
    const auto begin = std::chrono::steady_clock::now();
    const auto outcome = engine::run_virtually(*model, options);
    const base::Duration real = std::chrono::steady_clock::now() - begin;

    context.out << summary_text(command.summary, outcome.result);
    // JSON on standard output stays JSON.
    std::ostream& beside = command.summary == SummaryKind::json ? context.err : context.out;
    beside << fmt::format("trace {:016x}   {} datagrams\n", outcome.trace_hash, outcome.datagrams);
    beside << fmt::format("simulated {} in {}: {:.0f} times faster than real time\n",
                          metrics::to_text(outcome.simulated), metrics::to_text(real),
                          base::seconds(outcome.simulated) / std::max(1e-9, base::seconds(real)))
           << std::flush;
    context.out << std::flush;
    return static_cast<int>(outcome.result.exit_code);
}

}  // namespace cli
