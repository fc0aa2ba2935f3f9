#include "simulator/lwm2m/request.h"

#include "tests/lwm2m/operation_fixture.h"

namespace lwm2m {
namespace {

using coap::OptionNumber;

// What a request means (Transport 1.1.1, 6.4.2), or the code for why it means nothing.
class RequestTest : public testing::Test {
protected:
    tl::expected<RequestKind, Code> kind(const Message& message) {
        bytes_ = {message.bytes().begin(), message.bytes().end()};
        const auto view = coap::parse(bytes_).value();
        const auto done = understand(view, abilities, request);
        if (!done) return tl::unexpected(done.error());
        return request.kind;
    }
    tl::expected<RequestKind, Code> refused(Code code) { return tl::unexpected(code); }

    static Message get(std::string_view path) { return Message(CON, Code::get).path(path); }
    static Message put(std::string_view path) { return Message(CON, Code::put).path(path); }
    static Message post(std::string_view path) { return Message(CON, Code::post).path(path); }

    Abilities abilities;
    Request request;

private:
    std::vector<std::uint8_t> bytes_;
};

TEST_F(RequestTest, GetReadsDiscoversAndObserves) {
    EXPECT_EQ(kind(get("/3/0/9")), RequestKind::read);
    EXPECT_EQ(request.path, Path(3, 0, 9));
    EXPECT_EQ(kind(get("/3/0").uint(OptionNumber::accept, 40)), RequestKind::discover);
    EXPECT_EQ(kind(get("/3/0").observe(0)), RequestKind::observe);
    EXPECT_EQ(kind(get("/3/0").observe(1)), RequestKind::cancel_observe);
    EXPECT_EQ(kind(get("/3/0").observe(2)), RequestKind::read);
}

TEST_F(RequestTest, PutWritesWithAPayloadAndSetsAttributesWithAQuery) {
    EXPECT_EQ(kind(put("/3/0/15").format(0).payload("x")), RequestKind::write_replace);
    EXPECT_EQ(kind(put("/3/0/15").format(0)), RequestKind::write_replace);
    EXPECT_EQ(kind(put("/3/0/15").block1(1, 1, 16)), RequestKind::write_replace);
    EXPECT_EQ(kind(put("/3/0/9").query("pmin=1")), RequestKind::write_attributes);
    EXPECT_EQ(kind(put("/3/0/9")), refused(Code::bad_request));
    EXPECT_EQ(kind(put("/3/0/9").query("pmin=1").format(0).payload("x")), refused(Code::bad_request));
}

TEST_F(RequestTest, PostDependsOnTheLevel) {
    EXPECT_EQ(kind(post("")), refused(Code::method_not_allowed));
    EXPECT_EQ(kind(post("/3303")), RequestKind::create);
    EXPECT_EQ(kind(post("/3303/0")), RequestKind::write_update);
    EXPECT_EQ(kind(post("/3303/0/5605")), RequestKind::execute);
}

TEST_F(RequestTest, FetchAndIpatchAreForTheRootAlone) {
    const auto fetch = [](std::string_view path) { return Message(CON, Code::fetch).path(path).format(112); };
    EXPECT_EQ(kind(fetch("")), RequestKind::read_composite);
    EXPECT_EQ(kind(fetch("").observe(0)), RequestKind::observe_composite);
    EXPECT_EQ(kind(fetch("").observe(1)), RequestKind::cancel_observe_composite);
    EXPECT_EQ(kind(fetch("/3/0/0")), refused(Code::method_not_allowed));
    EXPECT_EQ(kind(Message(CON, Code::ipatch)), RequestKind::write_composite);
    EXPECT_EQ(kind(Message(CON, Code::patch)), refused(Code::method_not_allowed));
    EXPECT_EQ(kind(Message(CON, Code::delete_).path("/3303/1")), RequestKind::delete_);
}

TEST_F(RequestTest, APathThatIsNoneOfLwm2mIsNotFound) {
    EXPECT_EQ(kind(get("/no-number")), refused(Code::not_found));
    EXPECT_EQ(kind(get("/.well-known/core")), refused(Code::not_found));
    EXPECT_EQ(kind(get("/3/0/x")), refused(Code::not_found));
}

TEST_F(RequestTest, IdsThatCannotBeAreBad) {
    EXPECT_EQ(kind(get("/65535")), refused(Code::bad_request));
    EXPECT_EQ(kind(get("/3/99999999999999999999")), refused(Code::bad_request));
    EXPECT_EQ(kind(get("/3/00")), refused(Code::bad_request));
    EXPECT_EQ(kind(get("/1/2/3/4/5")), refused(Code::bad_request));
    EXPECT_EQ(kind(get("/65534")), RequestKind::read);
}

// Transport 1.1.1, 6.4.1
TEST_F(RequestTest, TheAlternatePathStandsBeforeTheIds) {
    abilities.root_path = "lwm2m";
    EXPECT_EQ(kind(get("/lwm2m/3/0")), RequestKind::read);
    EXPECT_EQ(request.path, Path(3, 0));
    EXPECT_EQ(kind(Message(CON, Code::fetch).path("/lwm2m").format(112)), RequestKind::read_composite);
    EXPECT_EQ(kind(get("/3/0")), refused(Code::not_found));
    EXPECT_EQ(kind(get("")), refused(Code::not_found));
    abilities.root_path = "a/b";
    EXPECT_EQ(kind(get("/a/b/3")), RequestKind::read);
    EXPECT_EQ(kind(get("/a/3")), refused(Code::not_found));
}

// RFC 7252 5.4.1, 5.4.3, 5.4.5
TEST_F(RequestTest, ACriticalOptionThatIsNotKnownIsBad) {
    EXPECT_EQ(kind(get("/3").option(static_cast<OptionNumber>(65001), "x")), refused(Code::bad_option));
    EXPECT_EQ(kind(get("/3").option(OptionNumber::if_match, "x")), refused(Code::bad_option));
    EXPECT_EQ(kind(get("/3").uint(OptionNumber::accept, 0).uint(OptionNumber::accept, 40)), refused(Code::bad_option));
    EXPECT_EQ(kind(get("/3").option(OptionNumber::accept, "long")), refused(Code::bad_option));
    EXPECT_EQ(kind(get("/no-number").option(static_cast<OptionNumber>(65001), "x")), refused(Code::bad_option));
}

TEST_F(RequestTest, AnElectiveOptionThatIsNotKnownIsIgnored) {
    EXPECT_EQ(kind(get("/3").option(static_cast<OptionNumber>(65000), "x")), RequestKind::read);
    EXPECT_EQ(kind(get("/3").option(OptionNumber::uri_host, "device")), RequestKind::read);
    EXPECT_EQ(kind(get("/3").uint(OptionNumber::size2, 0)), RequestKind::read);
    EXPECT_EQ(kind(get("/3").option(OptionNumber::observe, "long")), RequestKind::read);
}

// RFC 7252 5.10.2
TEST_F(RequestTest, NoDeviceIsAProxy) {
    EXPECT_EQ(kind(get("/3").option(OptionNumber::proxy_uri, "coap://x/")), refused(Code::proxying_not_supported));
    EXPECT_EQ(kind(get("/3").option(OptionNumber::proxy_scheme, "coap")), refused(Code::proxying_not_supported));
}

TEST_F(RequestTest, NothingIsLeftOfTheRequestBefore) {
    EXPECT_TRUE(kind(put("/3/0/9").query("pmin=1").uint(OptionNumber::accept, 60)));
    EXPECT_TRUE(kind(get("/3")));
    EXPECT_TRUE(request.queries.empty());
    EXPECT_FALSE(request.accept);
    EXPECT_FALSE(request.content_format);
}

}  // namespace
}  // namespace lwm2m
