// PathLists: the paths of composite operations, each list kept once however many devices are asked for it.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "simulator/base/slab.h"
#include "simulator/lwm2m/path.h"

namespace server {

class PathLists {
public:
    // One more user of that list.
    std::uint32_t acquire(std::span<const lwm2m::Path> paths) {
        auto found = std::find_if(lists_.begin(), lists_.end(), [&](const List& list) {
            return list.users != 0 && std::equal(list.paths.begin(), list.paths.end(), paths.begin(), paths.end());
        });
        if (found == lists_.end()) {
            found = std::find_if(lists_.begin(), lists_.end(), [](const List& list) { return list.users == 0; });
            if (found == lists_.end()) found = lists_.emplace(lists_.end());
            found->paths.assign(paths.begin(), paths.end());
        }
        ++found->users;
        return static_cast<std::uint32_t>(found - lists_.begin());
    }
    void share(std::uint32_t index) { ++lists_[index].users; }
    // Harmless for no_index.
    void release(std::uint32_t index) {
        if (index != base::no_index) --lists_[index].users;
    }
    std::span<const lwm2m::Path> operator[](std::uint32_t index) const { return lists_[index].paths; }

private:
    struct List {
        std::vector<lwm2m::Path> paths;
        std::uint32_t users = 0;  // 0: free
    };
    std::vector<List> lists_;
};

}  // namespace server
