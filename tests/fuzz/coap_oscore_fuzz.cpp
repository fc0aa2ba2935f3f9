// Fuzz: what a peer with the right keys may have put inside a protected message, and a protected message as it stands.
// Whatever is taken can be walked whole.
#include <cstdint>
#include <vector>

#include "coap/oscore.h"
#include "simulator/base/check.h"

namespace {

coap::OscoreContext context_of(std::uint8_t sender, std::uint8_t recipient) {
    const std::vector<std::uint8_t> secret(16, 0x42);
    coap::OscoreContext context;
    coap::derive({.master_secret = secret,
                  .master_salt = {},
                  .sender_id = {&sender, 1},
                  .recipient_id = {&recipient, 1},
                  .id_context = {}},
                 context);
    return context;
}

void walk(const coap::OscoreResult& opened) {
    if (!opened) return;
    std::size_t bytes = opened->message.payload.size();
    for (const auto& option : opened->message.options) bytes += option.value.size();
    CHECK(bytes <= coap::OscoreWorkspace::size);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static coap::OscoreWorkspace workspace;
    auto server = context_of(1, 0);
    auto client = context_of(0, 1);
    if (const auto message = coap::parse({data, size})) {
        walk(coap::unprotect_request(server, *message, workspace));
        walk(coap::unprotect_response(client, 3, *message, workspace));
    }
    if (size == 0 || size > 1200) return 0;

    // The bytes as a plaintext: code, options, payload.
    std::vector<std::uint8_t> sealed(data, data + size);
    sealed.resize(size + coap::oscore_tag_size);
    const base::MutableBytes text(sealed.data(), size);
    const std::vector<std::uint8_t> kid{0};
    const std::vector<std::uint8_t> associated{0x83, 0x68, 'E',  'n',  'c',  'r',  'y',  'p',  't',  '0', 0x40,
                                               0x49, 0x85, 0x01, 0x81, 0x0a, 0x41, 0x00, 0x41, 0x03, 0x40};
    const auto nonce = coap::oscore_nonce(client, kid, 3);
    workspace.cipher.ccm8_seal({.key = client.sender_key, .nonce = nonce, .associated = associated}, text,
                               base::MutableBytes(sealed).last(coap::oscore_tag_size));
    std::vector<std::uint8_t> memory(size + 64);
    base::Writer out(memory);
    coap::MessageWriter message(
        out, {.type = coap::MessageType::confirmable, .code = coap::Code::post, .message_id = 1, .token = kid});
    std::vector<std::uint8_t> value(8);
    base::Writer option(value);
    coap::write_oscore_option({.partial_iv = 3, .kid_context = {}, .kid = kid}, option);
    message.option(coap::OptionNumber::oscore, option.written());
    message.payload(sealed);
    const auto opened = coap::unprotect_request(server, *coap::parse(out.written()), workspace);
    CHECK(opened || opened.error() == coap::OscoreFailure::malformed);
    walk(opened);
    return 0;
}
