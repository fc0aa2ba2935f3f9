// Option: numbers, properties and the delta encoding of CoAP options (RFC 7252 3.1, 5.4, 5.10; RFC 7641, 7959, 7967,
// 8613, 9175).
#pragma once

#include <cstdint>

#include "simulator/base/bytes.h"

namespace coap {

// Any number up to 65535 may stand on the wire.
enum class OptionNumber : std::uint16_t {
    if_match = 1,
    uri_host = 3,
    etag = 4,
    if_none_match = 5,
    observe = 6,
    uri_port = 7,
    location_path = 8,
    oscore = 9,
    uri_path = 11,
    content_format = 12,
    max_age = 14,
    uri_query = 15,
    hop_limit = 16,
    accept = 17,
    location_query = 20,
    block2 = 23,
    block1 = 27,
    size2 = 28,
    proxy_uri = 35,
    proxy_scheme = 39,
    size1 = 60,
    echo = 252,
    no_response = 258,
    request_tag = 292,
};

// RFC 7252 5.4.6: the lowest bit of the number tells.
constexpr bool is_critical(OptionNumber number) { return (static_cast<unsigned>(number) & 1) != 0; }
constexpr bool is_unsafe(OptionNumber number) { return (static_cast<unsigned>(number) & 2) != 0; }

// "Uri-Path"; "" for a number without a name here.
const char* name(OptionNumber number);

// How the value of an option is to be read (RFC 7252 3.2).
enum class OptionFormat : std::uint8_t { empty, opaque, uint, string };
OptionFormat format(OptionNumber number);

// How many bytes the value may have. RFC 7252 5.4.3: an option of another length is treated as one that is not known;
// so is a second one of a number that may not be repeated (5.4.5). A number without a name here has no limit but that
// of the encoding, and may be repeated.
struct LengthLimits {
    std::uint32_t min = 0;
    std::uint32_t max = 65535 + 269;
    friend bool operator==(const LengthLimits&, const LengthLimits&) = default;
};
LengthLimits length_limits(OptionNumber number);
bool is_repeatable(OptionNumber number);

// One option of a message; the value is a view on the message.
struct Option {
    OptionNumber number{};
    base::Bytes value;

    std::string_view text() const { return base::as_text(value); }
    // RFC 7252 3.2: big-endian without leading zeros; a value longer than 8 bytes keeps its last 8.
    std::uint64_t uint() const {
        std::uint64_t number_value = 0;
        for (const auto byte : value) number_value = number_value << 8 | byte;
        return number_value;
    }
};

// Walks the options of a message that `parse` has accepted; it does not check again.
class OptionIterator {
public:
    OptionIterator(const std::uint8_t* at, const std::uint8_t* end) : at_(at), end_(end) { step(); }

    const Option& operator*() const { return option_; }
    const Option* operator->() const { return &option_; }
    OptionIterator& operator++() {
        step();
        return *this;
    }
    bool operator==(std::default_sentinel_t) const { return done_; }

private:
    void step();

    const std::uint8_t* at_;
    const std::uint8_t* end_;
    Option option_;
    bool done_ = false;
};

class OptionRange {
public:
    OptionRange() = default;
    explicit OptionRange(base::Bytes bytes) : bytes_(bytes) {}
    OptionIterator begin() const { return {bytes_.data(), bytes_.data() + bytes_.size()}; }
    std::default_sentinel_t end() const { return {}; }
    base::Bytes bytes() const { return bytes_; }

private:
    base::Bytes bytes_;
};

}  // namespace coap
