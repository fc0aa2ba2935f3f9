#include <cstdlib>
#include <vector>

#include "simulator/lwm2m/package_reader.h"

namespace {

struct Outcome {
    std::vector<std::uint8_t> package;
    bool accepted = true;
    bool complete = false;
};

Outcome read(std::uint32_t format, base::Bytes payload, std::size_t piece) {
    auto reader = lwm2m::PackageReader::of(format).value();
    Outcome outcome;
    while (!payload.empty() && outcome.accepted) {
        const auto part = payload.first(std::min(piece, payload.size()));
        payload = payload.subspan(part.size());
        outcome.accepted =
            reader
                .feed(part,
                      [&](base::Bytes run) { outcome.package.insert(outcome.package.end(), run.begin(), run.end()); })
                .has_value();
    }
    outcome.complete = outcome.accepted && reader.complete();
    return outcome;
}

}  // namespace

// The package is the same however the payload is cut, and never longer than it. The first byte chooses the format, the
// second the cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    constexpr std::uint32_t formats[] = {42, 60, 11542};
    const std::uint32_t format = formats[data[0] % 3];
    const base::Bytes payload(data + 2, size - 2);
    const auto whole = read(format, payload, size);
    const auto cut = read(format, payload, data[1] % 64 + 1u);
    if (whole.accepted != cut.accepted || whole.complete != cut.complete) std::abort();
    if (whole.accepted && whole.package != cut.package) std::abort();
    if (whole.package.size() > payload.size()) std::abort();
    return 0;
}
