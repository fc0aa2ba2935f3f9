// Conditions: which attributes hold for an observed path, and whether a value is worth a notification by them
// (Core 1.1.1, 5.1.2; 1.2, 7.3.2). Without state and time: the caller knows what was told last, and when.
#pragma once

#include <array>
#include <span>

#include "simulator/lwm2m/attributes.h"

namespace lwm2m {

// The attributes that rule the notifications of `path`: each from the nearest of `own` (those of the Observe itself),
// the resource instance, the resource, the instance, the object, and `defaults` (those of the Server object). What
// stands below `path` does not count. What contradicts itself only because it was set at several levels is left out:
// gt, lt and st together, a pmax of 0 or below pmin, an epmax below epmin.
Attributes attributes_in_force(const Path& path, const AttributeStore& store, const Attributes& own,
                               const Attributes& defaults);

// Takes into `attributes` what it does not have itself.
void inherit(Attributes& attributes, const Attributes& above);

// Are notifications for more than any change? Such as are not follow every change.
bool has_condition(const Attributes& attributes);

// Is `now` worth a notification? By gt and lt when it is on another side of the threshold than what was told last, in
// either direction; by st when it is at least that far from it; by edge when `last`, which then is what was seen last,
// and `now` are the two sides of that edge. A value that is no number (NaN) is, when it was one before, and the other
// way round.
bool meets_condition(const Attributes& attributes, double last, double now);

// Where a value has to come past, upwards or downwards, to meet gt, lt or st: "past" is from at or below to above. For
// a value that does not meet the condition now.
class Thresholds {
public:
    Thresholds(const Attributes& attributes, double last);
    std::span<const double> values() const { return std::span(values_).first(count_); }

private:
    void add(double value) { values_[count_++] = value; }
    void add_side(double threshold, double last);

    std::array<double, 6> values_{};
    std::size_t count_ = 0;
};

}  // namespace lwm2m
