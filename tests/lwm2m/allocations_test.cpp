// What is on the path of every notification takes no memory once it has run (house rule of the packet path): every
// allocation of this program is counted.
#include <cstdlib>
#include <new>

#include "tests/lwm2m/operation_fixture.h"

namespace {

std::size_t allocations = 0;

void* try_to_allocate(std::size_t size) noexcept {
    ++allocations;
    return std::malloc(size == 0 ? 1 : size);
}

void* allocate(std::size_t size) {
    void* const memory = try_to_allocate(size);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return try_to_allocate(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return try_to_allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace lwm2m {
namespace {

class Allocations : public OperationTest {
protected:
    template <class F>
    std::size_t of_second(F&& run) {
        run();
        const std::size_t before = allocations;
        run();
        return allocations - before;
    }
};

TEST_F(Allocations, AReadTakesNone) {
    for (const auto format : {ContentFormat::tlv, ContentFormat::senml_cbor, ContentFormat::senml_json,
                              ContentFormat::json, ContentFormat::lwm2m_cbor}) {
        for (const Path& path : {Path(3303), Path(3442, 0), Path(3, 0, 7), Path(3303, 0, 5700)}) {
            const auto run = [&] { EXPECT_EQ(read(path, format, tree, workspace).code, Code::content); };
            EXPECT_EQ(of_second(run), 0u) << name(format) << ' ' << to_string(path);
        }
    }
    EXPECT_EQ(of_second([&] { read({3303, 0, 5700}, ContentFormat::text, tree, workspace); }), 0u);
    EXPECT_EQ(of_second([&] { read({3303, 0, 5700}, ContentFormat::cbor, tree, workspace); }), 0u);
}

TEST_F(Allocations, ACompositeNotificationTakesNone) {
    const std::vector<Path> paths{{3, 0, 9}, {3303, 2}, {3442, 0, 1110}};
    EXPECT_EQ(of_second([&] { read_composite(paths, ContentFormat::senml_cbor, tree, workspace); }), 0u);
}

TEST_F(Allocations, ARequestTakesNone) {
    const auto message = get("/3303/0/5700", senml_cbor).observe(0);
    const auto view = message.view();
    const auto run = [&] {
        EXPECT_TRUE(understand(view, abilities, workspace.request));
        const Answer answer = dispatch(workspace.request, {}, tree, tree, abilities, workspace);
        EXPECT_EQ(answer.code, Code::content);
    };
    EXPECT_EQ(of_second(run), 0u);
}

TEST_F(Allocations, ADiscoverTakesNone) {
    const auto message = get("/3/0", link);
    const auto view = message.view();
    const auto run = [&] {
        EXPECT_TRUE(understand(view, abilities, workspace.request));
        EXPECT_EQ(dispatch(workspace.request, {}, tree, tree, abilities, workspace).code, Code::content);
    };
    EXPECT_EQ(of_second(run), 0u);
}

}  // namespace
}  // namespace lwm2m
