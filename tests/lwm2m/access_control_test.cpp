// Access control: Core 1.1.1, 8. Servers 101 and 102 share a device.
#include "simulator/lwm2m/access_control.h"

#include "tests/lwm2m/operation_fixture.h"

namespace lwm2m {
namespace {

using support::test_device::resource;

class AccessControlTest : public OperationTest {
protected:
    AccessControlTest() {
        tree.define({.id = 2,
                     .name = "Access Control",
                     .multiple = true,
                     .resources = {
                         resource(0, "R", Type::integer, "mandatory"), resource(1, "R", Type::integer, "mandatory"),
                         resource(2, "RW", Type::integer, "multiple"), resource(3, "RW", Type::integer, "mandatory")}});
        tree.asking = 101;
    }
    // The next instance of object 2.
    Path controls(std::uint16_t object, std::uint16_t instance, std::uint16_t owner,
                  std::initializer_list<std::pair<std::uint16_t, int>> list = {}) {
        const Path at(2, next_++);
        tree.put(at.child(0), ValueView::of_integer(object));
        tree.put(at.child(1), ValueView::of_integer(instance));
        tree.put(at.child(3), ValueView::of_integer(owner));
        tree.put(at.child(2));
        for (const auto& [server, rights] : list) tree.put(at.child(2).child(server), ValueView::of_integer(rights));
        return at;
    }

