// The paths of composite reads and observations; the first byte chooses the format.
#include <array>

#include "tests/fuzz/codec_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using lwm2m::ContentFormat;
    static constexpr std::array formats{ContentFormat::senml_etch_json, ContentFormat::senml_etch_cbor,
                                        ContentFormat::lwm2m_cbor};
    if (size == 0) return 0;
    return fuzz::round_trip_paths(formats[data[0] % formats.size()], data + 1, size - 1);
}
