// Objects 3441 and 3442, the LwM2M test objects.
#include "tests/support/object_lockstep.h"

namespace {

using coap::Code;

class ObjectTest : public support::ObjectLockstep {
protected:
    ObjectTest()
        : ObjectLockstep(
              "  \"3442/0\": {\"0\": , \"1\": , \"2\": , \"3\": , \"5\": , \"110\": initial, \"120\": 1024, \"1110\": "
              "{0: a, 7: b}}\n") {}
};

TEST_F(ObjectTest, ListsItsArguments) {
    EXPECT_EQ(execute("/3442/0/3", "0='one',4,7='seven'"), Code::changed);
    EXPECT_EQ(read("/3442/0/4/0"), "one");
    EXPECT_EQ(read("/3442/0/4/4"), "");
    EXPECT_EQ(read("/3442/0/4/7"), "seven");
    EXPECT_EQ(execute("/3442/0/3"), Code::changed);
    EXPECT_EQ(read("/3442/0/4/0"), "4.04");
}

TEST_F(ObjectTest, ClearsItsValues) {
    EXPECT_EQ(execute("/3442/0/2"), Code::changed);
    EXPECT_EQ(read("/3442/0/110"), "");
    EXPECT_EQ(read("/3442/0/120"), "0");
    EXPECT_EQ(read("/3442/0/1110/7"), "4.04");
}

TEST_F(ObjectTest, DrawsItsValuesAndResetsThem) {
    EXPECT_EQ(observe("/3442/0/120"), "1024");
    EXPECT_EQ(execute("/3442/0/1"), Code::changed);
    after(std::chrono::milliseconds(1));
    EXPECT_EQ(notified(), read("/3442/0/120"));
    EXPECT_NE(read("/3442/0/110"), "initial");
    EXPECT_EQ(execute("/3442/0/0"), Code::changed);
    EXPECT_EQ(read("/3442/0/110"), "initial");
    EXPECT_EQ(read("/3442/0/1110/7"), "b");
}

TEST_F(ObjectTest, SendsNothingByItself) { EXPECT_EQ(execute("/3442/0/5"), Code::not_implemented); }

}  // namespace
