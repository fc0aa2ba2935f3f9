// Oscore: CoAP messages protected end to end (RFC 8613): the OSCORE option, and how a message is protected and
// unprotected under a context.
//
//   plain:      header | options          | payload
//   protected:  header | outer options, OSCORE | 0xff | AES-CCM(code | inner options | 0xff payload)
//
// The code on the wire is POST or 2.04, with Observe FETCH or 2.05; type, message id and token are those of the plain
// message, so the message layer (endpoint.h) works on protected messages as on any other.
#pragma once

#include <optional>

#include "coap/message.h"
#include "coap/oscore_context.h"
#include "simulator/base/crypto.h"

namespace coap {

// The value of an OSCORE option (RFC 8613 6.1):
//
//    0 1 2 3 4 5 6 7 <------------- n bytes -------------->
//   +-+-+-+-+-+-+-+-+--------------------------------------
//   |0 0 0|h|k|  n  |       Partial IV (if any) ...
//   +-+-+-+-+-+-+-+-+--------------------------------------
//   <- 1 byte -> <----- s bytes ------>
//   +------------+----------------------+------------------+
//   | s (if any) | kid context (if any) | kid (if any) ... |
//   +------------+----------------------+------------------+
struct OscoreOption {
    std::optional<std::uint64_t> partial_iv;  // up to 40 bits
    std::optional<base::Bytes> kid_context;
    std::optional<base::Bytes> kid;
};
// Refuses set reserved bits, a Partial IV of 6 or 7 bytes or with leading zeros, and what runs past the end.
base::Result<OscoreOption> read_oscore_option(base::Bytes value);
void write_oscore_option(const OscoreOption& option, base::Writer& out);

// Of a message; nothing where it has no OSCORE option, or one that cannot be read.
std::optional<OscoreOption> find_oscore(const MessageView& message);

// Why a message was not unprotected.
enum class OscoreFailure : std::uint8_t {
    malformed,    // the option, or what was inside
    no_context,   // another kid or kid context
    replay,       // the Partial IV has been seen
    decrypt,      // the tag does not fit
    unprotected,  // there is no OSCORE option
};

// Memory and cipher for the messages of one thread. What `unprotect` gives is a view on it, until the next `unprotect`.
class OscoreWorkspace {
public:
    static constexpr std::size_t size = 2048;

    base::Aes128 cipher;
    ShortBytes<40> echo;                   // goes into the next request that is protected (RFC 9175 2.2.1), once
    std::uint64_t request_partial_iv = 0;  // of the request that was unprotected last

    std::array<std::uint8_t, size> sealed{};
    std::array<std::uint8_t, size> outside{};
    std::array<std::uint8_t, size> opened{};
    std::array<std::uint8_t, size> merged{};
};

// The plain message in `datagram` becomes the protected one; `datagram.failed()` where it does not fit, or the sequence
// numbers are used up (7.2.1). A request's Partial IV is kept in the context until the response has come.
void protect_request(OscoreContext& context, base::Writer& datagram, OscoreWorkspace& workspace);

enum class OscoreNonce : std::uint8_t {
    of_request,  // once for each request, at most (8.3)
    own,         // with a Partial IV: notifications, and whatever answers a request another time
};
// `request_partial_iv` is that of the request that is answered. `kid_context`: see appendix B.2; in clear.
void protect_response(OscoreContext& context, std::uint64_t request_partial_iv, OscoreNonce nonce,
                      base::Writer& datagram, OscoreWorkspace& workspace,
                      std::optional<base::Bytes> kid_context = std::nullopt);

enum class OscoreReplay : std::uint8_t {
    accept,  // a Partial IV is taken once
    check,   // the same, but the window is left as it is
    ignore,  // a message that the message layer knows to be repeated
};
struct OscoreOpened {
    MessageView message;                      // plain, with the type, message id and token of the protected one
    std::optional<std::uint64_t> partial_iv;  // where it had one
};
using OscoreResult = tl::expected<OscoreOpened, OscoreFailure>;

OscoreResult unprotect_request(OscoreContext& context, const MessageView& message, OscoreWorkspace& workspace,
                               OscoreReplay replay = OscoreReplay::accept);
// Of a notification the Observe option becomes the lowest 24 bits of its Partial IV (4.1.3.5.2).
OscoreResult unprotect_response(const OscoreContext& context, std::uint64_t request_partial_iv,
                                const MessageView& message, OscoreWorkspace& workspace);

// What a message layer needs to open the responses of one peer. `input`, where it is not null, serves appendix B.2: a
// response with a new `kid context` to the request under way makes the context R2 || ID1.
struct OscoreLink {
    OscoreContext& context;
    OscoreWorkspace& workspace;
    const OscoreInput* input = nullptr;
};
OscoreResult open_response(OscoreLink link, const MessageView& message);

// The answer to a request that could not be unprotected (RFC 8613 8.2), itself unprotected and not to be cached.
Code oscore_error(OscoreFailure failure);
void write_oscore_error(OscoreFailure failure, const Header& header, base::Writer& out);

}  // namespace coap
