#include "profiles/key_table.h"

#include <fmt/format.h>

#include "profiles/security.h"

namespace profiles {
namespace {

constexpr std::size_t longest_identity = 128;  // RFC 4279 5.3

}  // namespace

std::shared_ptr<const KeyTable> KeyTable::make(const CsvTable& table, std::string_view what, const Place& place,
                                               Diagnostics& diagnostics) {
    const auto identities = table.column("identity");
    const auto keys = table.column("key");
    const std::size_t before = diagnostics.errors();
    if (!identities || !keys) {
        diagnostics.error(place, fmt::format("csv: {}: the columns 'identity' and 'key' are needed", what),
                          "lwm2m-sim provision --format csv prints such a file");
        return nullptr;
    }
    auto made = std::make_shared<KeyTable>();
    made->rows_.reserve(table.rows.size());
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        const auto& row = table.rows[i];
        const auto wrong = [&](const std::string& why) {
            diagnostics.error(place, fmt::format("csv: {}: line {}: {}", what, table.lines[i], why));
        };
        auto key = base::from_hex(row[*keys]);
        if (!key || key->empty() || key->size() > key_capacity) {
            wrong(fmt::format("a key is 1 to {} bytes in hexadecimal digits", key_capacity));
        } else if (row[*identities].empty() || row[*identities].size() > longest_identity) {
            wrong(fmt::format("an identity is 1 to {} bytes", longest_identity));
        } else {
            made->rows_.push_back({row[*identities], base::Secret(std::move(*key))});
        }
        if (diagnostics.errors() > before + 5) return nullptr;
    }
    if (diagnostics.errors() != before) return nullptr;
    for (std::size_t i = 0; i < made->rows_.size(); ++i) {
        if (made->by_identity_.emplace(made->rows_[i].identity, i).second) continue;
        diagnostics.error(place,
                          fmt::format("csv: {}: line {}: an identity that is there before", what, table.lines[i]));
        return nullptr;
    }
    return made;
}

std::optional<base::Bytes> KeyTable::key_of(std::string_view identity) const {
    const auto found = by_identity_.find(identity);
    if (found == by_identity_.end()) return std::nullopt;
    return rows_[found->second].key.view();
}

}  // namespace profiles
