#include "profiles/yaml.h"

#include <unistd.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace profiles {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool instrumented = true;
#else
constexpr bool instrumented = false;
#endif

class Yaml : public testing::Test {
protected:
    std::optional<Node> parse(std::string text) {
        return parse_yaml(std::move(text), "meter.yaml", diagnostics, options);
    }
    // The first message, or "" where all is right.
    std::string first_error() const { return diagnostics.ok() ? "" : diagnostics.sorted().front().message; }
    bool says(std::string_view part) const { return diagnostics.text().find(part) != std::string::npos; }

    Diagnostics diagnostics;
    YamlOptions options;
};

TEST_F(Yaml, KeepsOrderPlacesAndQuotes) {
    const auto root = parse("b: 1\na:\n  - x\n  - \"1.1\"\n");
    ASSERT_TRUE(root);
    ASSERT_EQ(root->entries().size(), 2u);
    EXPECT_EQ(root->entries()[0].key, "b");
    EXPECT_EQ(root->entries()[1].place.text(), "meter.yaml:2:1");
    const auto items = root->find("a")->items();
    ASSERT_EQ(items.size(), 2u);
    EXPECT_EQ(items[1].text(), "1.1");
    EXPECT_TRUE(items[1].quoted());
    EXPECT_FALSE(items[0].quoted());
    EXPECT_EQ(items[1].place().text(), "meter.yaml:4:5");
}

TEST_F(Yaml, TakesAnEmptyTextAsNull) {
    EXPECT_TRUE(parse("")->is_null());
    EXPECT_TRUE(parse("# only a comment\n")->is_null());
    EXPECT_TRUE(parse("~")->is_null());
    EXPECT_TRUE(diagnostics.ok());
}

TEST_F(Yaml, SkipsAByteOrderMark) {
    const auto root = parse(
        "\xef\xbb\xbf"
        "a: 1\n");
    EXPECT_EQ(root->find("a")->text(), "1");
    EXPECT_EQ(root->entries()[0].place.text(), "meter.yaml:1:1");
}

TEST_F(Yaml, RefusesDuplicateKeys) {
    EXPECT_TRUE(parse("a: 1\nb: 2\na: 3\n"));
    EXPECT_EQ(first_error(), "the key 'a' is here twice");
    EXPECT_TRUE(says("meter.yaml:3:1"));
    EXPECT_TRUE(says("first on line 1"));
}

TEST_F(Yaml, RefusesMergeKeys) {
    parse("base: &b {x: 1}\nover:\n  <<: *b\n");
    EXPECT_EQ(first_error(), "merge keys ('<<') are not supported");
}

TEST_F(Yaml, ReportsSeveralErrorsAtOnce) {
    parse("a: 1\na: 2\n<<: 3\nb: !secret x\n? [1]\n: 2\n");
    EXPECT_EQ(diagnostics.errors(), 4u);
}

TEST_F(Yaml, ExpandsAliasesAsCopies) {
    const auto root = parse("a: &x {k: [1, 2]}\nb: *x\n");
    ASSERT_TRUE(diagnostics.ok());
    EXPECT_EQ(root->find("b")->find("k")->items()[1].text(), "2");
}

TEST_F(Yaml, RefusesAnAliasWithinItsOwnAnchor) {
    parse("profiles: &x [*x]\n");
    EXPECT_EQ(first_error(), "the alias stands inside its own anchor: that would never end");
}

TEST_F(Yaml, RefusesAnAliasBomb) {
    std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 40; ++i) {
        const std::string below = "*a" + std::to_string(i - 1);
        text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below;
        for (int j = 0; j < 8; ++j) text += ", " + below;
        text += "]\n";
    }
    EXPECT_FALSE(parse(text));
    EXPECT_TRUE(says("more than 50000 values"));
}

TEST_F(Yaml, RefusesAliasesThatNestTooDeep) {
    std::string text = "a0: &a0 [x]\n";
    for (int i = 1; i < 200; ++i)
        text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
    EXPECT_FALSE(parse(text));
    EXPECT_TRUE(says("levels deep"));
}

