// ApiJson: the JSON of the routes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "metrics/snapshot.h"
#include "simulator/base/error.h"
#include "simulator/server/inspect.h"

namespace web {

std::string run_json(const metrics::Snapshot& snapshot);
std::string page_json(const server::ClientPage& page);
std::string client_json(const server::ClientInfo& client);
std::string result_json(const server::CommandResult& result);

// {"value": 5} at a resource, {"values": {"0": 5, "1/0": "x"}} for what lies below the path; sorted by path. The error
// is a message for the user.
tl::expected<std::vector<std::pair<lwm2m::Path, std::string>>, std::string> read_values(const std::string& body,
                                                                                        const lwm2m::Path& path);

}  // namespace web
