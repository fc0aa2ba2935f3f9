#include "simulator/cli/listener.h"

#include <utility>

#include <fmt/format.h>

#include "simulator/web/api.h"
#include "simulator/web/http_server.h"

namespace cli {
namespace {

base::Result<Listener, std::string> listen(const ListenOptions& options, web::HttpServer::Handler handler) {
    if (!options.address) return Listener{};
    auto server = web::HttpServer::start({.address = options.address->host,
                                          .port = options.address->port,
                                          .allow_remote = options.given,
                                          .token = options.token,
                                          .body_limit = web::body_limit},
                                         std::move(handler));
    if (server) {
        std::string url = (*server)->url();
        return Listener{std::move(url), {}, std::move(*server)};
    }
    if (options.given) return tl::unexpected(server.error());
    return Listener{.warning = fmt::format("{}; there is no HTTP listener. --listen picks another address, --no-listen "
                                           "says that none is wanted",
                                           server.error())};
}

web::HttpServer::Handler handler_of(web::Sources sources) {
    return [api = std::make_shared<web::Api>(std::move(sources))](const web::HttpRequest& request) {
        return api->answer(request);
    };
}

}  // namespace

base::Result<Listener, std::string> listen_to_run(const RunCommand& command, engine::ScenarioRunner& runner) {
    return listen(command.listen,
                  handler_of({.snapshot = [&runner] { return runner.snapshot(); },
                              .server = runner.server(),
                              .post = [&runner](std::function<void()> task) { runner.post_to_server(std::move(task)); },
                              .now = [&runner] { return runner.now(); }}));
}

base::Result<Listener, std::string> listen_to_device(const DeviceCommand& command, engine::DeviceRunner& runner,
                                                     const DeviceView& view, engine::ServerRunner* server) {
    web::Sources sources;
    sources.devices = [&](const web::HttpRequest& request) { return view.answer(request, runner); };
    if (server != nullptr) {
        sources.snapshot = [server] { return server->snapshot(); };
        sources.server = &server->server();
        sources.post = [server](std::function<void()> task) { server->post(std::move(task)); };
        sources.now = [server] { return server->now(); };
    }
    return listen(command.listen, handler_of(std::move(sources)));
}

base::Result<Listener, std::string> listen_to_server(const ServeCommand& command, engine::ServerRunner& runner) {
    return listen(command.listen,
                  handler_of({.snapshot = [&runner] { return runner.snapshot(); },
                              .server = &runner.server(),
                              .post = [&runner](std::function<void()> task) { runner.post(std::move(task)); },
                              .now = [&runner] { return runner.now(); }}));
}

}  // namespace cli
