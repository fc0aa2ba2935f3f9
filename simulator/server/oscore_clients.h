// OscoreClients: the OSCORE contexts that the server shares with its clients (RFC 8613): made when a Sender ID is first
// seen, from what the directory knows of its owner.
#pragma once

#include <functional>
#include <optional>

#include "coap/oscore.h"
#include "simulator/base/flat_map.h"
#include "simulator/base/slab.h"
#include "simulator/base/time.h"

namespace server {

// The owner of a Sender ID. The views live until the next look-up.
struct OscoreOwner {
    std::string_view endpoint;
    coap::OscoreInput input;  // of the server: its Sender ID is the client's Recipient ID
};

// What is known of the fleet. Both are asked by the server's thread only.
struct OscoreDirectory {
    std::function<std::optional<OscoreOwner>(base::Bytes kid)> owner_of;
    std::function<bool(std::string_view endpoint)> secures;  // may that endpoint register with OSCORE only?

    std::uint64_t entropy = 0;  // sets the nonces of one run apart from those of another

    explicit operator bool() const { return static_cast<bool>(owner_of); }
};

class OscoreClients {
public:
    using Index = std::uint32_t;  // of a context; base::no_index: none

    OscoreClients(OscoreDirectory directory, std::uint32_t capacity, std::uint64_t seed);
    OscoreClients(const OscoreClients&) = delete;
    OscoreClients& operator=(const OscoreClients&) = delete;
    ~OscoreClients();

    const OscoreDirectory& directory() const { return directory_; }

    // A request, by the context that it names.
    struct Opened {
        coap::MessageView message;  // on the workspace
        Index context = base::no_index;
        std::uint64_t partial_iv = 0;
        // It begins a new context (B.2): `message` is not to be acted on, and answer_renewal() is its answer.
        bool renews = false;
    };
    tl::expected<Opened, coap::OscoreFailure> open(base::Time now, const coap::MessageView& message,
                                                   coap::OscoreReplay replay);

    // Protects the answer in `out` to the request that was opened so.
    void protect_answer(const Opened& request, coap::OscoreNonce nonce, base::Writer& out);
    // Response #1 of appendix B.2. REQUIRES: request.renews, and nothing was opened since.
    void answer_renewal(const Opened& request, const coap::Header& header, base::Writer& out);

    coap::OscoreContext& operator[](Index index) { return records_[index].context; }
    const coap::OscoreContext& operator[](Index index) const { return records_[index].context; }
    coap::OscoreWorkspace& workspace() { return workspace_; }
    coap::OscoreLink link(Index index) { return {records_[index].context, workspace_, nullptr}; }

private:
    struct Record {
        coap::OscoreContext context;
        coap::OscoreRenewalNonce r2{};  // offered for a new context
        bool offers = false;
        std::uint64_t asked = 0;  // fingerprint of the ID1 that r2 was offered for
    };

    Index find(base::Bytes kid);
    tl::expected<Opened, coap::OscoreFailure> open_other(base::Time now, Index index, const coap::MessageView& message,
                                                         base::Bytes id_context, coap::OscoreReplay replay);

    OscoreDirectory directory_;
    std::uint64_t seed_;
    base::Slab<Record> records_;
    base::FlatMap<std::uint64_t, Index> by_kid_;
    coap::OscoreWorkspace workspace_;
    coap::OscoreContext answering_;  // R2 || ID1, of the request that renews
};

}  // namespace server
