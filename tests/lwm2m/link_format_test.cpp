#include "simulator/lwm2m/link_format.h"

#include <gtest/gtest.h>

namespace lwm2m {
namespace {

std::string refusal(std::string_view text, std::size_t limit = max_links) {
    const auto links = parse_links(text, limit);
    if (links) return "accepted";
    return "error at " + std::to_string(links.error().offset) + ": " + links.error().what;
}

TEST(LinkFormat, ReadsTargetsAndAttributes) {
    const auto links = parse_links(R"(</>;rt="oma.lwm2m";ct="60 110",</1>;ver=1.1,</1/0>,</3303/0/5700>;pmin=10;obs)");
    ASSERT_TRUE(links);
    ASSERT_EQ(links->size(), 4u);
    EXPECT_EQ((*links)[0].target, "/");
    EXPECT_EQ((*links)[0].attributes,
              (std::vector<LinkAttribute>{{"rt", "oma.lwm2m", true, true}, {"ct", "60 110", true, true}}));
    EXPECT_EQ((*links)[1].find("ver")->value, "1.1");
    EXPECT_TRUE((*links)[2].attributes.empty());
    EXPECT_EQ((*links)[3].attributes,
              (std::vector<LinkAttribute>{{"pmin", "10", true, false}, {"obs", "", false, false}}));
    EXPECT_EQ((*links)[3].find("pmax"), nullptr);
}

TEST(LinkFormat, SeparatorsWithinQuotesAndTargetsAreText) {
    const auto links = parse_links(R"(</a,b;c>;title="x,\";y",<http://[::1]/3>;rel=describedby)");
    ASSERT_TRUE(links);
    ASSERT_EQ(links->size(), 2u);
    EXPECT_EQ((*links)[0].target, "/a,b;c");
    EXPECT_EQ((*links)[0].find("title")->value, R"(x,\";y)");
    EXPECT_EQ((*links)[1].target, "http://[::1]/3");
}

TEST(LinkFormat, AnEmptyTextIsAnEmptyList) { EXPECT_TRUE(parse_links("").value().empty()); }

TEST(LinkFormat, RefusesWhatBreaksTheGrammar) {
    EXPECT_EQ(refusal("/3"), "error at 0: a link starts with '<'");
    EXPECT_EQ(refusal(" </3>"), "error at 0: a link starts with '<'");
    EXPECT_EQ(refusal("</3>,"), "error at 5: a link starts with '<'");
    EXPECT_EQ(refusal("</3>, </4>"), "error at 5: a link starts with '<'");
    EXPECT_EQ(refusal("</3>,,</4>"), "error at 5: a link starts with '<'");
    EXPECT_EQ(refusal(",</3>"), "error at 0: a link starts with '<'");
    EXPECT_EQ(refusal("</3"), "error at 3: a link's target ends with '>'");
    EXPECT_EQ(refusal("</3 >"), "error at 3: a link's target ends with '>'");
    EXPECT_EQ(refusal("<>"), "error at 1: a link has a target");
    EXPECT_EQ(refusal("</3></4>"), "error at 4: expected ';' or ','");
    EXPECT_EQ(refusal("</3>;"), "error at 5: an attribute has a name");
    EXPECT_EQ(refusal("</3>;;a"), "error at 5: an attribute has a name");
    EXPECT_EQ(refusal("</3>;=1"), "error at 5: an attribute has a name");
    EXPECT_EQ(refusal("</3>;ver="), "error at 9: an attribute's value is missing");
    EXPECT_EQ(refusal("</3>;ver=,</4>"), "error at 9: an attribute's value is missing");
    EXPECT_EQ(refusal(R"(</3>;ver="1.1)"), "error at 9: a quoted value has no end");
    EXPECT_EQ(refusal(R"(</3>;ver="1.1\")"), "error at 9: a quoted value has no end");
    EXPECT_EQ(refusal(R"(</3>;ver="1.1"x)"), "error at 14: expected ';' or ','");
    EXPECT_EQ(refusal("</3>;ct=60 110"), "error at 10: expected ';' or ','");
}

TEST(LinkFormat, LinksAndAttributesAreLimited) {
    EXPECT_EQ(refusal("</1>,</2>,</3>", 2), "error at 14: more links than the limit");
    std::string text = "</1>";
    for (int i = 0; i < 65; ++i) text += ";a";
    EXPECT_EQ(refusal(text), "error at 133: more attributes than the limit");
}

TEST(LinkFormat, NoTruncationIsReadPastItsEnd) {
    const std::string_view whole = R"(</>;rt="oma.lwm2m";ct="60 110",</1>;ver=1.1,</3303/0/5700>;pmin=10)";
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const std::vector<char> copy(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        static_cast<void>(parse_links({copy.data(), copy.size()}));
    }
}

// Core 1.1.1, 6.2.1.
TEST(Registration, ReadsObjectsVersionsAndFormats) {
    const auto registered = parse_registration(
        R"(</>;rt="oma.lwm2m";ct="60 110 112 11542 99999",</1>;ver=1.1,</1/0>,</3>;ver="1.2",</3/0>,</5>)");
    ASSERT_TRUE(registered);
    EXPECT_EQ(registered->prefix, "");
    EXPECT_EQ(registered->formats, (std::vector{ContentFormat::cbor, ContentFormat::senml_json,
                                                ContentFormat::senml_cbor, ContentFormat::tlv}));
    EXPECT_EQ(registered->objects, (std::vector<RegisteredObject>{
                                       {Path(1), "1.1"}, {{1, 0}, ""}, {Path(3), "1.2"}, {{3, 0}, ""}, {Path(5), ""}}));
}

TEST(Registration, ARootLinkMayStateFormatsWithoutItsType) {
    EXPECT_EQ(parse_registration("</>;ct=110,</1/0>")->formats, (std::vector{ContentFormat::senml_json}));
}

// Transport 1.1.1, 6.4.1: the alternate path; what is outside it is not LwM2M's.
TEST(Registration, AnAlternatePathIsTakenOff) {
    const auto registered =
        parse_registration(R"(</sensors>;rt="x",</lwm2m/1/0>,</lwm2m>;rt="oma.lwm2m",</3/0>,</lwm2m/3>;ver=1.1)");
    ASSERT_TRUE(registered);
    EXPECT_EQ(registered->prefix, "/lwm2m");
    EXPECT_EQ(registered->objects, (std::vector<RegisteredObject>{{{1, 0}, ""}, {Path(3), "1.1"}}));
}

TEST(Registration, ResourcesAndForeignLinksAreLeftOut) {
    const auto registered = parse_registration("</1/0>,</3/0/9>,</temp>,</70000>");
    EXPECT_EQ(registered->objects, (std::vector<RegisteredObject>{{{1, 0}, ""}}));
}

TEST(LinkWriter, WritesARegistration) {
    std::vector<std::uint8_t> memory(256);
    base::Writer out(memory);
    LinkWriter links(out);
    links.link(Path{});
    links.quoted("rt", "oma.lwm2m");
    links.text("ct", "60 110");
    links.link(Path(1));
    links.text("ver", "1.1");
    links.link({1, 0});
    EXPECT_EQ(base::as_text(out.written()), R"(</>;rt="oma.lwm2m";ct="60 110",</1>;ver=1.1,</1/0>)");
}

TEST(LinkWriter, WritesADiscoverBelowAnAlternatePath) {
    std::vector<std::uint8_t> memory(256);
    base::Writer out(memory);
    LinkWriter links(out, "/lwm2m");
    links.link(Path{});
    links.link({3303, 0, 5700});
    links.number("pmin", std::uint64_t{10});
    links.number("gt", -0.5);
    links.number("st", 1e21);
    links.flag("obs");
    links.quoted("q", "a\"b\\");
    EXPECT_EQ(base::as_text(out.written()),
              R"(</lwm2m>,</lwm2m/3303/0/5700>;pmin=10;gt=-0.5;st=1000000000000000000000;obs;q="a\"b\\")");
    EXPECT_TRUE(parse_links(base::as_text(out.written())));
}

TEST(LinkWriter, AWriterThatIsTooSmallHasFailed) {
    std::vector<std::uint8_t> memory(5);
    base::Writer out(memory);
    LinkWriter links(out);
    links.link({1, 0});
    EXPECT_TRUE(out.failed());
}

}  // namespace
}  // namespace lwm2m
