// Fuzz: a datagram. Whatever parses is walked whole, written again and must then be the same message.
#include <cstdint>
#include <vector>

#include "coap/message.h"
#include "simulator/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto message = coap::parse({data, size});
    if (!message) {
        CHECK(message.error().offset <= size);
        return 0;
    }
    std::vector<std::uint8_t> memory(size);  // the writer takes the shortest forms: never longer than what came
    base::Writer out(memory);
    coap::MessageWriter writer(
        out,
        {.type = message->type, .code = message->code, .message_id = message->message_id, .token = message->token});
    for (const auto& option : message->options) writer.option(option.number, option.value);
    writer.payload(message->payload);
    CHECK(!out.failed());

    const auto again = coap::parse(out.written());
    CHECK(again.has_value());
    CHECK(again->type == message->type && again->code == message->code && again->message_id == message->message_id);
    CHECK(base::equal(again->token, message->token) && base::equal(again->payload, message->payload));
    auto copy = again->options.begin();
    for (const auto& option : message->options) {
        CHECK(copy->number == option.number && base::equal(copy->value, option.value));
        ++copy;
    }
    CHECK(copy == again->options.end());
    return 0;
}
