#include "simulator/lwm2m/attributes.h"

#include "tests/lwm2m/operation_fixture.h"

namespace lwm2m {
namespace {

// Write-Attributes and Discover (Core 1.1.1, 6.3.4 and 6.3.2; 1.2, 7.3).
class WriteAttributes : public OperationTest {
protected:
    Code attribute(std::string_view path, std::initializer_list<std::string_view> queries) {
        auto message = Message(CON, Code::put).path(path);
        for (const auto query : queries) message.query(query);
        return code(message);
    }
    const Attributes& at(const Path& path) {
        static const Attributes none;
        const Attributes* const found = tree.find(path);
        return found == nullptr ? none : *found;
    }
};

using Discover = WriteAttributes;

TEST_F(WriteAttributes, SetsWhatTheQueriesSay) {
    EXPECT_EQ(attribute("/3/0/9", {"pmin=10", "pmax=60", "gt=80.5", "lt=-20", "st=1"}), Code::changed);
    EXPECT_EQ(at({3, 0, 9}), (Attributes{.pmin = 10, .pmax = 60, .gt = 80.5, .lt = -20, .st = 1}));
    EXPECT_EQ(attribute("/3", {"epmin=1", "epmax=5"}), Code::changed);
    EXPECT_EQ(at(Path(3)), (Attributes{.epmin = 1, .epmax = 5}));
    EXPECT_EQ(attribute("/3/0/7/1", {"gt=5000"}), Code::changed);
    EXPECT_EQ(at({3, 0, 7, 1}), (Attributes{.gt = 5000}));
}

TEST_F(WriteAttributes, ANameWithoutValueTakesItAway) {
    EXPECT_EQ(attribute("/3/0/9", {"pmin=10", "gt=80"}), Code::changed);
    EXPECT_EQ(attribute("/3/0/9", {"pmin", "pmax=5"}), Code::changed);
    EXPECT_EQ(at({3, 0, 9}), (Attributes{.pmax = 5, .gt = 80}));
    EXPECT_EQ(attribute("/3/0/9", {"pmax", "gt", "st"}), Code::changed);
    EXPECT_TRUE(at({3, 0, 9}).empty());
}

// Core 1.1.1, 5.1.2: lt < gt, lt + 2 st < gt; a pmax below pmin does not count, and is no error.
TEST_F(WriteAttributes, WhatContradictsItselfIsBad) {
    EXPECT_EQ(attribute("/3/0/9", {"lt=30", "gt=10"}), Code::bad_request);
    EXPECT_EQ(attribute("/3/0/9", {"lt=10", "gt=10"}), Code::bad_request);
    EXPECT_EQ(attribute("/3/0/9", {"lt=10", "gt=20", "st=5"}), Code::bad_request);
    EXPECT_EQ(attribute("/3/0/9", {"st=-1"}), Code::bad_request);
    EXPECT_TRUE(at({3, 0, 9}).empty());
    EXPECT_EQ(attribute("/3/0/9", {"lt=10", "gt=20", "st=4"}), Code::changed);
    EXPECT_EQ(attribute("/3/0/9", {"st=5"}), Code::bad_request);  // against what is set already
    EXPECT_EQ(attribute("/3/0/9", {"pmin=60", "pmax=10"}), Code::changed);
}

TEST_F(WriteAttributes, WhatIsNoAttributeIsBad) {
    for (const char* query : {"", "=", "color=3", "pmin=", "pmin=soon", "pmin=-1", "pmin=1.5", "pmin=4294967296",
                              "gt=", "gt=nan", "dim=3", "ver=1.1"}) {
        EXPECT_EQ(attribute("/3/0/9", {query}), Code::bad_request) << query;
    }
    EXPECT_EQ(attribute("/3/0/9", {"gt=8E+1"}), Code::changed);  // as Leshan writes 80
}

TEST_F(WriteAttributes, ThresholdsAreForNumbersAndEdgesForTruths) {
    abilities.version = {1, 2};
    EXPECT_EQ(attribute("/3/0", {"gt=1"}), Code::bad_request);
    EXPECT_EQ(attribute("/3/0/0", {"st=1"}), Code::bad_request);
    EXPECT_EQ(attribute("/3/0/9", {"edge=1"}), Code::bad_request);
    EXPECT_EQ(attribute("/3442/0/140", {"edge=2"}), Code::bad_request);
    EXPECT_EQ(attribute("/3442/0/140", {"edge=0", "con=1", "hqmax=10"}), Code::changed);
    EXPECT_EQ(at({3442, 0, 140}), (Attributes{.edge = false, .con = true, .hqmax = 10}));
}

TEST_F(WriteAttributes, AttributesOfLaterVersionsAreNotKnown) {
    EXPECT_EQ(attribute("/3442/0/140", {"edge=0"}), Code::bad_request);
    EXPECT_EQ(attribute("/3/0/9", {"con=1"}), Code::bad_request);
    EXPECT_EQ(attribute("/3/0/9", {"hqmax=1"}), Code::bad_request);
    abilities.version = {1, 0};
    EXPECT_EQ(attribute("/3/0/9", {"epmin=1"}), Code::bad_request);
    EXPECT_EQ(attribute("/3/0/9", {"pmin=1"}), Code::changed);
}

TEST_F(WriteAttributes, WhereTheyCannotBe) {
    EXPECT_EQ(attribute("", {"pmin=1"}), Code::method_not_allowed);
    EXPECT_EQ(attribute("/3304", {"pmin=1"}), Code::not_found);
    EXPECT_EQ(attribute("/3303/9", {"pmin=1"}), Code::not_found);
    EXPECT_EQ(attribute("/3303/0/9999", {"pmin=1"}), Code::not_found);
    EXPECT_EQ(attribute("/0", {"pmin=1"}), Code::unauthorized);
    tree.attribute_room = false;
    EXPECT_EQ(attribute("/3/0", {"pmin=1"}), Code::internal_server_error);
}

// ---- Discover

TEST_F(Discover, AnObjectShowsItsInstancesAndTheirResources) {
    attribute("/1", {"pmin=5"});
    attribute("/1/0", {"pmax=60"});
    attribute("/1/0/1", {"st=2"});
    // Only the object's own attributes.
    EXPECT_EQ(text(get("/1", link)), "</1>;ver=1.1;pmin=5,</1/0>,</1/0/0>,</1/0/1>,</1/0/6>,</1/0/7>,</1/0/8>");
    EXPECT_EQ(text(get("/3311", link)), "</3311>");
}

// As the example of Core 1.1.1, 6.3.2.
TEST_F(Discover, AnInstanceShowsItsAttributesAndThoseOfItsResources) {
    attribute("/3/0", {"pmin=10", "pmax=60"});
    attribute("/3/0/7", {"lt=42.2", "gt=50"});
    EXPECT_EQ(text(get("/3/0", link)),
              "</3/0>;pmin=10;pmax=60,</3/0/0>,</3/0/4>,</3/0/7>;dim=2;gt=50;lt=42.2,</3/0/9>,</3/0/11>;dim=0,"
              "</3/0/13>,</3/0/15>");
}

TEST_F(Discover, AResourceShowsWhatItInheritsToo) {
    attribute("/3", {"pmin=5", "epmin=2"});
    attribute("/3/0", {"pmin=10", "pmax=60"});
    attribute("/3/0/7", {"gt=50", "lt=42.2"});
    attribute("/3/0/7/1", {"pmin=1"});
    EXPECT_EQ(text(get("/3/0/7", link)),
              "</3/0/7>;dim=2;pmin=10;pmax=60;gt=50;lt=42.2;epmin=2,</3/0/7/0>,</3/0/7/1>;pmin=1");
    abilities.version = {1, 0};  // which knows no paths of resource instances
    EXPECT_EQ(text(get("/3/0/7", link)), "</3/0/7>;dim=2;pmin=10;pmax=60;gt=50;lt=42.2;epmin=2");
    EXPECT_EQ(text(get("/3/0/9", link)), "</3/0/9>;pmin=10;pmax=60;epmin=2");
}

// Core 1.2, 6.3.2
TEST_F(Discover, GoesAsDeepAsItIsAsked) {
    EXPECT_EQ(text(get("/3303", link).query("depth=0")), "</3303>");
    EXPECT_EQ(text(get("/3303", link).query("depth=1")), "</3303>,</3303/0>,</3303/2>");
    EXPECT_EQ(text(get("/3303/0", link).query("depth=0")), "</3303/0>");
    EXPECT_EQ(text(get("/3/0/7", link).query("depth=0")), "</3/0/7>;dim=2");
    EXPECT_NE(text(get("/3", link).query("depth=3")).find("</3/0/7/1>"), std::string::npos);
    for (const char* query : {"depth", "depth=", "depth=4", "depth=x", "depth=10", "width=1"}) {
        EXPECT_EQ(code(get("/3", link).query(query)), Code::bad_request) << query;
    }
}

TEST_F(Discover, NewAttributesAreShownToo) {
    abilities.version = {1, 2};
    attribute("/3442/0/140", {"edge=1", "con=0", "hqmax=7", "epmax=9"});
    EXPECT_EQ(text(get("/3442/0/140", link)), "</3442/0/140>;epmax=9;edge=1;con=0;hqmax=7");
}

// Transport 1.1.1, 6.4.1
TEST_F(Discover, TheAlternatePathStandsInTheLinks) {
    abilities.root_path = "lwm2m";
    EXPECT_EQ(text(get("/lwm2m/3303", link).query("depth=1")), "</lwm2m/3303>,</lwm2m/3303/0>,</lwm2m/3303/2>");
}

TEST_F(Discover, NeedsNoRightToRead) { EXPECT_EQ(text(get("/3303/0/5605", link)), "</3303/0/5605>"); }

TEST_F(Discover, WhereThereIsNothing) {
    EXPECT_EQ(code(get("/3304", link)), Code::not_found);
    EXPECT_EQ(code(get("/3303/9", link)), Code::not_found);
    EXPECT_EQ(code(get("/3303/0/9999", link)), Code::not_found);
    EXPECT_EQ(code(get("", link)), Code::method_not_allowed);
    EXPECT_EQ(code(get("/3/0/7/0", link)), Code::method_not_allowed);
    EXPECT_EQ(code(get("/0", link)), Code::unauthorized);
    workspace.payload.resize(8);
    EXPECT_EQ(code(get("/3", link)), Code::internal_server_error);
}

}  // namespace
}  // namespace lwm2m
