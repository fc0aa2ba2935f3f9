// DeviceFiles: certificates and private keys of devices that lie in files, one or two a device, read before a run.
#pragma once

#include <memory>
#include <vector>

#include "profiles/population.h"

namespace engine {

class DeviceFiles {
public:
    // Null where no profile has files, and after errors: those of the first few devices go to `diagnostics`, about
    // `place`.
    static std::shared_ptr<const DeviceFiles> read(const profiles::Population& population, std::uint64_t seed,
                                                   const profiles::Place& place, profiles::Diagnostics& diagnostics);

    // Of a device of the fleet; null: it has no file. The body of its Certificate message.
    const std::vector<std::uint8_t>* certificate(std::uint64_t index) const;
    void key(std::uint64_t index, base::P256Scalar& out) const;

private:
    struct Entry {
        std::vector<std::uint8_t> certificate;
        base::Secret key;
    };
    std::vector<Entry> entries_;
};

}  // namespace engine
