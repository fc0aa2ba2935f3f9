// CsvTable: tables as spreadsheets write them (RFC 4180).
#include "profiles/csv_table.h"

#include <string>

#include <gtest/gtest.h>

namespace {

using profiles::parse_csv;
using Row = std::vector<std::string>;

TEST(CsvTable, ReadsNamesAndRows) {
    const auto table = parse_csv("a,b\n1,2\n3,4\n");
    ASSERT_TRUE(table);
    EXPECT_EQ(table->names, (Row{"a", "b"}));
    EXPECT_EQ(table->rows, (std::vector<Row>{{"1", "2"}, {"3", "4"}}));
    EXPECT_EQ(table->lines, (std::vector<std::size_t>{2, 3}));
    EXPECT_EQ(table->column("b"), 1u);
    EXPECT_EQ(table->column("c"), std::nullopt);
}

// RFC 4180 2.5 to 2.7: commas, line feeds and doubled quotes within quotes; 2.1: lines end in CR LF.
TEST(CsvTable, ReadsQuotes) {
    const auto table = parse_csv("a,b\r\n\"x,\"\"y\"\"\",\"two\nlines\"\r\n\"\",z");
    ASSERT_TRUE(table);
    EXPECT_EQ(table->rows, (std::vector<Row>{{"x,\"y\"", "two\nlines"}, {"", "z"}}));
    EXPECT_EQ(table->lines, (std::vector<std::size_t>{2, 4}));
}

TEST(CsvTable, SkipsEmptyLinesAndTheByteOrderMark) {
    const auto table = parse_csv(
        "\xef\xbb\xbf"
        "a\n\n1\n\n");
    ASSERT_TRUE(table);
    EXPECT_EQ(table->names, Row{"a"});
    EXPECT_EQ(table->rows, std::vector<Row>{{"1"}});
}

TEST(CsvTable, SaysTheLineOfAnError) {
    EXPECT_EQ(parse_csv("a,b\n1,2\n3\n").error().offset, 3u);
    EXPECT_EQ(parse_csv("a,b\n1,2,3\n").error().offset, 2u);
    EXPECT_EQ(parse_csv("a,a\n").error().offset, 1u);
    EXPECT_EQ(parse_csv("a\n\"1\n2").error().offset, 2u);
    EXPECT_EQ(parse_csv("a\n\"1\"x\n").error().offset, 2u);
}

TEST(CsvTable, EveryPrefixOfATableEndsInATableOrAnError) {
    const std::string text = "a,b\r\n\"x,\"\"y\"\"\",\"two\nlines\"\r\n\"\",z";
    for (std::size_t length = 0; length <= text.size(); ++length) {
        const auto table = parse_csv(text.substr(0, length));
        if (!table) continue;
        for (const Row& row : table->rows) EXPECT_EQ(row.size(), table->names.size());
    }
}

}  // namespace