TEST_F(Yaml, RefusesDeepNesting) {
    EXPECT_FALSE(parse(std::string(100'000, '[')));
    EXPECT_TRUE(says("levels deep"));
    EXPECT_FALSE(parse(std::string(1000, '{')));
    std::string block;
    for (int i = 0; i < 600; ++i) block += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
    EXPECT_FALSE(parse(block));
}

TEST_F(Yaml, RefusesMoreValuesThanItsBudget) {
    options.value_budget = 10;
    EXPECT_FALSE(parse("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]"));
    EXPECT_TRUE(says("more than 10 values"));
}

TEST_F(Yaml, RefusesUnclosedQuotes) {
    EXPECT_FALSE(parse("a: \"no end\nb: 1\n"));
    EXPECT_EQ(first_error(), "the quote is not closed");
    EXPECT_TRUE(says("meter.yaml:1:4"));
    EXPECT_FALSE(parse("a: 'no end\n"));
    EXPECT_FALSE(parse("a: 'it''s\n"));
    EXPECT_FALSE(parse("a: \"back\\\"slash\n"));
}

TEST_F(Yaml, TakesClosedQuotesOfAllKinds) {
    const auto root = parse("a: 'it''s'\nb: \"x\\\"y\"\nc: \"two\n  lines\"\nd: &n 'named'\n'quoted key': 1\n");
    ASSERT_TRUE(diagnostics.ok()) << diagnostics.text();
    EXPECT_EQ(root->find("a")->text(), "it's");
    EXPECT_EQ(root->find("b")->text(), "x\"y");
    EXPECT_EQ(root->find("c")->text(), "two lines");
    EXPECT_EQ(root->find("d")->text(), "named");
    EXPECT_EQ(root->find("quoted key")->text(), "1");
}

TEST_F(Yaml, RefusesASecondDocument) {
    EXPECT_FALSE(parse("a: 1\n---\nb: 2\n"));
    EXPECT_TRUE(says("second document"));
}

TEST_F(Yaml, RefusesControlCharactersAndBrokenUtf8) {
    EXPECT_FALSE(parse(std::string("a: 1\n\x04 b: 2\n", 13)));
    EXPECT_TRUE(says("0x04"));
    for (const char* text :
         {"a: \xff", "a: \xc0\x80", "a: \xed\xa0\x80", "a: \xf5\x80\x80\x80", "a: \xe2\x82", "\xfe\xff", "a: x\ry"}) {
        Diagnostics fresh;
        EXPECT_FALSE(parse_yaml(text, "t", fresh)) << text;
        EXPECT_FALSE(fresh.ok());
    }
    EXPECT_FALSE(parse(std::string("a: \0b", 5)));
    EXPECT_TRUE(parse("a: ± µ € 𝄞\r\nb: 1\r\n"));
}

TEST_F(Yaml, SaysWhereTheSyntaxIsWrong) {
    EXPECT_FALSE(parse("a: 1\nb: [1, 2\nc: 3\n"));
    EXPECT_TRUE(says("not valid YAML"));
    EXPECT_TRUE(says("meter.yaml:3"));
    Diagnostics tabs;
    EXPECT_FALSE(parse_yaml("a:\n\tb: 1\n", "t.yaml", tabs));
    EXPECT_NE(tabs.text().find("not with tabs"), std::string::npos) << tabs.text();
}

TEST_F(Yaml, ExpandsVariables) {
    options.environment = [](std::string_view name) -> std::optional<std::string> {
        if (name == "HOST") return "example.org";
        if (name == "EMPTY") return "";
        return std::nullopt;
    };
    const auto root = parse("a: coap://${HOST}:${PORT:-5683}/\nb: \"${EMPTY:-none}\"\nc: $${HOST}\nd: ${EMPTY}x$y\n");
    ASSERT_TRUE(diagnostics.ok()) << diagnostics.text();
    EXPECT_EQ(root->find("a")->text(), "coap://example.org:5683/");
    EXPECT_EQ(root->find("b")->text(), "none");
    EXPECT_EQ(root->find("c")->text(), "${HOST}");
    EXPECT_EQ(root->find("d")->text(), "x$y");
}

TEST_F(Yaml, ReportsVariablesThatAreNotSet) {
    parse("a: ${NOWHERE}\nb: ${no good}\nc: ${open\n");
    EXPECT_EQ(diagnostics.errors(), 3u);
    EXPECT_TRUE(says("the variable NOWHERE is not set"));
    EXPECT_TRUE(says("${NOWHERE:-value}"));
}

TEST_F(Yaml, BoundsWhatVariablesGrowInto) {
    options.environment = [](std::string_view) { return std::string(100'000, 'x'); };
    std::string text = "a: ";
    for (int i = 0; i < 1000; ++i) text += "${X}";
    EXPECT_FALSE(parse(text));
    EXPECT_TRUE(says("too large once its variables are expanded"));
}

bool same(const Node& a, const Node& b) {
    if (a.kind() != b.kind() || a.text() != b.text() || a.items().size() != b.items().size() ||
        a.entries().size() != b.entries().size()) {
        return false;
    }
    for (std::size_t i = 0; i < a.items().size(); ++i) {
        if (!same(a.items()[i], b.items()[i])) return false;
    }
    for (std::size_t i = 0; i < a.entries().size(); ++i) {
        if (a.entries()[i].key != b.entries()[i].key || !same(a.entries()[i].value, b.entries()[i].value)) return false;
    }
    return true;
}

TEST_F(Yaml, IsWrittenAsItIsRead) {
    for (const char* text : {"a: 1\nb: [1, two, \"3\", ~, [], {}, [[x]], {k: v}]\n", "", "x", "'null'", "\"~\"", "[]",
                             "{}", "- a\n- b: 1\n  c: 2\n- - d\n", "\"<<\": 1\n\"a: b\": \"c #d\"\n'': ''\n",
                             "a: 1h ±5%\nb: lognormal(1s, p99=2s)\nc: \"x\\ty\\n\\x1b\\\"\\\\\"\n", "a: $${X} $$${Y}\n",
                             "a: |\n  block\n  two\n",
                             "a: \"- x\"\nb: \"? y\"\nc: \" z \"\nd: \"...\"\ne: \"true\"\nf: \"{\"\n", "? \n: 1\n"}) {
        Diagnostics fresh;
        const auto first = parse_yaml(text, "first", fresh);
        ASSERT_TRUE(first) << fresh.text();
        const std::string written = to_yaml(*first);
        Diagnostics second;
        const auto again = parse_yaml(written, "again", second);
        ASSERT_TRUE(again) << written << second.text();
        EXPECT_TRUE(second.ok()) << second.text();
        EXPECT_TRUE(same(*first, *again)) << text << "\n" << written;
    }
}

class YamlFile : public Yaml {
protected:
    YamlFile() : folder(std::filesystem::temp_directory_path() / ("yaml_test." + std::to_string(::getpid()))) {
        std::filesystem::create_directories(folder);
    }
    ~YamlFile() override { std::filesystem::remove_all(folder); }
    std::optional<Node> load(const std::string& name) {
        return load_yaml((folder / name).string(), diagnostics, options);
    }

    std::filesystem::path folder;
};

TEST_F(YamlFile, IsRead) {
    std::ofstream(folder / "a.yaml") << "a: 1\n";
    EXPECT_EQ(load("a.yaml")->find("a")->text(), "1");
}

TEST_F(YamlFile, SaysWhatCannotBeRead) {
    EXPECT_FALSE(load("missing.yaml"));
    EXPECT_TRUE(says("there is no such file"));
    EXPECT_FALSE(load_yaml(folder.string(), diagnostics));
    EXPECT_TRUE(says("this is a folder"));
}

TEST_F(YamlFile, RefusesAHundredMegabytesWithoutReadingThem) {
    std::ofstream(folder / "big.yaml") << "a: 1\n";
    std::filesystem::resize_file(folder / "big.yaml", 100'000'000);  // a hole: nothing is on the disk
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(load("big.yaml"));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(100));
    EXPECT_TRUE(says("larger than 1024 KiB"));
}

TEST_F(YamlFile, RefusesADeviceWithoutAnEnd) {
    EXPECT_FALSE(load_yaml("/dev/zero", diagnostics));
    EXPECT_TRUE(says("larger than 1024 KiB"));
}

TEST_F(Yaml, BearsTheWorstTexts) {
    constexpr std::size_t size = 200'000;
    std::vector<std::string> bombs{std::string(size, 'a'),  "\"" + std::string(size - 2, 'a') + "\"",
                                   std::string(size, '-'),  std::string(size, '\n'),
                                   std::string(size, '#'),  std::string(size, ' '),
                                   std::string(size, ':'),  std::string(size, '?'),
                                   std::string(size, '&'),  std::string(size, '*'),
                                   std::string(size, '!'),  std::string(size, '|'),
                                   std::string(size, '>'),  std::string(size, '"'),
                                   std::string(size, '\''), std::string(size, '%'),
                                   std::string(size, ','),  std::string(size, '{')};
    for (const char* piece : {"a: ",    "- ",   "? ",    "a:\n",        "[]\n",        "{a: ",      "[,",   "- - ",
                              "a: b: ", "&a ",  "*a ",   "!a ",         "a: |\n ",     "---\n",     "\"\n", "? a\n",
                              "{?",     "[a, ", "- a\n", "'a' : 'b'\n", "%YAML 1.2\n", "a: &x *x\n"}) {
        std::string text;
        while (text.size() + std::string_view(piece).size() <= size) text += piece;
        bombs.push_back(std::move(text));
    }
    std::string keys;
    for (int i = 0; keys.size() < size - 20; ++i) keys += "k" + std::to_string(i) + ": \"v\"\n";
    bombs.push_back(std::move(keys));
    bombs.push_back(std::string(1 << 20, '{'));  // the slowest megabyte
    for (const std::string& bomb : bombs) {
        Diagnostics fresh;
        const std::clock_t start = std::clock();  // CPU time: the machine may be busy with other things
        parse_yaml(bomb, "bomb.yaml", fresh);
        EXPECT_LT(std::clock() - start, (instrumented ? 20 : 2) * CLOCKS_PER_SEC) << bomb.substr(0, 20);
        EXPECT_LT(fresh.text().size(), 100'000u);
    }
}

}  // namespace
}  // namespace profiles