    std::uint16_t next_ = 0;
};

TEST_F(AccessControlTest, AServerThatIsAloneMayDoEverything) {
    tree.asking.reset();
    EXPECT_EQ(code(get("/3303/0/5700")), Code::content);
    EXPECT_EQ(code(post("/3/0/4")), Code::changed);
}

// Core 1.1.1, 8.2.1
TEST_F(AccessControlTest, WhatNobodyGaveIsNotThere) { EXPECT_EQ(code(get("/3303/0/5700")), Code::unauthorized); }

TEST_F(AccessControlTest, TheOwnerHasAllRights) {
    controls(3, 0, 101);
    EXPECT_EQ(code(get("/3/0/0")), Code::content);
    EXPECT_EQ(code(put("/3/0/15", text_plain, "UTC")), Code::changed);
    EXPECT_EQ(code(post("/3/0/4")), Code::changed);
}

TEST_F(AccessControlTest, TheOwnersOwnEntryCountsForMoreThanItsOwnership) {
    controls(3, 0, 101, {{101, 1}});
    EXPECT_EQ(code(get("/3/0/0")), Code::content);
    EXPECT_EQ(code(post("/3/0/4")), Code::unauthorized);
}

TEST_F(AccessControlTest, EachRightStandsForItsOperations) {
    controls(3, 0, 102, {{101, 1}});
    EXPECT_EQ(code(get("/3/0/0")), Code::content);
    EXPECT_EQ(code(Message(CON, Code::put).path("/3/0/0").query("pmin=1")), Code::changed);
    EXPECT_EQ(code(put("/3/0/15", text_plain, "UTC")), Code::unauthorized);
    EXPECT_EQ(code(post("/3/0/4")), Code::unauthorized);
    controls(3303, 0, 102, {{101, 2}});
    EXPECT_EQ(code(get("/3303/0/5700")), Code::unauthorized);
    EXPECT_EQ(code(Message(CON, Code::put).path("/3303/0/5700").query("pmin=1")), Code::unauthorized);
    EXPECT_EQ(code(put("/3303/0/5750", text_plain, "x")), Code::changed);
    controls(3303, 2, 102, {{101, 8}});
    EXPECT_EQ(code(Message(CON, Code::delete_).path("/3303/0")), Code::unauthorized);
    EXPECT_EQ(code(Message(CON, Code::delete_).path("/3303/2")), Code::deleted);
}

TEST_F(AccessControlTest, WhomTheListDoesNotNameHasTheDefault) {
    controls(3, 0, 102, {{0, 4}, {103, 31}});
    EXPECT_EQ(code(post("/3/0/4")), Code::changed);
    EXPECT_EQ(code(get("/3/0/0")), Code::unauthorized);
    controls(3303, 0, 102, {{0, 31}, {101, 0}});
    EXPECT_EQ(code(get("/3303/0/5700")), Code::unauthorized);
}

// Core 1.1.1, 8.2.2: first the right, then what the resource supports.
TEST_F(AccessControlTest, TheRightComesBeforeWhatIsSupported) {
    controls(3, 0, 102, {{101, 1}});
    EXPECT_EQ(code(put("/3/0/0", text_plain, "x")), Code::unauthorized);
    EXPECT_EQ(code(post("/3/0/0")), Code::unauthorized);
    controls(3303, 0, 102, {{101, 6}});
    EXPECT_EQ(code(put("/3303/0/5701", text_plain, "x")), Code::method_not_allowed);
    EXPECT_EQ(code(post("/3303/0/5700")), Code::method_not_allowed);
    EXPECT_EQ(code(get("/3303/7/5700")), Code::not_found);
}

// Core 1.1.1, 8.2.4
TEST_F(AccessControlTest, OfAnObjectTheServerSeesWhatItMayRead) {
    controls(3303, 2, 102, {{101, 1}});
    const auto seen = text(get("/3303", senml_json));
    EXPECT_EQ(seen.find("0/5700"), std::string::npos) << seen;
    EXPECT_NE(seen.find("2/5700"), std::string::npos) << seen;
}

TEST_F(AccessControlTest, DiscoverNeedsNoRight) { EXPECT_EQ(code(get("/3303/0", link)), Code::content); }

TEST_F(AccessControlTest, ACompositeReadLeavesOutAndACompositeWriteIsRefused) {
    controls(3, 0, 102, {{101, 3}});
    const auto fetch = Message(CON, Code::fetch).format(senml_json).payload(R"([{"n":"/3/0/0"},{"n":"/3303/0/5700"}])");
    EXPECT_EQ(text(fetch), R"([{"bn":"/","n":"3/0/0","vs":"Maker"}])");
    const auto patch = Message(CON, Code::ipatch)
                           .format(senml_json)
                           .payload(R"([{"n":"/3/0/15","vs":"UTC"},{"n":"/3303/0/5750","vs":"x"}])");
    EXPECT_EQ(code(patch), Code::unauthorized);
    EXPECT_EQ(base::as_text(tree.read(Path(3, 0, 15)).bytes), "Europe/Berlin");
}

// Core 1.1.1, 8.1.2.1: whoever may create is in the entry of the object as a whole, by its own id.
TEST_F(AccessControlTest, CreateIsARightOfTheObject) {
    const auto create = post("/3311", senml_json, R"([{"n":"/3311/4/5850","vb":true}])");
    EXPECT_EQ(code(create), Code::unauthorized);
    controls(3311, 65535, 65535, {{0, 16}, {102, 16}});
    EXPECT_EQ(code(create), Code::unauthorized);
    tree.put({2, 0, 2, 101}, ValueView::of_integer(16));
    EXPECT_EQ(code(create), Code::created);
}

TEST_F(AccessControlTest, WhoCreatesAnInstanceOwnsIt) {
    controls(3311, 65535, 65535, {{101, 16}});
    ASSERT_EQ(code(post("/3311", senml_json, R"([{"n":"/3311/4/5850","vb":true}])")), Code::created);
    EXPECT_EQ(tree.read(Path(2, 1, 0)).integer, 3311);
    EXPECT_EQ(tree.read(Path(2, 1, 1)).integer, 4);
    EXPECT_EQ(tree.read(Path(2, 1, 3)).integer, 101);
    EXPECT_EQ(code(get("/3311/4/5850")), Code::content);
    tree.asking = 102;
    EXPECT_EQ(code(get("/3311/4/5850")), Code::unauthorized);
}

TEST_F(AccessControlTest, ADeletedInstanceTakesItsEntryWithIt) {
    controls(3303, 0, 101);
    ASSERT_EQ(code(Message(CON, Code::delete_).path("/3303/0")), Code::deleted);
    EXPECT_FALSE(tree.exists(Path(2, 0)));
}

// Core 1.1.1, 8.1.2.2
TEST_F(AccessControlTest, OnlyTheOwnerManagesAnEntry) {
    controls(3303, 0, 101);
    controls(3, 0, 102, {{101, 31}});
    EXPECT_EQ(code(put("/2/0", senml_json, R"([{"n":"/2/0/2/102","v":1},{"n":"/2/0/3","v":101}])")), Code::changed);
    tree.asking = 102;
    EXPECT_EQ(code(get("/3303/0/5700")), Code::content);
    EXPECT_EQ(code(put("/2/0/3", text_plain, "102")), Code::unauthorized);
    EXPECT_EQ(code(get("/2/0")), Code::unauthorized);
    EXPECT_EQ(code(get("/2/1")), Code::content);
    EXPECT_EQ(code(post("/2", senml_json, R"([{"n":"/2/5/3","v":102}])")), Code::unauthorized);
}

}  // namespace
}  // namespace lwm2m
