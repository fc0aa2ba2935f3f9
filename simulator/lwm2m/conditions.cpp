#include "simulator/lwm2m/conditions.h"

#include <cmath>
#include <limits>

namespace lwm2m {
namespace {

template <class T>
void take_if_unset(std::optional<T>& field, const std::optional<T>& above) {
    if (!field) field = above;
}

void settle(Attributes& attributes) {
    if (!are_consistent(attributes)) {
        attributes.gt.reset();
        attributes.lt.reset();
        attributes.st.reset();
    }
    if (attributes.pmax && (*attributes.pmax == 0 || *attributes.pmax < attributes.pmin.value_or(0))) {
        attributes.pmax.reset();
    }
    if (attributes.epmax && *attributes.epmax < attributes.epmin.value_or(0)) attributes.epmax.reset();
}

// Is it past the threshold, either way? One that stands on it is on neither side.
bool crosses(double threshold, double last, double now) {
    return (last <= threshold && now > threshold) || (last >= threshold && now < threshold);
}

// The steps that people write have decimals that a double does not: 20.3 is 0.2 from 20.1.
double slack(double a, double b) {
    return 4 * std::numeric_limits<double>::epsilon() * std::max(std::abs(a), std::abs(b));
}

double just_below(double value) { return std::nextafter(value, -std::numeric_limits<double>::infinity()); }

}  // namespace

void inherit(Attributes& attributes, const Attributes& above) {
    take_if_unset(attributes.pmin, above.pmin);
    take_if_unset(attributes.pmax, above.pmax);
    take_if_unset(attributes.gt, above.gt);
    take_if_unset(attributes.lt, above.lt);
    take_if_unset(attributes.st, above.st);
    take_if_unset(attributes.epmin, above.epmin);
    take_if_unset(attributes.epmax, above.epmax);
    take_if_unset(attributes.edge, above.edge);
    take_if_unset(attributes.con, above.con);
    take_if_unset(attributes.hqmax, above.hqmax);
}

Attributes attributes_in_force(const Path& path, const AttributeStore& store, const Attributes& own,
                               const Attributes& defaults) {
    Attributes result = own;
    for (std::uint8_t depth = path.depth; depth >= 1; --depth) {
        if (const Attributes* const level = store.find(path.prefix(depth))) inherit(result, *level);
    }
    inherit(result, defaults);
    settle(result);
    return result;
}

bool has_condition(const Attributes& attributes) {
    return attributes.gt || attributes.lt || attributes.st || attributes.edge;
}

bool meets_condition(const Attributes& attributes, double last, double now) {
    if (std::isnan(last) || std::isnan(now)) return std::isnan(last) != std::isnan(now);
    if (attributes.gt && crosses(*attributes.gt, last, now)) return true;
    if (attributes.lt && crosses(*attributes.lt, last, now)) return true;
    // A step of 0 is any change.
    if (attributes.st && now != last && std::abs(now - last) >= *attributes.st - slack(last, now)) return true;
    if (!attributes.edge) return false;
    const bool was = last != 0;
    const bool is = now != 0;
    return was != is && is == *attributes.edge;
}

Thresholds::Thresholds(const Attributes& attributes, double last) {
    if (attributes.gt) add_side(*attributes.gt, last);
    if (attributes.lt) add_side(*attributes.lt, last);
    if (attributes.st) {
        const double up = last + *attributes.st;
        const double down = last - *attributes.st;
        add(just_below(up - slack(up, last)));
        add(down + slack(down, last));
    }
}

void Thresholds::add_side(double threshold, double last) {
    if (last <= threshold) add(threshold);
    if (last >= threshold) add(just_below(threshold));
}

}  // namespace lwm2m
