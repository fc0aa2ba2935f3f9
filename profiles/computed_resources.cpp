#include "profiles/computed_resources.h"

#include <algorithm>
#include <span>

namespace profiles {
namespace {

enum class Presence : std::uint8_t {
    always,  // with its object
    named,   // where the profile names it
};

// What an object has for itself.
struct Row {
    std::uint16_t object;
    std::uint16_t resource;
    Presence presence = Presence::always;
};

constexpr Row of_one_object[] = {
    {3, 5},        // Factory Reset
    {3, 12},       // Reset Error Code
    {3, 13},       // Current Time
    {4, 0},        // Network Bearer
    {4, 1},        // Available Network Bearer
    {4, 4},        // IP Addresses
    {6, 5},        // Timestamp
    {7, 0},        // SMS Tx Counter
    {7, 1},        // SMS Rx Counter
    {7, 2},        // Tx Data
    {7, 3},        // Rx Data
    {7, 4},        // Max Message Size
    {7, 5},        // Average Message Size
    {7, 8},        // Collection Period
    {9, 7},        // Update State
    {9, 9},        // Update Result
    {9, 12},       // Activation State
    {16, 1},       // GetAuthData
    {3340, 5534},  // Counter
    {3340, 5538},  // Remaining Time
    {3340, 5543},  // Digital State
    {3340, 5523},  // Trigger
};

// Of reusable resources (5500 on), which mean the same in every object: what they tell of has to be there.
struct ReusableRow {
    std::uint16_t resource;
    std::vector<std::uint16_t> sources;  // one of these
    Presence presence = Presence::always;
};

const std::vector<ReusableRow>& reusable() {
    static const std::vector<ReusableRow> rows{
        {5518, {5700, 5702, 5800, 5500, 5548, 5850, 6051}, Presence::named},  // Timestamp
        {5544, {5850}},                                                       // Cumulative Time
        {5601, {5700}},                                                       // Min Measured Value
        {5602, {5700}},                                                       // Max Measured Value
        {5605, {5700, 5800}},                                                 // Reset Min and Max Measured Values
        {5801, {5800}},                                                       // Min Measured active power
        {5802, {5800}},                                                       // Max Measured active power
        {5805, {5800}},                                                       // Cumulative active power
        {5805, {5850}, Presence::named},
        {5811, {5810}},              // Min Measured reactive power
        {5812, {5810}},              // Max Measured reactive power
        {5815, {5810}},              // Cumulative reactive power
        {5822, {5800}},              // Reset Cumulative energy
        {5852, {5850, 5500, 5548}},  // On time
        {5854, {5850, 5500, 5548}},  // Off Time
    };
    return rows;
}

constexpr std::uint16_t first_with_reusable = 2048;

bool is_number(lwm2m::Type type) {
    using lwm2m::Type;
    return type == Type::integer || type == Type::unsigned_integer || type == Type::floating || type == Type::time;
}

bool counts(lwm2m::Type type) { return is_number(type) || type == lwm2m::Type::boolean; }

// The rows for which the object's definition has all that they need.
template <class F>
void for_each_row(const lwm2m::ObjectModel& object, F&& act) {
    for (const Row& row : of_one_object) {
        if (row.object == object.id && object.find(row.resource) != nullptr) act(row.resource, row.presence, nullptr);
    }
    if (object.id < first_with_reusable) return;
    for (const ReusableRow& row : reusable()) {
        const auto* const resource = object.find(row.resource);
        if (resource == nullptr || !(resource->operations.execute || is_number(resource->type))) continue;
        const bool known = std::ranges::any_of(row.sources, [&](std::uint16_t source) {
            const auto* const model = object.find(source);
            return model != nullptr && counts(model->type);
        });
        if (known) act(row.resource, row.presence, &row.sources);
    }
}

}  // namespace

bool is_computed(const lwm2m::ObjectModel& object, std::uint16_t resource) {
    bool found = false;
    for_each_row(object, [&](std::uint16_t id, Presence, const std::vector<std::uint16_t>*) {
        found = found || id == resource;
    });
    return found && !object.find(resource)->operations.execute;
}

std::vector<std::uint16_t> provided(const lwm2m::ObjectModel& object, const std::function<bool(std::uint16_t)>& has) {
    std::vector<std::uint16_t> found;
    for_each_row(object, [&](std::uint16_t id, Presence presence, const std::vector<std::uint16_t>* sources) {
        const bool here = sources == nullptr || std::ranges::any_of(*sources, has);
        if (presence == Presence::always && here) found.push_back(id);
    });
    return found;
}

}  // namespace profiles
