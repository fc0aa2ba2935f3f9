// Listener: the HTTP listener beside a run or the embedded server, as far as commands care: an address, and that it
// ends.
#pragma once

#include <memory>
#include <string>

#include "simulator/base/error.h"
#include "simulator/cli/device_view.h"
#include "simulator/cli/options.h"
#include "simulator/engine/scenario_runner.h"
#include "simulator/engine/server_runner.h"

namespace cli {

struct Listener {
    std::string url;               // "http://127.0.0.1:9700", empty: there is none
    std::string warning;           // why there is none though nobody forbade it
    std::shared_ptr<void> server;  // listens as long as it lives

    void close() { server.reset(); }
};

// An address that the user asked for must be free; where the default one is taken, there is a warning and no listener.
// What is served reads `runner`, which must outlive the listener.
base::Result<Listener, std::string> listen_to_run(const RunCommand& command, engine::ScenarioRunner& runner);
// `server` may be null: there is no embedded one.
base::Result<Listener, std::string> listen_to_device(const DeviceCommand& command, engine::DeviceRunner& runner,
                                                     const DeviceView& view, engine::ServerRunner* server);
base::Result<Listener, std::string> listen_to_server(const ServeCommand& command, engine::ServerRunner& runner);

}  // namespace cli
