// Object 0 of a device: what of it is its own, and who may see it.
#include "tests/support/asking_lockstep.h"

namespace {

using lwm2m::Path;

class ObjectSecurity : public support::AskingLockstep {
protected:
    ObjectSecurity()
        : AskingLockstep(
              "profile: subject\nendpoint: \"d\"\n"
              "security: {mode: psk, identity: \"sensor-{index}\", key: {derive: 0123456789abcdef0123}}\n") {}
    std::string text_at(const Path& path) {
        return with_tree(
            [&](const fleet::DeviceTree& tree) { return std::string(base::as_text(tree.read(path).bytes)); });
    }
};

TEST_F(ObjectSecurity, NamesTheServerAndTheIdentity) {
    EXPECT_EQ(text_at(Path(0, 0, 0)), "coaps://127.0.0.1:5683");
    EXPECT_EQ(text_at(Path(0, 0, 3)), "sensor-0");
    EXPECT_EQ(text_at(Path(0, 0, 5)), "");  // keys are in no tree
}

TEST_F(ObjectSecurity, NoServerSeesIt) {
    EXPECT_EQ(read("/0/0/3"), "4.01");
    EXPECT_EQ(read("/0"), "4.01");
    EXPECT_EQ(write("/0/0/5", "key"), Code::unauthorized);
    EXPECT_EQ(answer(ask(Code::get, "/0").uint(coap::OptionNumber::accept, 40)), "4.01");
}

}  // namespace
