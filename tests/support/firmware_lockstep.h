// FirmwareLockstep: a registered device with object 5, and a test that plays its server and the one with the packages.
//
//   pushes(image, 1024);
//   EXPECT_EQ(status(), "2 0");
#pragma once

#include "tests/support/asking_lockstep.h"

namespace support {

class FirmwareLockstep : public AskingLockstep {
protected:
    // `firmware` is the inside of `behaviour: {firmware: ...}`.
    explicit FirmwareLockstep(const std::string& firmware = "{}", const std::string& object = "{}")
        : AskingLockstep(
              "profile: subject\ndescription: for the tests of firmware\nendpoint: \"d\"\n"
              "lwm2m: {version: \"1.1\", lifetime: 30d, object_versions: {firmware_update: \"1.1\"}}\nformats: "
              "[senml-json, tlv, text, opaque]\nobjects:\n"
              "  firmware_update/0: " +
              object + "\n  device/0: {firmware_version: \"1.0\", reboot: }\nbehaviour:\n  firmware: " + firmware +
              "\n") {}

    // /5/0/3 and /5/0/5: "2 0" is Downloaded, without a result.
    std::string status() { return read("/5/0/3") + " " + read("/5/0/5"); }
    metrics::Counters::Firmware counted() const {
        metrics::Counters::Firmware place{99, 99};
        const auto& table = counters.figures().firmware;
        for (std::size_t s = 0; s < table.size(); ++s) {
            for (std::size_t r = 0; r < table[s].size(); ++r) {
                if (table[s][r].get() != 0) place = {s, r};
            }
        }
        return place;
    }
    std::int64_t downloads(metrics::Result how) const {
        const auto& row = counters.figures().operations[metrics::index(metrics::Operation::download)][0];
        return row[metrics::index(how)].get();
    }

    Message block(std::string_view image, unsigned number, unsigned size, Code method = Code::put,
                  unsigned format = 42) {
        const std::size_t at = std::size_t{number} * size;
        const bool more = at + size < image.size();
        return ask(method, "/5/0/0").format(format).block1(number, more ? 1 : 0, size).payload(image.substr(at, size));
    }
    // Pushes in blocks until the device answers anything but 2.31; that code.
    Code pushes(std::string_view image, unsigned size, Code method = Code::put, unsigned format = 42) {
        Code last = Code::continue_;
        for (unsigned number = 0; last == Code::continue_; ++number)
            last = code(block(image, number, size, method, format));
        return last;
    }
};

}  // namespace support
