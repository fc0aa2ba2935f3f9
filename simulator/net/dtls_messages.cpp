#include "simulator/net/dtls_messages.h"

#include <algorithm>

#include "simulator/net/dtls_record.h"

namespace net {
namespace {

constexpr std::uint16_t server_name_type = 0;
constexpr std::uint16_t supported_groups_type = 10;
constexpr std::uint16_t point_formats_type = 11;
constexpr std::uint16_t signature_algorithms_type = 13;
constexpr std::uint16_t client_certificate_type = 19;
constexpr std::uint16_t server_certificate_type = 20;
constexpr std::uint16_t extended_master_secret_type = 23;
constexpr std::uint16_t connection_id_type = 54;
constexpr std::uint16_t renegotiation_info_type = 0xff01;
constexpr std::uint16_t renegotiation_scsv = 0x00ff;
constexpr std::uint16_t secp256r1 = 23;
constexpr std::uint16_t ecdsa_with_sha256 = 0x0403;  // hash, signature (RFC 5246 7.4.1.4.1)
constexpr std::uint8_t named_curve = 3;
constexpr std::uint8_t ecdsa_sign = 64;  // of ClientCertificateType

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

// RFC 5746 3.4, 3.6: nothing has been said before that it would confirm.
bool is_initial_renegotiation_info(base::Bytes body) { return body.size() == 1 && body[0] == 0; }

// Is `wanted` in this list of numbers of two bytes, behind two bytes of length?
std::optional<bool> list_has(base::Bytes body, std::uint16_t wanted) {
    base::Reader reader(body);
    const auto list = take_string(reader, 2, 0xffff);
    if (!list || !reader.at_end() || list->size() % 2 != 0) return std::nullopt;
    for (std::size_t i = 0; i < list->size(); i += 2) {
        if ((*list)[i] == wanted >> 8 && (*list)[i + 1] == (wanted & 0xff)) return true;
    }
    return false;
}

// One of the extensions that only matter with certificates. False for a wrong body.
bool read_for_certificates(std::uint16_t type, base::Bytes body, ClientHello& hello) {
    const auto take_types = [&](base::Bytes& types) {
        if (body.empty() || body[0] != body.size() - 1 || body[0] == 0) return false;
        types = body.subspan(1);
        return true;
    };
    switch (type) {
        case supported_groups_type: {
            const auto has = list_has(body, secp256r1);
            hello.other_groups = !has.value_or(false);
            return has.has_value();
        }
        case signature_algorithms_type: {
            const auto has = list_has(body, ecdsa_with_sha256);
            hello.other_signatures = !has.value_or(false);
            return has.has_value();
        }
        case point_formats_type: hello.point_formats = true; return true;
        case client_certificate_type: return take_types(hello.client_types);
        case server_certificate_type: return take_types(hello.server_types);
        default: return true;
    }
}

void put_extension(std::uint16_t type, std::size_t size, base::Writer& out) {
    out.put_u16(type);
    out.put_u16(static_cast<std::uint16_t>(size));
}

void put_for_certificates(const ClientHello& hello, base::Writer& out) {
    if (!hello.server_name.empty()) {
        const std::size_t size = hello.server_name.size();
        put_extension(server_name_type, size + 5, out);
        out.put_u16(static_cast<std::uint16_t>(size + 3));
        out.put_u8(0);  // host_name
        out.put_u16(static_cast<std::uint16_t>(size));
        out.put(hello.server_name);
    }
    put_extension(supported_groups_type, 4, out);
    out.put_u16(2);
    out.put_u16(secp256r1);
    put_extension(point_formats_type, 2, out);
    out.put_u16(0x0100);  // one: uncompressed
    put_extension(signature_algorithms_type, 4, out);
    out.put_u16(2);
    out.put_u16(ecdsa_with_sha256);
    const auto put_types = [&](std::uint16_t type, base::Bytes types) {
        if (types.empty()) return;
        put_extension(type, types.size() + 1, out);
        out.put_u8(static_cast<std::uint8_t>(types.size()));
        out.put(types);
    };
    put_types(client_certificate_type, hello.client_types);
    put_types(server_certificate_type, hello.server_types);
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

bool ClientHello::offers(CipherSuite suite) const { return offers(static_cast<std::uint16_t>(suite)); }

bool ClientHello::offers(std::uint16_t wanted) const {
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
    hello.renegotiation_info = hello.offers(renegotiation_scsv);
    const auto compressions = take_string(reader, 1, 255);
    if (!compressions) return tl::unexpected(compressions.error());
    if (std::find(compressions->begin(), compressions->end(), 0) == compressions->end()) {
        return base::fail("no null compression", reader.offset());
    }
    const auto extensions = each_extension(reader, [&](std::uint16_t type, base::Bytes extension) {
        if (type == extended_master_secret_type) hello.extended_master_secret = true;
        if (type == renegotiation_info_type) {
            hello.renegotiation_info = true;
            return is_initial_renegotiation_info(extension);
        }
        if (type != connection_id_type) return read_for_certificates(type, extension, hello);
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
    std::array<std::uint8_t, 64 + max_server_name> memory;
    base::Writer extensions{base::MutableBytes(memory)};
    if (hello.extended_master_secret) extensions.put_u32(std::uint32_t{extended_master_secret_type} << 16);
    if (hello.connection_id) put_connection_id(*hello.connection_id, extensions);
    if (hello.by_certificate) put_for_certificates(hello, extensions);
    if (extensions.failed()) return out.fail();
    out.put_u16(static_cast<std::uint16_t>(extensions.size()));
    out.put(extensions.written());
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
            return is_initial_renegotiation_info(extension);
        }
        if (type == connection_id_type) {
            hello.connection_id = read_connection_id(extension);
            return hello.connection_id.has_value();
        }
        if (type == client_certificate_type || type == server_certificate_type) {
            hello.by_certificate = true;
            if (extension.size() != 1) return false;
            (type == client_certificate_type ? hello.client_type : hello.server_type) =
                static_cast<CertificateType>(extension[0]);
            return true;
        }
        if (type == point_formats_type) {
            // RFC 8422 5.1.2: the uncompressed form is in every list.
            hello.by_certificate = true;
            return extension.size() > 1 && extension[0] == extension.size() - 1 &&
                   std::find(extension.begin() + 1, extension.end(), 0) != extension.end();
        }
        if (type == server_name_type) {
            hello.by_certificate = true;
            return extension.empty();  // RFC 6066 3: it was of use
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
    const std::size_t types = (hello.client_type ? 5u : 0u) + (hello.server_type ? 5u : 0u);
    out.put_u16(static_cast<std::uint16_t>((hello.renegotiation_info ? 5 : 0) + (hello.extended_master_secret ? 4 : 0) +
                                           id + (hello.point_formats ? 6 : 0) + types));
    if (hello.point_formats) {
        put_extension(point_formats_type, 2, out);
        out.put_u16(0x0100);
    }
    const auto put_type = [&](std::uint16_t type, std::optional<CertificateType> value) {
        if (!value) return;
        put_extension(type, 1, out);
        out.put_u8(static_cast<std::uint8_t>(*value));
    };
    put_type(client_certificate_type, hello.client_type);
    put_type(server_certificate_type, hello.server_type);
    if (hello.renegotiation_info) {
        put_extension(renegotiation_info_type, 1, out);
        out.put_u8(0);
    }
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

base::Result<CertificateChain> read_certificate_chain(base::Bytes body) {
    base::Reader reader(body);
    const auto list = take_string(reader, 3, 0xffffff);
    if (!list) return tl::unexpected(list.error());
    if (!reader.at_end()) return base::fail("bytes behind the certificates", reader.offset());
    CertificateChain chain;
    base::Reader certificates(*list);
    while (!certificates.at_end()) {
        const auto certificate = take_string(certificates, 3, 0xffffff);
        if (!certificate) return tl::unexpected(certificate.error());
        if (certificate->empty()) return base::fail("certificate of no bytes", certificates.offset());
        if (chain.size == chain.certificates.size()) return base::fail("too many certificates", certificates.offset());
        chain.certificates[chain.size++] = *certificate;
    }
    return chain;
}

void write_certificate_chain(std::span<const base::Bytes> chain, base::Writer& out) {
    std::size_t size = 0;
    for (const auto certificate : chain) size += 3 + certificate.size();
    out.put_uint(size, 3);
    for (const auto certificate : chain) {
        out.put_uint(certificate.size(), 3);
        out.put(certificate);
    }
}

base::Result<base::Bytes> read_raw_public_key(base::Bytes body) {
    base::Reader reader(body);
    const auto key = take_string(reader, 3, 0xffffff);
    if (key && !reader.at_end()) return base::fail("bytes behind the key", reader.offset());
    return key;
}

void write_raw_public_key(base::Bytes key, base::Writer& out) {
    out.put_uint(key.size(), 3);
    out.put(key);
}

base::Result<ServerKeyExchange> read_server_key_exchange(base::Bytes body) {
    base::Reader reader(body);
    const auto type = reader.take_u8();
    if (!type) return tl::unexpected(type.error());
    const auto curve = reader.take_u16();
    if (!curve) return tl::unexpected(curve.error());
    if (*type != named_curve || *curve != secp256r1) return base::fail("curve that was not offered", 0);
    const auto point = take_string(reader, 1, 255);
    if (!point) return tl::unexpected(point.error());
    ServerKeyExchange exchange;
    exchange.parameters = body.first(reader.offset());
    exchange.point = *point;
    const auto signature = read_signature(reader.rest());
    if (!signature) return tl::unexpected(signature.error());
    exchange.signature = *signature;
    return exchange;
}

void write_key_parameters(base::Bytes point, base::Writer& out) {
    out.put_u8(named_curve);
    out.put_u16(secp256r1);
    write_point(point, out);
}

base::Result<base::Bytes> read_signature(base::Bytes body) {
    base::Reader reader(body);
    const auto algorithm = reader.take_u16();
    if (!algorithm) return tl::unexpected(algorithm.error());
    if (*algorithm != ecdsa_with_sha256) return base::fail("signature by an algorithm that was not offered", 0);
    const auto signature = take_string(reader, 2, 0xffff);
    if (signature && !reader.at_end()) return base::fail("bytes behind the signature", reader.offset());
    return signature;
}

void write_signature(base::Bytes signature, base::Writer& out) {
    out.put_u16(ecdsa_with_sha256);
    out.put_u16(static_cast<std::uint16_t>(signature.size()));
    out.put(signature);
}

base::Result<base::Bytes> read_point(base::Bytes body) {
    base::Reader reader(body);
    const auto point = take_string(reader, 1, 255);
    if (point && !reader.at_end()) return base::fail("bytes behind the point", reader.offset());
    return point;
}

void write_point(base::Bytes point, base::Writer& out) {
    out.put_u8(static_cast<std::uint8_t>(point.size()));
    out.put(point);
}

base::Result<bool> read_certificate_request(base::Bytes body) {
    base::Reader reader(body);
    const auto types = take_string(reader, 1, 255);
    if (!types) return tl::unexpected(types.error());
    const auto algorithms = take_string(reader, 2, 0xffff);
    if (!algorithms) return tl::unexpected(algorithms.error());
    const auto authorities = take_string(reader, 2, 0xffff);  // whose certificates are liked: ours is what it is
    if (!authorities) return tl::unexpected(authorities.error());
    if (!reader.at_end()) return base::fail("bytes behind the authorities", reader.offset());
    if (algorithms->size() % 2 != 0) return base::fail("half an algorithm", reader.offset());
    bool signs = false;
    for (std::size_t i = 0; i < algorithms->size(); i += 2) {
        signs =
            signs || ((*algorithms)[i] == ecdsa_with_sha256 >> 8 && (*algorithms)[i + 1] == (ecdsa_with_sha256 & 0xff));
    }
    return signs && std::find(types->begin(), types->end(), ecdsa_sign) != types->end();
}

void write_certificate_request(base::Writer& out) {
    out.put_u8(1);
    out.put_u8(ecdsa_sign);
    out.put_u16(2);
    out.put_u16(ecdsa_with_sha256);
    out.put_u16(0);
}

}  // namespace net
