#include "profiles/merge.h"

#include <map>

#include <fmt/format.h>

#include "profiles/generator_spec.h"

namespace profiles {
namespace {

constexpr std::size_t resource_depth = 3;  // objects / device/0 / battery_level / here

class Merger {
public:
    explicit Merger(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

    Node merge(const Node& base, const Node& over, std::size_t depth) {
        if (!base.is_map() || !over.is_map()) return over.is_map() ? without_plus(over) : over;
        if (depth >= resource_depth && replaces(base, over)) return over;
        std::vector<Node::Entry> entries(base.entries().begin(), base.entries().end());
        std::map<std::string, std::size_t, std::less<>> index;
        for (std::size_t i = 0; i < entries.size(); ++i) index.emplace(entries[i].key, i);
        for (const Node::Entry& entry : over.entries()) lay(entry, entries, index, depth);
        return Node::make_map(std::move(entries), over.place());
    }

private:
    // One entry of the upper map into the lower one.
    void lay(const Node::Entry& entry, std::vector<Node::Entry>& entries,
             std::map<std::string, std::size_t, std::less<>>& index, std::size_t depth) {
        const bool append = entry.key.starts_with('+');
        const std::string key = append ? entry.key.substr(1) : entry.key;
        const auto [at, added] = index.emplace(key, entries.size());
        if (added) entries.push_back({key, entry.place, Node::make_null(entry.place)});
        Node::Entry& target = entries[at->second];
        target.value = append ? appended(entry, added ? Node() : target.value)
                              : merge(added ? Node() : target.value, entry.value, depth + 1);
        target.place = entry.place;
    }

    Node appended(const Node::Entry& entry, const Node& list) {
        if (!entry.value.is_sequence()) {
            diagnostics_.error(entry.value.place(), fmt::format("'{}' appends to a list: this is {}",
                                                                printable(entry.key), name(entry.value.kind())));
            return list;
        }
        if (!list.is_sequence() && !list.is_null()) {
            diagnostics_.error(entry.place, fmt::format("'{}': what it extends is no list", printable(entry.key)));
            return list;
        }
        std::vector<Node> items(list.items().begin(), list.items().end());
        items.insert(items.end(), entry.value.items().begin(), entry.value.items().end());
        return Node::make_sequence(std::move(items), entry.value.place());
    }

    Node without_plus(const Node& map) { return merge(Node::make_map({}, map.place()), map, resource_depth + 1); }

    // Both are generators, and of different kinds, or only one of them is.
    static bool replaces(const Node& base, const Node& over) {
        if (!is_generator(base) && !is_generator(over)) return false;
        for (const Node::Entry& entry : over.entries()) {
            const Node single = Node::make_map({entry}, over.place());
            if (is_generator(single)) return base.find(entry.key) == nullptr;
        }
        return false;  // only what stands beside a generator, such as `every`
    }

    Diagnostics& diagnostics_;
};

}  // namespace

Node merge(const Node& base, const Node& over, Diagnostics& diagnostics) {
    return Merger(diagnostics).merge(base, over, 0);
}

}  // namespace profiles
