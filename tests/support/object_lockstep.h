// ObjectLockstep: a registered device that a test asks for values, writes to and executes, each in one line.
//
//   EXPECT_EQ(read("/3/0/13"), "1767225600");
//   EXPECT_EQ(execute("/3/0/4"), Code::changed);
#pragma once

#include "tests/support/asking_lockstep.h"

namespace support {

class ObjectLockstep : public AskingLockstep {
protected:
    // `objects` is the inside of the profile's `objects:`, with two blanks before each line; `versions` that of
    // `object_versions:`.
    explicit ObjectLockstep(const std::string& objects, const std::string& versions = "")
        : AskingLockstep(
              "profile: subject\ndescription: for the tests of objects\nendpoint: \"d\"\n"
              "lwm2m: {version: \"1.1\", lifetime: 30d, object_versions: {" +
              versions +
              "}}\nformats: [senml-json, tlv, text, opaque]\n"
              "objects:\n" +
              objects) {}
};

}  // namespace support
