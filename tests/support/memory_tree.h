// MemoryTree: a device's objects in maps, for the tests of the operations. It does what it is told and remembers it.
#pragma once

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "simulator/lwm2m/attributes.h"
#include "simulator/lwm2m/object_tree.h"

namespace support {

using lwm2m::Path;
using lwm2m::Type;
using lwm2m::Value;
using lwm2m::ValueView;

class MemoryTree final : public lwm2m::ObjectTree, public lwm2m::AttributeStore {
public:
    void define(lwm2m::ObjectModel model) {
        if (!complete(model)) throw std::invalid_argument("model");
        models_[model.id] = std::move(model);
    }
    // Puts a value, or with Type::none an executable or an empty multiple resource; the instance above comes with it.
    void put(const Path& path, const ValueView& value = {}) {
        nodes_[path.prefix(2)];
        if (path.depth == 4) nodes_[path.prefix(3)];
        nodes_[path] = Value(value);
    }

    const lwm2m::ObjectModel* object(std::uint16_t id) const override {
        const auto found = models_.find(id);
        return found == models_.end() ? nullptr : &found->second;
    }
    bool exists(const Path& path) const override {
        if (path.depth == 0) return true;
        return path.depth == 1 ? object(path.object()) != nullptr : nodes_.contains(path);
    }
    std::optional<std::uint16_t> server() const override { return asking; }
    void children(const Path& path, std::vector<std::uint16_t>& ids) const override {
        if (path.depth == 0) {
            for (const auto& [id, model] : models_) ids.push_back(id);
            return;
        }
        for (auto at = nodes_.lower_bound(path); at != nodes_.end() && path.contains(at->first); ++at) {
            if (at->first.depth == path.depth + 1) ids.push_back(at->first.ids[path.depth]);
        }
    }
    ValueView read(const Path& path) const override {
        const auto found = nodes_.find(path);
        return found == nodes_.end() ? ValueView{} : found->second.view();
    }
    bool supports(const Path& resource) const override { return resource != unsupported; }
    coap::Code accepts(const Path& path, const ValueView&) const override {
        return path == refused ? coap::Code::method_not_allowed : coap::Code::changed;
    }
    coap::Code write(const Path& path, const ValueView& value) override {
        if (writes_left == 0) return coap::Code::internal_server_error;
        --writes_left;
        put(path, value);
        return coap::Code::changed;
    }
    // A new instance can at once what its object can do.
    coap::Code create(const Path& instance) override {
        nodes_[instance];
        for (const auto& resource : object(instance.object())->resources) {
            if (resource.operations.execute) nodes_[instance.child(resource.id)];
        }
        return coap::Code::created;
    }
    coap::Code remove(const Path& path) override {
        std::erase_if(nodes_, [&](const auto& node) { return path.contains(node.first); });
        return coap::Code::deleted;
    }
    coap::Code execute(const Path& path, std::string_view arguments) override {
        executed.emplace_back(path, arguments);
        return coap::Code::changed;
    }

    const lwm2m::Attributes* find(const Path& path) const override {
        const auto found = attributes_.find(path);
        return found == attributes_.end() ? nullptr : &found->second;
    }
    bool set(const Path& path, const lwm2m::Attributes& attributes) override {
        attributes_[path] = attributes;
        return attribute_room;
    }

    // All that is there, so that a test can tell that nothing has changed.
    const std::map<Path, Value>& nodes() const { return nodes_; }

    std::optional<std::uint16_t> asking;  // the short id of the server, where the device has several
    std::vector<std::pair<Path, std::string>> executed;
    Path unsupported;  // a resource that this device has not got
    Path refused;      // a path that the device will not have written
    std::size_t writes_left = 1u << 20;
    bool attribute_room = true;

private:
    std::map<std::uint16_t, lwm2m::ObjectModel> models_;
    std::map<Path, Value> nodes_;
    std::map<Path, lwm2m::Attributes> attributes_;
};

}  // namespace support
