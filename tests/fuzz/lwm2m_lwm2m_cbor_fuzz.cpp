#include "tests/fuzz/codec_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::round_trip(lwm2m::ContentFormat::lwm2m_cbor, data, size);
}
