// AskingLockstep: a registered device that a test asks for values, writes to, observes and executes, each in one line.
#pragma once

#include "tests/support/device_lockstep.h"

namespace support {

class AskingLockstep : public DeviceLockstep {
protected:
    using DeviceLockstep::DeviceLockstep;

    void SetUp() override { device_registers(); }

    // The value in plain text; "4.05" and the like where there is none.
    std::string read(std::string_view path) { return answer(ask(Code::get, path).uint(coap::OptionNumber::accept, 0)); }
    // All values at or below a path, in SenML JSON.
    std::string read_all(std::string_view path) {
        return answer(ask(Code::get, path).uint(coap::OptionNumber::accept, 110));
    }
    Code write(std::string_view path, std::string_view text) {
        return code(ask(Code::put, path).format(0).payload(text));
    }
    Code execute(std::string_view path, std::string_view arguments = "") {
        return code(ask(Code::post, path).payload(arguments));
    }
    Code remove(std::string_view path) { return code(ask(Code::delete_, path)); }
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
