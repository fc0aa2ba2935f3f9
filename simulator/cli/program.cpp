#include "simulator/cli/program.h"

#include <exception>
#include <new>
#include <ostream>

#include "metrics/verdict.h"
#include "simulator/cli/command_catalog.h"
#include "simulator/cli/command_device.h"
#include "simulator/cli/command_provision.h"
#include "simulator/cli/command_run.h"
#include "simulator/cli/command_serve.h"
#include "simulator/cli/command_simulate.h"
#include "simulator/cli/options.h"

namespace cli {
namespace {

int perform(const RunCommand& command, const Context& context) { return run_scenario(command, context); }
int perform(const SimulateCommand& command, const Context& context) { return simulate(command, context); }
int perform(const DeviceCommand& command, const Context& context) { return run_device(command, context); }
int perform(const ServeCommand& command, const Context& context) { return serve(command, context); }
int perform(const ProvisionCommand& command, const Context& context) { return provision(command, context); }
int perform(const ValidateOptions& options, const Context& context) {
    return run_validate(options, context.out, context.err);
}
int perform(const ListOptions& options, const Context& context) {
    if (const auto code = run_catalog_list(options, context.out, context.err)) return *code;
    return run_list(options, context.out, context.err);
}
int perform(const DecodeOptions& options, const Context& context) {
    return run_decode(options, context.in, context.out, context.err);
}
int perform(const EncodeOptions& options, const Context& context) {
    return run_encode(options, context.in, context.out, context.err);
}
int perform(const ShowText& show, const Context& context) {
    context.out << show.text << std::flush;
    return 0;
}

}  // namespace

int run_program(const Context& context) {
    const auto command = parse_command_line(context.args, context.environment);
    if (!command) {
        context.err << command.error().text << std::flush;
        return static_cast<int>(metrics::ExitCode::usage);
    }
    try {
        return std::visit([&](const auto& asked) { return perform(asked, context); }, *command);
    } catch (const std::bad_alloc&) {
        context.err << "error: out of memory; use fewer devices, or a host with more\n" << std::flush;
        return static_cast<int>(metrics::ExitCode::host);
    } catch (const std::exception& error) {
        context.err << "error: " << error.what() << ". This is a bug of the simulator\n" << std::flush;
        return static_cast<int>(metrics::ExitCode::bug);
    }
}

}  // namespace cli
