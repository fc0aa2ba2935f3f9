#include "simulator/lwm2m/codec_opaque.h"

namespace lwm2m {

base::Result<void> encode_opaque(const ValueView& value, base::Writer& out) {
    if (value.type != Type::opaque) return base::fail("the opaque format holds an opaque value only");
    out.put(value.bytes);
    return {};
}

base::Result<void> decode_opaque(base::Bytes payload, EntrySink& sink) {
    if (sink.base().depth < 3) return base::fail("the opaque format holds one value: it needs the path of a resource");
    return sink.add(sink.base(), ValueView::of_opaque(payload), 0);
}

}  // namespace lwm2m
