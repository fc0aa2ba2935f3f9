// The routes of images and firmware campaigns.
#include <algorithm>

#include "profiles/yaml.h"
#include "simulator/server/server.h"
#include "simulator/web/api_json.h"
#include "simulator/web/api_tools.h"

namespace web {
namespace {

using metrics::CampaignState;

// Nothing: all is well. Else why not.
using Done = std::optional<std::string>;

Done done_of(const tl::expected<void, std::string>& result) { return result ? std::nullopt : Done(result.error()); }

std::optional<CampaignState> state_of(std::string_view name) {
    const auto& names = metrics::campaign_state_names;
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<CampaignState>(found - names.begin());
}

}  // namespace

HttpAnswer Api::firmware(const HttpRequest& request) const {
    if (sources_.server == nullptr) return error_answer(404, "the server under test is not ours");
    const auto& path = request.segments;
    if (path.size() > 3) return error_answer(404, "there is no such resource");
    if (path.size() == 2) {
        if (request.method == "POST") return add_image(request, std::string(request.parameter("name").value_or("")));
        if (!reads(request)) return not_allowed("GET, HEAD, POST");
        const auto images = ask<std::string>(
            sources_, [server = sources_.server] { return images_json(server->firmware().images(), server->uri()); });
        return images ? json_answer(*images) : no_thread_answer();
    }
    if (request.method == "PUT") return add_image(request, path[2]);
    if (request.method == "DELETE") {
        struct Removed {
            bool known = false;
            Done problem;
        };
        const auto removed = ask<Removed>(sources_, [server = sources_.server, name = path[2]] {
            const bool known = server->firmware().find(name) != nullptr;
            return Removed{known, done_of(server->firmware().remove(name))};
        });
        if (!removed) return no_thread_answer();
        if (!removed->problem) return json_answer("{}\n");
        return error_answer(removed->known ? 409 : 404, *removed->problem);
    }
    if (!reads(request)) return not_allowed("GET, HEAD, PUT, DELETE");
    const auto image = ask<std::string>(sources_, [server = sources_.server, name = path[2]]() -> std::string {
        const auto* found = server->firmware().find(name);
        return found == nullptr ? "" : image_json(*found, server->uri());
    });
    if (!image) return no_thread_answer();
    return image->empty() ? error_answer(404, "there is no image of that name") : json_answer(*image);
}

// The body is copied and looked at here, so that the server's thread only puts it in its place.
HttpAnswer Api::add_image(const HttpRequest& request, std::string name) const {
    auto image = server::FirmwareStore::make(std::move(name), base::as_bytes(request.body));
    if (!image) return error_answer(400, image.error());
    const auto text = image_json(*image, sources_.server->uri());
    const auto problem = ask<Done>(sources_, [server = sources_.server, image = std::move(*image)]() mutable {
        return done_of(server->firmware().add(std::move(image)));
    });
    if (!problem) return no_thread_answer();
    return *problem ? error_answer(409, **problem) : json_answer(text, 201);
}

HttpAnswer Api::campaigns(const HttpRequest& request) const {
    if (sources_.server == nullptr) return error_answer(404, "the server under test is not ours");
    const auto& path = request.segments;
    const auto* server = sources_.server;
    if (path.size() == 2) {
        if (request.method == "POST") return begin_campaign(request);
        if (!reads(request)) return not_allowed("GET, HEAD, POST");
        const auto all = ask<std::vector<server::CampaignInfo>>(
            sources_, [server, now = sources_.now] { return server->campaigns().list(now()); });
        return all ? json_answer(campaigns_json(*all)) : no_thread_answer();
    }
    const auto id = parse_number(path[2]);
    if (!id) return error_answer(404, "a campaign is known by its number");
    if (path.size() == 4 && path[3] == "devices") return campaign_devices(request, *id);
    if (path.size() > 3) return error_answer(404, "there is no such resource");
    if (request.method == "DELETE") {
        const auto stopped = ask<bool>(sources_, [server = sources_.server, now = sources_.now, id = *id] {
            return server->stop_campaign(now(), id);
        });
        if (!stopped) return no_thread_answer();
        if (!*stopped) return error_answer(404, "no such campaign is running");
    } else if (!reads(request)) {
        return not_allowed("GET, HEAD, DELETE");
    }
    const auto one = ask<std::optional<server::CampaignInfo>>(
        sources_, [server, now = sources_.now, id = *id] { return server->campaigns().describe(now(), id); });
    if (!one) return no_thread_answer();
    return *one ? json_answer(campaign_json(**one)) : error_answer(404, "there is no such campaign");
}

// JSON is read as the YAML that it is, by the table that reads scenarios.
HttpAnswer Api::begin_campaign(const HttpRequest& request) const {
    profiles::Diagnostics diagnostics;
    const auto node = profiles::parse_yaml(request.body, "body", diagnostics);
    profiles::CampaignSpec spec;
    if (node && diagnostics.ok()) spec = profiles::read_campaign(*node, diagnostics);
    if (!diagnostics.ok()) {
        const auto all = diagnostics.sorted();
        return error_answer(400, all.front().message + (all.front().hint.empty() ? "" : "; " + all.front().hint));
    }
    struct Begun {
        std::string problem;
        std::optional<server::CampaignInfo> info;
    };
    const auto begun = ask<Begun>(sources_, [server = sources_.server, now = sources_.now, spec]() -> Begun {
        const auto id = server->start_campaign(now(), spec);
        if (!id) return {id.error(), std::nullopt};
        return {{}, server->campaigns().describe(now(), *id)};
    });
    if (!begun) return no_thread_answer();
    return begun->info ? json_answer(campaign_json(*begun->info), 201) : error_answer(409, begun->problem);
}

HttpAnswer Api::campaign_devices(const HttpRequest& request, std::uint32_t id) const {
    if (!reads(request)) return not_allowed("GET, HEAD");
    const auto limit = number(request, "limit", default_limit);
    const auto cursor = number(request, "cursor", 0);
    if (!limit || !cursor || *limit == 0 || *limit > max_limit) {
        return error_answer(400, "limit is 1 to 1000, cursor what the page before gave as next");
    }
    std::optional<CampaignState> state;
    if (const auto name = request.parameter("state")) {
        state = state_of(*name);
        if (!state) return error_answer(400, "state is one of those that the campaign counts devices by");
    }
    const auto page = ask<std::optional<server::CampaignDevices>>(
        sources_, [server = sources_.server, id, state, cursor = *cursor, limit = *limit] {
            return server->campaigns().devices(id, state, cursor, limit);
        });
    if (!page) return no_thread_answer();
    return *page ? json_answer(campaign_devices_json(**page)) : error_answer(404, "there is no such campaign");
}

}  // namespace web
