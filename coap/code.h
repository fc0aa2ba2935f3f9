// Code: the method or response code of a CoAP message (RFC 7252 5.2, 5.8, 5.9; RFC 7959 2.9; RFC 8132 2).
#pragma once

#include <cstdint>
#include <string>

namespace coap {

constexpr std::uint8_t make_code(unsigned code_class, unsigned detail) {
    return static_cast<std::uint8_t>(code_class << 5 | detail);
}

// Any byte may stand on the wire: a Code is open to values without a name here.
enum class Code : std::uint8_t {
    empty = 0,
    get = make_code(0, 1),
    post = make_code(0, 2),
    put = make_code(0, 3),
    delete_ = make_code(0, 4),
    fetch = make_code(0, 5),
    patch = make_code(0, 6),
    ipatch = make_code(0, 7),
    created = make_code(2, 1),
    deleted = make_code(2, 2),
    valid = make_code(2, 3),
    changed = make_code(2, 4),
    content = make_code(2, 5),
    continue_ = make_code(2, 31),
    bad_request = make_code(4, 0),
    unauthorized = make_code(4, 1),
    bad_option = make_code(4, 2),
    forbidden = make_code(4, 3),
    not_found = make_code(4, 4),
    method_not_allowed = make_code(4, 5),
    not_acceptable = make_code(4, 6),
    request_entity_incomplete = make_code(4, 8),
    conflict = make_code(4, 9),
    precondition_failed = make_code(4, 12),
    request_entity_too_large = make_code(4, 13),
    unsupported_content_format = make_code(4, 15),
    unprocessable_entity = make_code(4, 22),
    too_many_requests = make_code(4, 29),
    internal_server_error = make_code(5, 0),
    not_implemented = make_code(5, 1),
    bad_gateway = make_code(5, 2),
    service_unavailable = make_code(5, 3),
    gateway_timeout = make_code(5, 4),
    proxying_not_supported = make_code(5, 5),
    csm = make_code(7, 1),
    ping = make_code(7, 2),
    pong = make_code(7, 3),
    release = make_code(7, 4),
    abort = make_code(7, 5),
};

constexpr unsigned code_class(Code code) { return static_cast<unsigned>(code) >> 5; }
constexpr unsigned code_detail(Code code) { return static_cast<unsigned>(code) & 31; }
constexpr bool is_request(Code code) { return code_class(code) == 0 && code != Code::empty; }
constexpr bool is_response(Code code) { return code_class(code) >= 2 && code_class(code) <= 5; }
constexpr bool is_success(Code code) { return code_class(code) == 2; }

// "2.05"
std::string to_string(Code code);
// "Content", "GET"; "" for a code without a name.
const char* name(Code code);

}  // namespace coap
