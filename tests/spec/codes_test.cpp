// Transport 1.1.1, 6.7: which codes an operation may be answered with. Rule 2 of README.md.
#include <rapidcheck.h>

#include <algorithm>
#include <array>

#include "tests/lwm2m/operation_fixture.h"

namespace lwm2m {
namespace {

// What any request may be answered with; the rest goes with the operation.
bool is_allowed(Code code) {
    constexpr std::array always{Code::bad_request, Code::unauthorized,       Code::bad_option,
                                Code::not_found,   Code::method_not_allowed, Code::internal_server_error};
    return std::find(always.begin(), always.end(), code) != always.end();
}

bool is_allowed(Code code, RequestKind kind) {
    if (is_allowed(code)) return true;
    switch (kind) {
        case RequestKind::read:
        case RequestKind::observe:
        case RequestKind::cancel_observe:
        case RequestKind::discover: return code == Code::content || code == Code::not_acceptable;
        case RequestKind::write_replace:
        case RequestKind::write_update:
            return code == Code::changed || code == Code::unsupported_content_format ||
                   code == Code::request_entity_too_large;
        case RequestKind::write_attributes: return code == Code::changed;
        case RequestKind::execute: return code == Code::changed || code == Code::unsupported_content_format;
        case RequestKind::create: return code == Code::created || code == Code::unsupported_content_format;
        case RequestKind::delete_: return code == Code::deleted;
        case RequestKind::read_composite:
        case RequestKind::observe_composite:
        case RequestKind::cancel_observe_composite:
            return code == Code::content || code == Code::not_acceptable || code == Code::unsupported_content_format;
        case RequestKind::write_composite: return code == Code::changed || code == Code::unsupported_content_format;
    }
    return false;
}

class Codes : public OperationTest {
protected:
    static std::string one_of(std::vector<std::string> values) { return *rc::gen::elementOf(std::move(values)); }
    static unsigned number_of(std::vector<unsigned> values) { return *rc::gen::elementOf(std::move(values)); }
    static bool maybe() { return *rc::gen::arbitrary<bool>(); }

    static Message any_request() {
        const auto method = *rc::gen::elementOf(
            std::vector{Code::get, Code::put, Code::post, Code::delete_, Code::fetch, Code::ipatch});
        Message message(CON, method);
        message.path(one_of({"", "/0", "/1/0", "/3", "/3/0", "/3/0/0", "/3/0/4", "/3/0/15", "/3303/0/5605", "/3442",
                             "/3442/0", "/3442/0/110", "/3442/0/120", "/3442/0/1110", "/3442/0/1110/0", "/3442/9",
                             "/65535", "/9/9/9/9/9", "/well-known"}));
        if (maybe()) message.observe(number_of({0, 1}));
        if (maybe()) message.format(number_of({0, 40, 42, 60, 110, 112, 320, 11542, 65000}));
        if (maybe()) message.query(one_of({"pmin=1", "gt=1", "lt=5", "depth=1", "x", "pmin=", "edge=1"}));
        if (maybe()) message.uint(coap::OptionNumber::accept, number_of({0, 40, 42, 60, 110, 112, 11542, 65000}));
        if (maybe()) {
            message.payload(one_of({"1", "x", "0='a',1", R"([{"n":"/3442/0/110","vs":"x"}])", R"([{"n":"/3/0"}])",
                                    R"([{"bn":"/3442/7/","n":"120","v":1}])", "\xc8\x6e\x01x", "\x81\xa1"}));
        }
        return message;
    }
};

TEST_F(Codes, EveryAnswerIsOneOfTheTable) {
    EXPECT_TRUE(rc::check("the code goes with the operation", [this] {
        const Message message = any_request();
        const Code code = ask(message).code;
        const auto understood = understand(message.view(), abilities, workspace.request);
        if (understood) {
            RC_ASSERT(is_allowed(code, workspace.request.kind));
        } else {
            RC_ASSERT(is_allowed(code) || code == Code::proxying_not_supported);
        }
    }));
}

}  // namespace
}  // namespace lwm2m
