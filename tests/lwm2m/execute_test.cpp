#include "simulator/lwm2m/execute.h"

#include "tests/lwm2m/operation_fixture.h"

namespace lwm2m {
namespace {

class Execute : public OperationTest {};

TEST_F(Execute, DoesWhatTheResourceStandsFor) {
    EXPECT_EQ(code(post("/3/0/4")), Code::changed);
    EXPECT_EQ(code(post("/3442/0/0", text_plain, "0='first',3,7='last'")), Code::changed);
    ASSERT_EQ(tree.executed.size(), 2u);
    EXPECT_EQ(tree.executed[0], std::pair(Path(3, 0, 4), std::string()));
    EXPECT_EQ(tree.executed[1], std::pair(Path(3442, 0, 0), std::string("0='first',3,7='last'")));
}

TEST_F(Execute, WhatIsNotThereIsNotFound) {
    EXPECT_EQ(code(post("/3304/0/0")), Code::not_found);
    EXPECT_EQ(code(post("/3303/9/5605")), Code::not_found);
    EXPECT_EQ(code(post("/3303/0/9999")), Code::not_found);
}

TEST_F(Execute, WhatCannotBeExecutedIsNotAllowed) {
    EXPECT_EQ(code(post("/3/0/0")), Code::method_not_allowed);
    EXPECT_EQ(code(post("/3/0/15", text_plain, "x")), Code::method_not_allowed);
    EXPECT_EQ(code(post("/3/0/7/0")), Code::method_not_allowed);
    EXPECT_EQ(code(post("/0/0/0")), Code::unauthorized);
    EXPECT_TRUE(tree.executed.empty());
}

TEST_F(Execute, BadArgumentsAreRefused) {
    EXPECT_EQ(code(post("/3442/0/0", text_plain, "x='no digit'")), Code::bad_request);
    EXPECT_EQ(code(post("/3442/0/0", senml_cbor, "0")), Code::unsupported_content_format);
    EXPECT_EQ(code(post("/3442/0/0").payload("5")), Code::changed);  // the format may be left out
    EXPECT_EQ(tree.executed.size(), 1u);
}

// Core 1.1.1, 6.3.5: arglist = arg *( "," arg ), arg = DIGIT / DIGIT "=" "'" *CHAR "'"
TEST(ExecuteArguments, FollowTheGrammar) {
    for (const char* good : {"", "5", "2='10.3'", "7,0='https://www.oma.org'", "0,1,2,3,4,5,6,7,8,9", "1=''"}) {
        EXPECT_TRUE(are_arguments(good)) << good;
    }
    for (const char* bad : {"a", "12", "1,", ",1", "1=2", "1='", "1='a", "1='a'b", "1,1", "1='a b'", "1='\"'",
                            "1='a\\'", "1=\"a\"", " 1", "-1"}) {
        EXPECT_FALSE(are_arguments(bad)) << bad;
    }
}

}  // namespace
}  // namespace lwm2m
