// ObjectLists: what devices have registered. Devices of one kind send one text, so each text is read and kept once,
// with what follows from it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "profiles/server_actions.h"
#include "simulator/base/flat_map.h"
#include "simulator/lwm2m/link_format.h"
#include "simulator/lwm2m/object_registry.h"

namespace server {

struct ObjectList {
    std::string text;                           // as it came
    std::string prefix;                         // the alternate path ("/lwm2m"), or empty
    std::vector<lwm2m::ContentFormat> formats;  // stated by `ct`; may be empty
    std::vector<lwm2m::Path> instances;         // registered instances, and objects without any, by path
    std::vector<std::pair<std::uint16_t, lwm2m::Version>> versions;  // stated by `ver`
    std::vector<std::uint32_t> actions;                              // of ServerActions, those whose path is there
    std::optional<lwm2m::Path> default_observation;
    std::uint32_t users = 0;

    // Has the device registered that object, or the instance that the path is in?
    bool has(const lwm2m::Path& path) const;
};

class ObjectLists {
public:
    // `objects`, which may be null, tells what default_observation exists. Both must outlive the lists.
    ObjectLists(const profiles::ServerActions& actions, const lwm2m::ObjectRegistry* objects)
        : actions_(actions), objects_(objects) {}

    static constexpr std::size_t max_text = 65536;  // bytes of one list

    // One more user of that list. The error is that of the link format, or says that the list is empty.
    base::Result<std::uint32_t> acquire(std::string_view text);
    void release(std::uint32_t index);
    const ObjectList& operator[](std::uint32_t index) const { return *lists_[index]; }
    std::size_t size() const { return lists_.size() - free_.size(); }

private:
    base::Result<std::unique_ptr<ObjectList>> read(std::string_view text) const;
    std::optional<lwm2m::Path> choose_observation(const ObjectList& list) const;
    std::optional<lwm2m::Path> telling_resource(const lwm2m::Path& instance, const ObjectList& list) const;

    const profiles::ServerActions& actions_;
    const lwm2m::ObjectRegistry* objects_;
    std::vector<std::unique_ptr<ObjectList>> lists_;  // null: free
    std::vector<std::uint32_t> free_;
    base::FlatMap<std::string_view, std::uint32_t> by_text_{64};  // views on `lists_`
};

}  // namespace server
