#include "simulator/net/dtls_messages.h"

#include <algorithm>

#include "simulator/net/dtls_record.h"

namespace net {
namespace {

constexpr std::uint16_t extended_master_secret_type = 23;
constexpr std::uint16_t connection_id_type = 54;
constexpr std::uint16_t renegotiation_info_type = 0xff01;
constexpr std::uint16_t renegotiation_scsv = 0x00ff;

base::Result<base::Bytes> take_string(base::Reader& reader, std::size_t length_size, std::size_t most) {
    const auto size = reader.take_uint(length_size);
    if (!size) return tl::unexpected(size.error());
    if (*size > most) return base::fail("string longer than its field allows", reader.offset());
    return reader.take(*size);
}

// Calls take(type, body) for each extension; false from it is a syntax error.
template <class F>
base::Result<bool> each_extension(base::Reader& reader, F&& take) {
    if (reader.at_end()) return true;
    const auto list = take_string(reader, 2, 0xffff);
    if (!list) return tl::unexpected(list.error());
    if (!reader.at_end()) return base::fail("bytes behind the extensions", reader.offset());
    base::Reader extensions(*list);
    while (!extensions.at_end()) {
        const auto type = extensions.take_u16();
        if (!type) return tl::unexpected(type.error());
        const auto body = take_string(extensions, 2, 0xffff);
        if (!body) return tl::unexpected(body.error());
        if (!take(*type, *body)) return base::fail("extension with a wrong body", extensions.offset());
    }
    return true;
}

std::optional<base::Bytes> read_connection_id(base::Bytes body) {
    if (body.empty() || body[0] != body.size() - 1) return std::nullopt;
    return body.subspan(1);
}

void put_connection_id(base::Bytes id, base::Writer& out) {
    out.put_u16(connection_id_type);
    out.put_u16(static_cast<std::uint16_t>(id.size() + 1));
    out.put_u8(static_cast<std::uint8_t>(id.size()));
    out.put(id);
}

}  // namespace

std::string_view name(Alert alert) {
    switch (alert) {
        case Alert::close_notify: return "close_notify";
        case Alert::unexpected_message: return "unexpected_message";
        case Alert::bad_record_mac: return "bad_record_mac";
        case Alert::record_overflow: return "record_overflow";
        case Alert::handshake_failure: return "handshake_failure";
        case Alert::bad_certificate: return "bad_certificate";
        case Alert::unsupported_certificate: return "unsupported_certificate";
        case Alert::certificate_revoked: return "certificate_revoked";
        case Alert::certificate_expired: return "certificate_expired";
        case Alert::certificate_unknown: return "certificate_unknown";
        case Alert::illegal_parameter: return "illegal_parameter";
        case Alert::unknown_ca: return "unknown_ca";
        case Alert::access_denied: return "access_denied";
        case Alert::decode_error: return "decode_error";
        case Alert::decrypt_error: return "decrypt_error";
        case Alert::protocol_version: return "protocol_version";
        case Alert::insufficient_security: return "insufficient_security";
        case Alert::internal_error: return "internal_error";
        case Alert::user_canceled: return "user_canceled";
        case Alert::no_renegotiation: return "no_renegotiation";
        case Alert::unsupported_extension: return "unsupported_extension";
        case Alert::unrecognized_name: return "unrecognized_name";
        case Alert::unknown_psk_identity: return "unknown_psk_identity";
    }
    return "other";
}

base::Result<HandshakeFragment> take_fragment(base::Reader& record) {
    const std::size_t begin = record.offset();
    if (record.left() < handshake_header_size) return base::fail("truncated handshake header", begin);
    HandshakeFragment fragment;
    fragment.type = static_cast<HandshakeType>(*record.take_u8());
    fragment.length = static_cast<std::uint32_t>(*record.take_uint(3));
    fragment.sequence = *record.take_u16();
    fragment.offset = static_cast<std::uint32_t>(*record.take_uint(3));
    const auto size = *record.take_uint(3);
    if (fragment.offset + size > fragment.length) return base::fail("fragment runs past its message", begin);
    const auto body = record.take(size);
    if (!body) return tl::unexpected(body.error());
    fragment.body = *body;
    return fragment;
}

std::array<std::uint8_t, handshake_header_size> handshake_header(HandshakeType type, std::uint16_t sequence,
                                                                 std::size_t length) {
    std::array<std::uint8_t, handshake_header_size> memory;
    base::Writer out(memory);
    out.put_u8(static_cast<std::uint8_t>(type));
    out.put_uint(length, 3);
    out.put_u16(sequence);
    out.put_uint(0, 3);
    out.put_uint(length, 3);
    return memory;
}

bool ClientHello::offers(CipherSuite suite) const {
    const auto wanted = static_cast<std::uint16_t>(suite);
    for (std::size_t i = 0; i + 1 < suites.size(); i += 2) {
        if (suites[i] == wanted >> 8 && suites[i + 1] == (wanted & 0xff)) return true;
    }
    return false;
}

base::Result<ClientHello> read_client_hello(base::Bytes body) {
    base::Reader reader(body);
    ClientHello hello;
    const auto version = reader.take_u16();
    if (!version) return tl::unexpected(version.error());
    hello.version = *version;
    const auto random = reader.take(random_size);
    if (!random) return tl::unexpected(random.error());
    hello.random = *random;
    const auto session_id = take_string(reader, 1, max_session_id);
    if (!session_id) return tl::unexpected(session_id.error());
    hello.session_id = *session_id;
    const auto cookie = take_string(reader, 1, max_cookie);
    if (!cookie) return tl::unexpected(cookie.error());
    hello.cookie = *cookie;
    const auto suites = take_string(reader, 2, 0xfffe);
    if (!suites) return tl::unexpected(suites.error());
    if (suites->empty() || suites->size() % 2 != 0) return base::fail("no list of cipher suites", reader.offset());
    hello.suites = *suites;
    const auto compressions = take_string(reader, 1, 255);
    if (!compressions) return tl::unexpected(compressions.error());
    if (std::find(compressions->begin(), compressions->end(), 0) == compressions->end()) {
        return base::fail("no null compression", reader.offset());
    }
    const auto extensions = each_extension(reader, [&](std::uint16_t type, base::Bytes extension) {
        if (type == extended_master_secret_type) hello.extended_master_secret = true;
        if (type != connection_id_type) return true;
        hello.connection_id = read_connection_id(extension);
        return hello.connection_id.has_value();
    });
    if (!extensions) return tl::unexpected(extensions.error());
    return hello;
}

void write_client_hello(const ClientHello& hello, base::Writer& out) {
    out.put_u16(hello.version);
    out.put(hello.random);
    out.put_u8(static_cast<std::uint8_t>(hello.session_id.size()));
    out.put(hello.session_id);
    out.put_u8(static_cast<std::uint8_t>(hello.cookie.size()));
    out.put(hello.cookie);
    out.put_u16(static_cast<std::uint16_t>(hello.suites.size() + 2));
    out.put(hello.suites);
    out.put_u16(renegotiation_scsv);
    out.put_u16(0x0100);  // one compression method: null
    const std::size_t id = hello.connection_id ? 5 + hello.connection_id->size() : 0;
    out.put_u16(static_cast<std::uint16_t>((hello.extended_master_secret ? 4 : 0) + id));
    if (hello.extended_master_secret) out.put_u32(std::uint32_t{extended_master_secret_type} << 16);
    if (hello.connection_id) put_connection_id(*hello.connection_id, out);
}

base::Result<ServerHello> read_server_hello(base::Bytes body) {
    base::Reader reader(body);
    ServerHello hello;
    const auto version = reader.take_u16();
    if (!version) return tl::unexpected(version.error());
    hello.version = *version;
    const auto random = reader.take(random_size);
    if (!random) return tl::unexpected(random.error());
    hello.random = *random;
    const auto session_id = take_string(reader, 1, max_session_id);
    if (!session_id) return tl::unexpected(session_id.error());
    hello.session_id = *session_id;
    const auto suite = reader.take_u16();
    if (!suite) return tl::unexpected(suite.error());
    hello.suite = *suite;
    const auto compression = reader.take_u8();
    if (!compression) return tl::unexpected(compression.error());
    hello.compression = *compression;
    const auto extensions = each_extension(reader, [&](std::uint16_t type, base::Bytes extension) {
        if (type == extended_master_secret_type) {
            hello.extended_master_secret = true;
            return extension.empty();
        }
        if (type == renegotiation_info_type) {
            hello.renegotiation_info = true;
            return extension.size() == 1 && extension[0] == 0;  // RFC 5746 3.4: of an initial handshake
        }
        if (type == connection_id_type) {
            hello.connection_id = read_connection_id(extension);
            return hello.connection_id.has_value();
        }
        hello.unknown_extension = true;
        return true;
    });
    if (!extensions) return tl::unexpected(extensions.error());
    return hello;
}

void write_server_hello(const ServerHello& hello, base::Writer& out) {
    out.put_u16(hello.version);
    out.put(hello.random);
    out.put_u8(static_cast<std::uint8_t>(hello.session_id.size()));
    out.put(hello.session_id);
    out.put_u16(hello.suite);
    out.put_u8(0);
    const std::size_t id = hello.connection_id ? 5 + hello.connection_id->size() : 0;
    out.put_u16(static_cast<std::uint16_t>(5 + (hello.extended_master_secret ? 4 : 0) + id));
    out.put_u16(renegotiation_info_type);
    out.put_uint(0x000100, 3);
    if (hello.extended_master_secret) out.put_u32(std::uint32_t{extended_master_secret_type} << 16);
    if (hello.connection_id) put_connection_id(*hello.connection_id, out);
}

base::Result<HelloVerifyRequest> read_hello_verify_request(base::Bytes body) {
    base::Reader reader(body);
    HelloVerifyRequest request;
    const auto version = reader.take_u16();
    if (!version) return tl::unexpected(version.error());
    request.version = *version;
    const auto cookie = take_string(reader, 1, max_cookie);
    if (!cookie) return tl::unexpected(cookie.error());
    request.cookie = *cookie;
    if (!reader.at_end()) return base::fail("bytes behind the cookie", reader.offset());
    return request;
}

void write_hello_verify_request(base::Bytes cookie, base::Writer& out) {
    // RFC 6347 4.2.1: whatever will be negotiated, this message says DTLS 1.0.
    out.put_u16(dtls10_version);
    out.put_u8(static_cast<std::uint8_t>(cookie.size()));
    out.put(cookie);
}

base::Result<base::Bytes> read_psk_string(base::Bytes body) {
    base::Reader reader(body);
    const auto text = take_string(reader, 2, 0xffff);
    if (text && !reader.at_end()) return base::fail("bytes behind the identity", reader.offset());
    return text;
}

void write_psk_string(base::Bytes text, base::Writer& out) {
    out.put_u16(static_cast<std::uint16_t>(text.size()));
    out.put(text);
}

}  // namespace net
