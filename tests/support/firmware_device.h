// FirmwareDevice: a device with the Firmware Update object as a server sees it, by a script: it takes a package in
// blocks or fetches it, installs it, goes away, and comes back with the result that its script says.
//
//   FirmwareDevice device({.update_result = 8}, [&](const Message& message) { send(0, message); });
//   while (const auto message = receive(0)) device.on_message(message->view());
#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "coap/block.h"
#include "coap/observe.h"
#include "tests/support/message.h"

namespace support {

using coap::Code;

struct FirmwareScript {
    std::uint8_t state = 0;            // in which it is found
    std::uint8_t result = 0;           // the same
    std::uint8_t download_result = 0;  // 2 to 9: the download comes to nothing
    std::uint8_t update_result = 1;
    std::string version = "2.0";  // after an update
    std::uint8_t szx = 6;         // the largest blocks that it takes
    bool notifies = true;
    bool reboots = true;  // else it is back in Idle without a new Register
    bool silent = false;  // answers nothing
};

class FirmwareDevice {
public:
    using Send = std::function<void(const Message&)>;
    FirmwareDevice(FirmwareScript script, Send send)
        : script_(std::move(script)), send_(std::move(send)), state_(script_.state), result_(script_.result) {}

    void on_message(const coap::MessageView& message) {
        if (script_.silent) return;
        if (message.type == ACK) return on_response(message);
        if (!coap::is_request(message.code)) return;
        std::string path;
        for (const auto& option : message.options) {
            if (option.number == coap::OptionNumber::uri_path) path += "/" + std::string(option.text());
        }
        asked.push_back(std::string(coap::name(message.code)) + " " + path);
        if (message.code == Code::get) return on_get(message, path);
        if (path == "/5/0/0") return on_package(message);
        if (path == "/5/0/1") return on_uri(message);
        if (path == "/5/0/2") return on_update(message);
        reply(message, Code::not_found);
    }

    // It is there again, with the new firmware or the old one: the caller registers it.
    void come_back() {
        away = false;
        observed_.clear();
        state_ = 0;
        result_ = script_.update_result;
        if (result_ == 1) version_ = script_.version;
    }
    void become(FirmwareScript script) { script_ = std::move(script); }
    void move(std::uint8_t state, std::uint8_t result) {
        if (std::exchange(state_, state) != state) notify("/5/0/3", state_);
        if (std::exchange(result_, result) != result) notify("/5/0/5", result_);
    }

    bool away = false;               // it has gone to reboot
    std::string package;             // what it has
    std::size_t blocks = 0;          // in how many pieces it came
    std::vector<std::string> asked;  // "GET /5/0/3"

private:
    void reply(const coap::MessageView& request, Code code) {
        send_(Message(ACK, code).id(request.message_id).token(request.token));
    }
    void on_get(const coap::MessageView& request, const std::string& path) {
        std::string value = path == "/5/0/3" ? std::to_string(state_) : std::to_string(result_);
        if (path == "/3/0/3") value = version_;
        if (path == "/5/0/7") value = "package";
        Message answer = Message(ACK, Code::content).id(request.message_id).token(request.token).format(0);
        if (const auto observe = request.find_uint(coap::OptionNumber::observe)) {
            if (*observe == 0 && script_.notifies) {
                observed_[path].assign(request.token.begin(), request.token.end());
                answer.observe(++sequence_);
            } else {
                observed_.erase(path);
            }
        }
        send_(answer.payload(value));
    }
    void on_package(const coap::MessageView& request) {
        const auto block = coap::find_block(request, coap::OptionNumber::block1).value();
        if (!block) {
            package = base::as_text(request.payload);
            reply(request, Code::changed);
            return package == std::string(1, '\0') ? move(0, 0) : have_it();
        }
        if (block->number == 0) {
            package.clear();
            blocks = 0;
            if (block->szx > script_.szx) {
                return send_(Message(ACK, Code::request_entity_too_large)
                                 .id(request.message_id)
                                 .token(request.token)
                                 .block1(0, 0, 16u << script_.szx));
            }
            move(1, 0);
        }
        ++blocks;
        if (script_.download_result != 0 && block->number == 2) {
            reply(request, Code::internal_server_error);
            return move(0, script_.download_result);
        }
        package += base::as_text(request.payload);
        send_(Message(ACK, block->more ? Code::continue_ : Code::changed)
                  .id(request.message_id)
                  .token(request.token)
                  .block1(block->number, block->more ? 1 : 0, block->size()));
        if (!block->more) have_it();
    }
    void on_uri(const coap::MessageView& request) {
        const auto text = base::as_text(request.payload);
        reply(request, Code::changed);
        if (text.empty() || text == std::string_view("\xc8\x01\x00", 3)) return move(0, 0);
        uri = text;
        move(1, 0);
        package.clear();
        fetch(0);
    }
    void fetch(unsigned number) {
        const auto path = uri.substr(uri.find('/', uri.find("//") + 2));
        Message request = Message(CON, Code::get).id(++message_id_).token(base::Bytes(fetch_token)).path(path);
        if (number > 0) request.block2(number, 0, 1024);
        send_(request);
    }
    void on_response(const coap::MessageView& response) {
        if (!base::equal(response.token, fetch_token)) return;
        const auto block = coap::find_block(response, coap::OptionNumber::block2).value();
        if (response.code != Code::content || script_.download_result != 0) {
            return move(0, script_.download_result != 0 ? script_.download_result : 7);
        }
        package += base::as_text(response.payload);
        if (block && block->more) return fetch(block->number + 1);
        have_it();
    }
    void have_it() { move(2, 0); }
    void on_update(const coap::MessageView& request) {
        if (state_ != 2) return reply(request, Code::method_not_allowed);
        reply(request, Code::changed);
        move(3, 0);
        if (script_.reboots) {
            away = true;
        } else {
            if (script_.update_result == 1) version_ = script_.version;
            move(0, script_.update_result);
        }
    }
    void notify(const std::string& path, std::uint8_t value) {
        const auto found = observed_.find(path);
        if (found == observed_.end()) return;
        send_(Message(NON, Code::content)
                  .id(++message_id_)
                  .token(base::Bytes(found->second))
                  .observe(++sequence_)
                  .format(0)
                  .payload(std::to_string(value)));
    }

    static constexpr std::array<std::uint8_t, 1> fetch_token{0xf0};

    FirmwareScript script_;
    Send send_;
    std::uint8_t state_ = 0, result_ = 0;
    std::string version_ = "1.0";
    std::uint32_t sequence_ = 0;
    std::uint16_t message_id_ = 20'000;
    std::map<std::string, std::vector<std::uint8_t>> observed_;

public:
    std::string uri;
};

}  // namespace support
