// OperationTest: a device that answers requests as a test says them: ask(Message(CON, Code::get).path("/3/0/9")).
#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "simulator/lwm2m/dispatcher.h"
#include "tests/support/message.h"
#include "tests/support/test_device.h"

namespace lwm2m {

using coap::Code;
using support::CON;
using support::Message;

class OperationTest : public testing::Test {
protected:
    OperationTest() { workspace.payload.resize(8192); }

    Answer ask(const Message& message, std::string_view body = {}) {
        const auto view = message.view();
        const auto understood = understand(view, abilities, workspace.request);
        if (!understood) {
            Answer refused;
            refused.code = understood.error();
            return refused;
        }
        const base::Bytes payload = body.empty() ? workspace.request.payload : base::as_bytes(body);
        return dispatch(workspace.request, payload, tree, tree, abilities, workspace);
    }
    Code code(const Message& message) { return ask(message).code; }
    // The payload of the answer as text.
    std::string text(const Message& message) {
        const Answer answer = ask(message);
        EXPECT_EQ(answer.code, Code::content);
        return std::string(base::as_text(answer.payload));
    }
    std::string hex(const Message& message) {
        const Answer answer = ask(message);
        EXPECT_EQ(answer.code, Code::content);
        return base::to_hex(answer.payload);
    }

    static Message get(std::string_view path) { return Message(CON, Code::get).path(path); }
    static Message get(std::string_view path, unsigned accept) {
        return get(path).uint(coap::OptionNumber::accept, accept);
    }
    static Message put(std::string_view path, unsigned format, std::string_view payload) {
        return Message(CON, Code::put).path(path).format(format).payload(payload);
    }
    static Message put_hex(std::string_view path, unsigned format, std::string_view hex) {
        return Message(CON, Code::put).path(path).format(format).payload(base::from_hex(hex).value());
    }
    static Message post(std::string_view path) { return Message(CON, Code::post).path(path); }
    static Message post(std::string_view path, unsigned format, std::string_view payload) {
        return post(path).format(format).payload(payload);
    }

    static constexpr unsigned text_plain = 0;
    static constexpr unsigned link = 40;
    static constexpr unsigned opaque = 42;
    static constexpr unsigned cbor = 60;
    static constexpr unsigned senml_json = 110;
    static constexpr unsigned senml_cbor = 112;
    static constexpr unsigned etch_json = 320;
    static constexpr unsigned tlv = 11542;

    const std::vector<ContentFormat> formats{
        ContentFormat::tlv,        ContentFormat::text,       ContentFormat::opaque,     ContentFormat::cbor,
        ContentFormat::senml_json, ContentFormat::senml_cbor, ContentFormat::lwm2m_cbor, ContentFormat::json};
    Abilities abilities{.formats = formats};
    support::MemoryTree tree = support::make_test_device();
    Workspace workspace;
};

}  // namespace lwm2m
