// FirmwareLockstep: a registered device with object 5, and a test that plays its server and the one with the packages.
//
//   pushes(image, 1024);
//   EXPECT_EQ(status(), "2 0");
#pragma once

#include "tests/support/device_lockstep.h"

namespace support {

class FirmwareLockstep : public DeviceLockstep {
protected:
    // `firmware` is the inside of `behaviour: {firmware: ...}`.
    explicit FirmwareLockstep(const std::string& firmware = "{}", const std::string& object = "{}")
        : DeviceLockstep(
              "profile: subject\ndescription: for the tests of firmware\nendpoint: \"d\"\n"
              "lwm2m: {version: \"1.1\", lifetime: 30d, object_versions: {firmware_update: \"1.1\"}}\nformats: "
              "[senml-json, tlv, text, opaque]\nobjects:\n"
              "  firmware_update/0: " +
              object + "\n  device/0: {firmware_version: \"1.0\", reboot: }\nbehaviour:\n  firmware: " + firmware +
              "\n") {}

    void SetUp() override { device_registers(); }

    // The value in plain text; "4.05" and the like where there is none.
    std::string read(std::string_view path) { return answer(ask(Code::get, path).uint(coap::OptionNumber::accept, 0)); }
    Code write(std::string_view path, std::string_view text) {
        return code(ask(Code::put, path).format(0).payload(text));
    }
    Code execute(std::string_view path, std::string_view arguments = "") {
        return code(ask(Code::post, path).payload(arguments));
    }
    // Observes; the answer's value.
    std::string observe(std::string_view path) {
        return answer(ask(Code::get, path).uint(coap::OptionNumber::accept, 0).observe(0));
    }
    // The next notification's value, which has come by now; nothing where there is none.
    std::string notified() {
        if (!server.has_mail()) return "";
        const auto seen = server.take();
        if (seen.view().type == CON) server.acknowledges();
        return std::string(base::as_text(seen.view().payload));
    }
    Message ask(Code method, std::string_view path) {
        return Message(CON, method).id(next_id_++).token("0a").path(path);
    }
    Code code(const Message& message) {
        server.sends(message);
        return server.has_mail() ? server.take().view().code : Code::empty;
    }
    std::string answer(const Message& message) {
        server.sends(message);
        if (!server.has_mail()) return "silence";
        const auto seen = server.take();
        if (!coap::is_success(seen.view().code)) return coap::to_string(seen.view().code);
        return std::string(base::as_text(seen.view().payload));
    }

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
    // Answers the device's requests out of the image until it asks no more.
    void serves(Server& from, std::string_view image, unsigned size, std::string_view etag = "e1") {
        after(std::chrono::milliseconds(2));
        while (from.has_mail()) {
            const auto seen = from.take();
            const auto wanted = coap::find_block(seen.view(), coap::OptionNumber::block2).value().value();
            const std::size_t at = std::size_t{wanted.number} * wanted.size();
            const bool more = at + size < image.size();
            from.replies(Message(ACK, Code::content)
                             .etag(etag)
                             .block2(static_cast<unsigned>(at / size), more ? 1 : 0, size)
                             .payload(image.substr(at, size)));
            after(std::chrono::milliseconds(2));
        }
    }
    // The device has gone down and comes back: its Register is answered.
    void comes_back(base::Duration within = std::chrono::seconds(10)) {
        ASSERT_NE(state(), registered);
        const base::Time end = now + within;
        while (!server.has_mail() && now < end) after(std::chrono::milliseconds(50));
        server.expect(CON, Code::post).path("/rd");
        server.replies(Message(ACK, Code::created).location("/rd/5b"));
        ASSERT_EQ(state(), registered);
    }

private:
    std::uint16_t next_id_ = 1;
};

}  // namespace support
