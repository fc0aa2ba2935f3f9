// TestTypes: the resources that the codec tests and fuzz targets speak of, with their types.
#pragma once

#include <map>
#include <utility>

#include "simulator/lwm2m/codec.h"

namespace lwm2m {

class TestTypes : public TypeSource {
public:
    Type type_of(const Path& path) const override {
        const auto found = types_.find({path.object(), path.resource()});
        return found == types_.end() ? Type::none : found->second.type;
    }
    bool is_multiple(const Path& path) const override {
        const auto found = types_.find({path.object(), path.resource()});
        return found != types_.end() && found->second.multiple;
    }

private:
    struct Resource {
        Type type;
        bool multiple = false;
    };
    const std::map<std::pair<int, int>, Resource> types_{
        // Server, Access Control, Device
        {{1, 0}, {Type::integer}},
        {{1, 1}, {Type::integer}},
        {{1, 6}, {Type::boolean}},
        {{1, 7}, {Type::string}},
        {{2, 0}, {Type::integer}},
        {{2, 1}, {Type::integer}},
        {{2, 2}, {Type::integer, true}},
        {{2, 3}, {Type::integer}},
        {{3, 0}, {Type::string}},
        {{3, 1}, {Type::string}},
        {{3, 2}, {Type::string}},
        {{3, 3}, {Type::string}},
        {{3, 6}, {Type::integer, true}},
        {{3, 7}, {Type::integer, true}},
        {{3, 8}, {Type::integer, true}},
        {{3, 9}, {Type::integer}},
        {{3, 10}, {Type::integer}},
        {{3, 11}, {Type::integer, true}},
        {{3, 13}, {Type::time}},
        {{3, 14}, {Type::string}},
        {{3, 16}, {Type::string}},
        // Package of Firmware Update, Temperature
        {{5, 0}, {Type::opaque}},
        {{3303, 5700}, {Type::floating}},
        {{3303, 5701}, {Type::string}},
        // One resource of each type, as in the LwM2M test object 3442
        {{3442, 110}, {Type::string}},
        {{3442, 120}, {Type::integer}},
        {{3442, 125}, {Type::unsigned_integer}},
        {{3442, 130}, {Type::floating}},
        {{3442, 140}, {Type::boolean}},
        {{3442, 150}, {Type::opaque}},
        {{3442, 160}, {Type::time}},
        {{3442, 170}, {Type::objlnk}},
        {{3442, 180}, {Type::corelnk}},
        {{3442, 1110}, {Type::string, true}},
        {{3442, 1130}, {Type::floating, true}},
        {{3442, 1150}, {Type::opaque, true}},
        {{3442, 1170}, {Type::objlnk, true}},
    };
};

}  // namespace lwm2m
