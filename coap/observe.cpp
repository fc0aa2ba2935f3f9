#include "coap/observe.h"

namespace coap {

bool is_newer(const Freshest& latest, std::uint32_t sequence, base::Time now) {
    constexpr std::uint32_t half = 1u << 23;
    const std::uint32_t v1 = latest.sequence & observe_sequence_mask;
    const std::uint32_t v2 = sequence & observe_sequence_mask;
    if (v1 < v2 && v2 - v1 < half) return true;
    if (v1 > v2 && v1 - v2 > half) return true;
    return now > latest.received + observe_freshness_window;
}

ObserveRequest observe_request(const MessageView& request) {
    const auto option = request.find(OptionNumber::observe);
    if (!option || option->value.size() > 3) return ObserveRequest::none;
    switch (option->uint()) {
        case 0: return ObserveRequest::start;
        case 1: return ObserveRequest::stop;
        default: return ObserveRequest::none;
    }
}

std::optional<std::uint32_t> observe_sequence(const MessageView& response) {
    const auto option = response.find(OptionNumber::observe);
    if (!option || option->value.size() > 3) return std::nullopt;
    return static_cast<std::uint32_t>(option->uint());
}

}  // namespace coap
