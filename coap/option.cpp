#include "coap/option.h"

namespace coap {
namespace {

// RFC 7252 3.1: nibbles 13 and 14 are continued in one byte (+13) and two bytes (+269).
unsigned extended(unsigned nibble, const std::uint8_t*& at) {
    if (nibble == 13) return 13u + *at++;
    if (nibble == 14) {
        const unsigned value = 269u + (static_cast<unsigned>(at[0]) << 8 | at[1]);
        at += 2;
        return value;
    }
    return nibble;
}

}  // namespace

void OptionIterator::step() {
    if (at_ == end_) {
        done_ = true;
        return;
    }
    const unsigned first = *at_++;
    const unsigned delta = extended(first >> 4, at_);
    const unsigned length = extended(first & 15, at_);
    option_.number = static_cast<OptionNumber>(static_cast<unsigned>(option_.number) + delta);
    option_.value = {at_, length};
    at_ += length;
}

const char* name(OptionNumber number) {
    switch (number) {
        case OptionNumber::if_match: return "If-Match";
        case OptionNumber::uri_host: return "Uri-Host";
        case OptionNumber::etag: return "ETag";
        case OptionNumber::if_none_match: return "If-None-Match";
        case OptionNumber::observe: return "Observe";
        case OptionNumber::uri_port: return "Uri-Port";
        case OptionNumber::location_path: return "Location-Path";
        case OptionNumber::oscore: return "OSCORE";
        case OptionNumber::uri_path: return "Uri-Path";
        case OptionNumber::content_format: return "Content-Format";
        case OptionNumber::max_age: return "Max-Age";
        case OptionNumber::uri_query: return "Uri-Query";
        case OptionNumber::hop_limit: return "Hop-Limit";
        case OptionNumber::accept: return "Accept";
        case OptionNumber::location_query: return "Location-Query";
        case OptionNumber::block2: return "Block2";
        case OptionNumber::block1: return "Block1";
        case OptionNumber::size2: return "Size2";
        case OptionNumber::proxy_uri: return "Proxy-Uri";
        case OptionNumber::proxy_scheme: return "Proxy-Scheme";
        case OptionNumber::size1: return "Size1";
        case OptionNumber::echo: return "Echo";
        case OptionNumber::no_response: return "No-Response";
        case OptionNumber::request_tag: return "Request-Tag";
    }
    return "";
}

LengthLimits length_limits(OptionNumber number) {
    switch (number) {
        case OptionNumber::if_none_match: return {0, 0};
        case OptionNumber::hop_limit: return {1, 1};
        case OptionNumber::no_response: return {0, 1};
        case OptionNumber::uri_port:
        case OptionNumber::content_format:
        case OptionNumber::accept: return {0, 2};
        case OptionNumber::observe:
        case OptionNumber::block2:
        case OptionNumber::block1: return {0, 3};
        case OptionNumber::max_age:
        case OptionNumber::size2:
        case OptionNumber::size1: return {0, 4};
        case OptionNumber::if_match:
        case OptionNumber::request_tag: return {0, 8};
        case OptionNumber::etag: return {1, 8};
        case OptionNumber::echo: return {1, 40};
        case OptionNumber::location_path:
        case OptionNumber::location_query:
        case OptionNumber::uri_path:
        case OptionNumber::uri_query:
        case OptionNumber::oscore: return {0, 255};
        case OptionNumber::uri_host:
        case OptionNumber::proxy_scheme: return {1, 255};
        case OptionNumber::proxy_uri: return {1, 1034};
    }
    return {};
}

bool is_repeatable(OptionNumber number) {
    switch (number) {
        case OptionNumber::if_match:
        case OptionNumber::etag:
        case OptionNumber::location_path:
        case OptionNumber::location_query:
        case OptionNumber::uri_path:
        case OptionNumber::uri_query:
        case OptionNumber::request_tag: return true;
        case OptionNumber::uri_host:
        case OptionNumber::if_none_match:
        case OptionNumber::observe:
        case OptionNumber::uri_port:
        case OptionNumber::oscore:
        case OptionNumber::content_format:
        case OptionNumber::max_age:
        case OptionNumber::hop_limit:
        case OptionNumber::accept:
        case OptionNumber::block2:
        case OptionNumber::block1:
        case OptionNumber::size2:
        case OptionNumber::proxy_uri:
        case OptionNumber::proxy_scheme:
        case OptionNumber::size1:
        case OptionNumber::echo:
        case OptionNumber::no_response: return false;
    }
    return true;
}

OptionFormat format(OptionNumber number) {
    switch (number) {
        case OptionNumber::if_none_match: return OptionFormat::empty;
        case OptionNumber::uri_host:
        case OptionNumber::location_path:
        case OptionNumber::uri_path:
        case OptionNumber::uri_query:
        case OptionNumber::location_query:
        case OptionNumber::proxy_uri:
        case OptionNumber::proxy_scheme: return OptionFormat::string;
        case OptionNumber::observe:
        case OptionNumber::uri_port:
        case OptionNumber::content_format:
        case OptionNumber::max_age:
        case OptionNumber::hop_limit:
        case OptionNumber::accept:
        case OptionNumber::block2:
        case OptionNumber::block1:
        case OptionNumber::size2:
        case OptionNumber::size1:
        case OptionNumber::no_response: return OptionFormat::uint;
        case OptionNumber::if_match:
        case OptionNumber::etag:
        case OptionNumber::oscore:
        case OptionNumber::echo:
        case OptionNumber::request_tag: return OptionFormat::opaque;
    }
    return OptionFormat::opaque;
}

}  // namespace coap
