// KeyTable: pre-shared keys from a file, by the number of the device: the row says which identity and which key. What
// `lwm2m-sim provision --format csv` prints is such a file.
//
//   key: {csv: keys.csv}        # columns identity and key (hexadecimal); others are ignored
//
// Nothing here repeats a key.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "profiles/csv_table.h"
#include "profiles/diagnostics.h"
#include "simulator/base/crypto.h"

namespace profiles {

class KeyTable {
public:
    // Null after errors. `what` names the file in messages, which are about `place`.
    static std::shared_ptr<const KeyTable> make(const CsvTable& table, std::string_view what, const Place& place,
                                                Diagnostics& diagnostics);

    std::size_t size() const { return rows_.size(); }
    std::string_view identity(std::size_t row) const { return rows_[row].identity; }
    // Nothing where the identity is not in the table. The view lives as long as the table.
    std::optional<base::Bytes> key_of(std::string_view identity) const;

private:
    struct Row {
        std::string identity;
        base::Secret key;
    };
    std::vector<Row> rows_;
    std::unordered_map<std::string_view, std::size_t> by_identity_;
};

}  // namespace profiles
