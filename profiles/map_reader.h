// MapReader: takes a YAML map apart key by key. Each value is read in its type, and a key that nobody asked for is an
// error.
//
//   MapReader map(node, "hold", diagnostics);
//   map.duration("for", hold.length);
//   map.text("name", hold.name);
//   return map.done();
//
// A reader returns whether the key is there and its value right; what is wrong has been reported by then, and `out` is
// as it was.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/diagnostics.h"
#include "profiles/yaml.h"
#include "simulator/base/time.h"
#include "simulator/base/units.h"
#include "simulator/lwm2m/path.h"

namespace profiles {

struct Bounds {
    double min = -std::numeric_limits<double>::max();
    double max = std::numeric_limits<double>::max();
};

class MapReader {
public:
    // `what` names the map in messages ("hold", "read[0]") and must outlive the reader, as `map` must. A node that is
    // no map is reported, and has no keys then.
    MapReader(const Node& map, std::string_view what, Diagnostics& diagnostics);

    // The value of the key, or null. The key counts as known from here on.
    const Node* take(std::string_view key);
    // The same for a key that must be there.
    const Node* require(std::string_view key);
    // The key is known but not supported yet: an error where it is given.
    void refuse(std::string_view key);

    bool number(std::string_view key, double& out, Bounds bounds = {});
    bool text(std::string_view key, std::string& out);
    bool boolean(std::string_view key, bool& out);
    bool duration(std::string_view key, base::Duration& out);
    bool duration_spec(std::string_view key, base::DurationSpec& out);
    bool count(std::string_view key, std::uint64_t& out);
    bool share(std::string_view key, double& out);
    bool rate(std::string_view key, double& out);
    bool path(std::string_view key, lwm2m::Path& out);

    // Reports an error at the key's value, or at the map where the key is not given.
    void error(std::string_view key, std::string message, std::string hint = {});

    // Reports the keys that nobody took. Was everything right?
    bool done();

private:
    const Node& map_;
    std::string_view what_;
    Diagnostics& diagnostics_;
    std::size_t errors_before_;
    std::vector<std::string_view> known_;
};

// The value of one scalar in its type; what is wrong is reported, with `what` as the name of the value.
bool read_number(const Node& node, std::string_view what, double& out, Diagnostics& diagnostics);
bool read_text(const Node& node, std::string_view what, std::string& out, Diagnostics& diagnostics);
bool read_duration(const Node& node, std::string_view what, base::Duration& out, Diagnostics& diagnostics);
bool read_duration_spec(const Node& node, std::string_view what, base::DurationSpec& out, Diagnostics& diagnostics);
bool read_count(const Node& node, std::string_view what, std::uint64_t& out, Diagnostics& diagnostics);
bool read_share(const Node& node, std::string_view what, double& out, Diagnostics& diagnostics);
bool read_path(const Node& node, std::string_view what, lwm2m::Path& out, Diagnostics& diagnostics);

// The whole text as a finite number: "21.5", "-3", "1e-3".
base::Result<double> parse_number(std::string_view text);

}  // namespace profiles
