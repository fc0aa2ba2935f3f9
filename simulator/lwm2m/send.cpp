#include "simulator/lwm2m/send.h"

namespace lwm2m {

void write_send(coap::Header header, ContentFormat format, const PayloadBlock& values, base::Writer& out) {
    header.code = coap::Code::post;
    coap::MessageWriter message(out, header);
    message.option(coap::OptionNumber::uri_path, "dp");
    message.option_uint(coap::OptionNumber::content_format, static_cast<std::uint16_t>(format));
    if (values.block1) message.option_uint(coap::OptionNumber::block1, *values.block1);
    if (values.size1) message.option_uint(coap::OptionNumber::size1, *values.size1);
    message.payload(values.bytes);
}

}  // namespace lwm2m
