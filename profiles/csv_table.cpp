#include "profiles/csv_table.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include <fmt/format.h>

#include "simulator/base/crypto.h"

namespace profiles {
namespace {

constexpr std::size_t largest_file = 64 << 20;

class CsvReader {
public:
    explicit CsvReader(std::string_view text) : text_(text) {
        if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);  // the mark that spreadsheets write
    }

    bool at_end() const { return at_ == text_.size(); }
    std::size_t line() const { return line_; }

    // One row; an empty line is a row of one empty cell.
    base::Result<std::vector<std::string>> row() {
        std::vector<std::string> cells;
        for (;;) {
            auto cell = next() == '"' ? quoted() : plain();
            if (!cell) return tl::unexpected(cell.error());
            cells.push_back(*std::move(cell));
            if (take(',')) continue;
            take('\r');
            if (take('\n') || at_end()) return cells;
            return base::fail("text behind a closing quote", line_);
        }
    }

private:
    char next() const { return at_end() ? '\0' : text_[at_]; }
    bool take(char c) {
        if (at_end() || text_[at_] != c) return false;
        if (c == '\n') ++line_;
        ++at_;
        return true;
    }
    base::Result<std::string> plain() {
        const std::size_t end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
        return std::string(text_.substr(std::exchange(at_, end), end - at_));
    }
    base::Result<std::string> quoted() {
        const std::size_t opened = line_;
        std::string cell;
        for (++at_; !at_end(); ++at_) {
            if (text_[at_] == '\n') ++line_;
            if (text_[at_] == '"' && (++at_, next() != '"')) return cell;
            if (!at_end()) cell += text_[at_];
        }
        return base::fail("a quote is not closed", opened);
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
};

}  // namespace

std::optional<std::size_t> CsvTable::column(std::string_view name) const {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) return std::nullopt;
    return static_cast<std::size_t>(found - names.begin());
}

base::Result<CsvTable> parse_csv(std::string_view text) {
    CsvReader reader(text);
    CsvTable table;
    while (!reader.at_end()) {
        const std::size_t line = reader.line();
        auto row = reader.row();
        if (!row) return tl::unexpected(row.error());
        if (row->size() == 1 && row->front().empty()) continue;
        if (table.names.empty()) {
            table.names = *std::move(row);
            for (auto name = table.names.begin(); name != table.names.end(); ++name) {
                if (std::find(table.names.begin(), name, *name) != name)
                    return base::fail("two columns have one name", line);
            }
            continue;
        }
        if (row->size() != table.names.size()) return base::fail("a row has more or fewer cells than the first", line);
        table.rows.push_back(*std::move(row));
        table.lines.push_back(line);
    }
    return table;
}

std::optional<CsvTable> load_csv(const Node& node, Diagnostics& diagnostics) {
    const std::string& file = node.text();
    const auto wrong = [&](const std::string& why) {
        diagnostics.error(node.place(), fmt::format("csv: {}", why));
        return std::nullopt;
    };
    std::string path = file;
    if (const auto& source = node.place().source; source != nullptr && !file.starts_with('/')) {
        const auto slash = source->name.rfind('/');
        if (slash != std::string::npos) path = source->name.substr(0, slash + 1) + file;
    }
    std::ifstream stream(path, std::ios::binary | std::ios::ate);
    const auto size = stream ? static_cast<std::streamoff>(stream.tellg()) : std::streamoff{-1};
    if (size < 0) return wrong(fmt::format("'{}' cannot be read", printable(path)));
    if (static_cast<std::size_t>(size) > largest_file) {
        return wrong(fmt::format("'{}' is larger than 64 MiB", printable(path)));
    }
    std::string text(static_cast<std::size_t>(size), '\0');
    stream.seekg(0);
    if (!stream.read(text.data(), size)) return wrong(fmt::format("'{}' cannot be read", printable(path)));
    auto table = parse_csv(text);
    // There may be keys in it.
    base::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    if (!table) return wrong(fmt::format("{}:{}: {}", printable(path), table.error().offset, table.error().what));
    if (table->rows.empty()) return wrong(fmt::format("'{}' has no rows", printable(path)));
    return *std::move(table);
}

}  // namespace profiles
