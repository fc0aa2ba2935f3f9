#include "profiles/population.h"

#include <array>
#include <set>

#include <gtest/gtest.h>

namespace profiles {
namespace {

ResolvedProfilePtr profile(std::string name, std::string endpoint) {
    ResolvedProfile made;
    made.name = std::move(name);
    made.endpoint = std::move(endpoint);
    return std::make_shared<const ResolvedProfile>(std::move(made));
}

std::string named(const std::string& endpoint, EndpointVariables variables) {
    return endpoint_name(*profile("water-meter", endpoint), variables);
}

bool luhn_holds(std::string_view digits) {
    unsigned sum = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        auto digit = static_cast<unsigned>(digits[digits.size() - 1 - i] - '0');
        if (i % 2 == 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
        sum += digit;
    }
    return sum % 10 == 0;
}

TEST(EndpointName, PutsTheDeviceIntoTheTemplate) {
    EXPECT_EQ(named("{profile}-{index}", {.index = 17, .seed = 42}), "water-meter-17");
    EXPECT_EQ(named("m{index:08}", {.index = 17, .seed = 42}), "m00000017");
    EXPECT_EQ(named("m{index:02}", {.index = 12345}), "m12345");
    EXPECT_EQ(named("{shard}/{seed}/{index}", {.index = 1, .seed = 42, .shard = 3}), "3/42/1");
}

TEST(EndpointName, HasImeisThatHoldTheirCheckDigitAndDiffer) {
    std::set<std::string> seen;
    for (std::uint64_t index = 0; index < 20000; ++index) {
        const std::string imei = named("{imei}", {.index = index * 53, .seed = 42});
        ASSERT_EQ(imei.size(), 15u);
        ASSERT_TRUE(luhn_holds(imei)) << imei;
        ASSERT_TRUE(seen.insert(imei).second) << imei;
    }
    EXPECT_TRUE(luhn_holds("490154203237518"));  // the example of 3GPP TS 23.003, annex B
    EXPECT_NE(named("{imei}", {.index = 1, .seed = 1}), named("{imei}", {.index = 1, .seed = 2}));
}

TEST(EndpointName, HasUuidsOfVersion4) {
    const std::string uuid = named("{uuid}", {.index = 17, .seed = 42});
    ASSERT_EQ(uuid.size(), 36u);
    EXPECT_EQ(uuid[14], '4');
    EXPECT_NE(std::string_view("89ab").find(uuid[19]), std::string_view::npos);
    EXPECT_EQ(uuid, named("{uuid}", {.index = 17, .seed = 42}));
    EXPECT_NE(uuid, named("{uuid}", {.index = 18, .seed = 42}));
    EXPECT_NE(uuid, named("{uuid}", {.index = 17, .seed = 43}));
}

TEST(EndpointName, NeverWritesPastItsBuffer) {
    const auto meter = profile("m", "{profile}{index:08}");
    std::array<std::uint8_t, 9> room{};
    for (std::size_t size = 0; size < room.size(); ++size) {
        EXPECT_EQ(endpoint_name(*meter, {.index = 1}, base::MutableBytes(room).first(size)), 0u);
    }
    EXPECT_EQ(endpoint_name(*meter, {.index = 1}, room), 9u);
}

TEST(EndpointName, RefusesBadTemplates) {
    EXPECT_FALSE(check_endpoint("urn:imei:{imei}", "x"));
    EXPECT_FALSE(check_endpoint("plain", "x"));
    for (const std::string endpoint :
         {"", "{", "{index", "{indx}", "{index:8}", "{index:0x}", "{index:}", "{index:099}", "{}", "a\nb"}) {
        EXPECT_TRUE(check_endpoint(endpoint, "x")) << endpoint;
    }
    EXPECT_TRUE(check_endpoint(std::string(120, 'x') + "{index}", "x"));
    EXPECT_FALSE(check_endpoint(std::string(108, 'x') + "{index}", "x"));
}

TEST(EndpointName, KnowsWhatMakesDevicesDiffer) {
    EXPECT_TRUE(is_individual("a{index:08}"));
    EXPECT_TRUE(is_individual("{uuid}"));
    EXPECT_FALSE(is_individual("a{seed}{shard}{profile}"));
}

Population population(std::vector<double> shares, std::uint64_t devices, std::uint64_t seed = 42) {
    std::vector<Population::Part> parts;
    for (const double share : shares)
        parts.push_back({profile("p" + std::to_string(parts.size()),
                                 std::string(1, static_cast<char>('a' + parts.size())) + "{index}"),
                         share});
    return *Population::make(parts, devices, seed);
}

std::vector<std::uint64_t> counted(const Population& fleet) {
    std::vector<std::uint64_t> counts(fleet.parts());
    for (std::uint64_t device = 0; device < fleet.size(); ++device) ++counts[fleet.part_of(device)];
    return counts;
}

TEST(Population, HasExactShares) {
    EXPECT_EQ(counted(population({0.85, 0.15}, 100'000)), (std::vector<std::uint64_t>{85'000, 15'000}));
    EXPECT_EQ(counted(population({1, 1, 1}, 100)), (std::vector<std::uint64_t>{34, 33, 33}));
    EXPECT_EQ(counted(population({0.1, 0.2, 0.3, 0.4}, 1000)), (std::vector<std::uint64_t>{100, 200, 300, 400}));
    EXPECT_EQ(counted(population({1}, 7)), (std::vector<std::uint64_t>{7}));
    EXPECT_EQ(counted(population({0.999, 0.001}, 10)), (std::vector<std::uint64_t>{10, 0}));
}

TEST(Population, CountsAsManyAsItSays) {
    for (const std::uint64_t devices :
         {1ULL, 2ULL, 3ULL, 5ULL, 17ULL, 1023ULL, 1024ULL, 1025ULL, 1027ULL, 4099ULL, 30011ULL}) {
        const Population fleet = population({0.5, 0.3, 0.17, 0.03}, devices);
        const auto counts = counted(fleet);
        std::uint64_t sum = 0;
        for (std::size_t part = 0; part < fleet.parts(); ++part) {
            EXPECT_EQ(counts[part], fleet.count(part)) << devices;
            sum += counts[part];
        }
        EXPECT_EQ(sum, devices);
    }
}

TEST(Population, HasItsMixInEverySliceAndStride) {
    const Population fleet = population({0.5, 0.5}, 100'000);
    for (std::uint64_t start : {0ULL, 5000ULL, 90'000ULL}) {
        int first = 0;
        for (std::uint64_t i = 0; i < 10'000; ++i) first += fleet.part_of(start + i) == 0 ? 1 : 0;
        EXPECT_NEAR(first, 5000, 30);
    }
    for (const std::uint64_t stride : {2ULL, 3ULL, 4ULL, 8ULL, 16ULL}) {
        double first = 0;
        double all = 0;
        for (std::uint64_t device = 1; device < fleet.size(); device += stride) {
            first += fleet.part_of(device) == 0 ? 1 : 0;
            ++all;
        }
        EXPECT_NEAR(first / all, 0.5, 0.03) << stride;
    }
}

TEST(Population, IsTheSameForTheSameSeed) {
    const Population one = population({0.7, 0.3}, 5000, 1);
    const Population again = population({0.7, 0.3}, 5000, 1);
    const Population other = population({0.7, 0.3}, 5000, 2);
    int different = 0;
    for (std::uint64_t device = 0; device < 5000; ++device) {
        EXPECT_EQ(one.part_of(device), again.part_of(device));
        different += one.part_of(device) != other.part_of(device) ? 1 : 0;
    }
    EXPECT_GT(different, 1000);
}

TEST(Population, RefusesNamesThatWouldMeet) {
    const auto make = [](std::string a, std::string b, std::uint64_t devices) {
        return Population::make({{profile("one", std::move(a)), 0.5}, {profile("two", std::move(b)), 0.5}}, devices,
                                42);
    };
    EXPECT_FALSE(make("same", "b{index}", 10));
    EXPECT_TRUE(make("same", "b{index}", 2));
    EXPECT_FALSE(make("same", "same", 2));
    EXPECT_TRUE(make("d{index}", "d{index}", 1000));    // one index, one device
    EXPECT_FALSE(make("d{index}", "d1{index}", 1000));  // d11: device 11 of the one, or device 1 of the other
    EXPECT_TRUE(make("d{index}", "d-{index}", 1000));
    EXPECT_NE(make("same", "b{index}", 10).error().find("'same'"), std::string::npos);
    EXPECT_FALSE(Population::make({}, 1, 42));
    EXPECT_FALSE(Population::make({{profile("x", "{index}"), 0}}, 1, 42));
    EXPECT_FALSE(Population::make({{profile("x", "{index}"), 1}}, 5'000'000'000ULL, 42));
}

}  // namespace
}  // namespace profiles
