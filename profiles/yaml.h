// Yaml: a YAML file as a tree that remembers where each value stands. Hostile files are safe: size, values and depth
// are bounded.
//
// What the files may hold is YAML 1.2 less its traps: one document; keys are scalars, each once in its map; no merge
// keys (`<<`), no tags. An alias (`*x`) stands for a copy of its anchor, and the copies count towards the budget; it
// cannot stand inside its own anchor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/diagnostics.h"

namespace profiles {

// A handle to an immutable value: cheap to copy, and alive as long as any handle to it or to what holds it.
class Node {
public:
    enum class Kind : std::uint8_t { null, scalar, sequence, map };
    struct Entry;  // below

    Node();  // null, nowhere
    static Node make_null(Place place);
    static Node make_scalar(std::string text, Place place, bool quoted);
    static Node make_sequence(std::vector<Node> items, Place place);
    static Node make_map(std::vector<Entry> entries, Place place);  // the keys must differ

    Kind kind() const;
    bool is_null() const { return kind() == Kind::null; }
    bool is_scalar() const { return kind() == Kind::scalar; }
    bool is_sequence() const { return kind() == Kind::sequence; }
    bool is_map() const { return kind() == Kind::map; }

    // The scalar as written, without quotes and with ${VAR} expanded; "" for the other kinds.
    const std::string& text() const;
    // Was the scalar in quotes or a block? Then it is text, whatever it looks like.
    bool quoted() const;

    std::span<const Node> items() const;     // of a sequence; empty for the other kinds
    std::span<const Entry> entries() const;  // of a map, in the order of the file; empty for the other kinds
    // The value of `key`, or null where this is no map or has no such key. Valid as long as this node.
    const Node* find(std::string_view key) const;
    const Entry* find_entry(std::string_view key) const;

    const Place& place() const;
    // How many values are below and at this node (aliases as if copied), and how many levels.
    std::size_t weight() const;
    std::size_t height() const;

private:
    struct Data;
    explicit Node(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
    std::shared_ptr<const Data> data_;
};

struct Node::Entry {
    std::string key;
    Place place;  // of the key
    Node value;
};

// "null", "a value", "a list", "a map": for messages.
std::string_view name(Node::Kind kind);

// The value of an environment variable, or nothing. Passed in: this layer never looks at the environment itself.
using Environment = std::function<std::optional<std::string>(std::string_view)>;

struct YamlOptions {
    std::size_t size_cap = 1 << 20;     // bytes; a larger file is refused without being read
    std::size_t value_budget = 50'000;  // scalars, lists and maps, aliases as if copied
    std::size_t depth_budget = 50;      // levels
    Environment environment;            // for ${VAR} and ${VAR:-default} in values; none: no variable is set
};

// The tree, or nothing where the text is no YAML at all or breaks a bound. Lesser errors (a duplicate key, a merge
// key, an unset variable) are reported and the tree is still given, so that the rest can be checked too: look at
// diagnostics.ok() before using it. An empty text is null. `$${` stands for a plain "${".
std::optional<Node> parse_yaml(std::string text, std::string name, Diagnostics& diagnostics,
                               const YamlOptions& options = {});

// The same for a file; it is the only thing that is touched.
std::optional<Node> load_yaml(const std::string& path, Diagnostics& diagnostics, const YamlOptions& options = {});

// The tree as YAML in block style, which parse_yaml() reads back as the same tree. Aliases are written as copies, so a
// tree within the budget is at most as large as that.
std::string to_yaml(const Node& node);

}  // namespace profiles
