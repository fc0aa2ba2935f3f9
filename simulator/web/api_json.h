// ApiJson: the JSON of the routes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "metrics/snapshot.h"
#include "simulator/base/error.h"
#include "simulator/server/inspect.h"

namespace web {

// A value as JSON has it; opaque ones in hexadecimal. null for none.
nlohmann::ordered_json value_json(const lwm2m::ValueView& value);

std::string run_json(const metrics::Snapshot& snapshot);
std::string page_json(const server::ClientPage& page);
std::string client_json(const server::ClientInfo& client);
std::string result_json(const server::CommandResult& result);
std::string sends_json(const std::vector<server::SendInfo>& sends);
// `uri`: of the server, or empty.
std::string image_json(const server::FirmwareImage& image, const std::string& uri);
std::string images_json(const std::vector<server::FirmwareImage>& images, const std::string& uri);
std::string campaign_json(const server::CampaignInfo& campaign);
std::string campaigns_json(const std::vector<server::CampaignInfo>& campaigns);
std::string campaign_devices_json(const server::CampaignDevices& page);

// {"value": 5} at a resource, {"values": {"0": 5, "1/0": "x"}} for what lies below the path; sorted by path. The error
// is a message for the user.
tl::expected<std::vector<std::pair<lwm2m::Path, std::string>>, std::string> read_values(const std::string& body,
                                                                                        const lwm2m::Path& path);

// The same for a Create; {"resources": {"5700": 5}} leaves the id of the instance to the device, and then stands below
// instance 0.
tl::expected<std::vector<std::pair<lwm2m::Path, std::string>>, std::string> read_created(const std::string& body,
                                                                                         const lwm2m::Path& object,
                                                                                         bool& any_instance);
// {"paths": ["/3/0/9", "/3303"]}; in order, each once.
tl::expected<std::vector<lwm2m::Path>, std::string> read_paths(const std::string& body);

}  // namespace web
