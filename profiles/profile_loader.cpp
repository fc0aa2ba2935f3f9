#include "profiles/profile_loader.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "profiles/merge.h"

namespace profiles {
namespace {

constexpr std::size_t extends_cap = 32;  // files read for one profile

bool is_file(std::string_view reference) { return reference.ends_with(".yaml") || reference.ends_with(".yml"); }

std::string unknown_name(std::string_view reference, const ProfileCatalog& catalog) {
    std::vector<std::string_view> names;
    for (const ProfileCatalog::Entry& entry : catalog.entries()) names.push_back(entry.name);
    std::string hint = did_you_mean(reference, names);
    if (!hint.empty()) return hint;
    for (const std::string_view name : names) hint += (hint.empty() ? "there are: " : ", ") + std::string(name);
    return hint.empty() ? "a file ends in .yaml" : hint + "; a file ends in .yaml";
}

// Follows `extends` down to the profiles that extend nothing.
class Chain {
public:
    Chain(const ProfileCatalog& catalog, Diagnostics& diagnostics, const YamlOptions& options)
        : catalog_(catalog), diagnostics_(diagnostics), options_(options) {}

    // `from`: where the reference stands; it is nowhere for the one that the user gave.
    std::optional<Node> load(const std::string& reference, const Place& from) {
        if (is_file(reference)) {
            const std::string path = beside(reference, from);
            if (!enter(path, from)) return std::nullopt;
            return left(followed(load_yaml(path, diagnostics_, options_)));
        }
        const ProfileCatalog::Entry* entry = catalog_.find(reference);
        if (entry == nullptr) {
            diagnostics_.error(from, fmt::format("no profile is called '{}'", printable(reference)),
                               unknown_name(reference, catalog_));
            return std::nullopt;
        }
        if (!enter(entry->file, from)) return std::nullopt;
        return left(followed(parse_yaml(entry->text, entry->file, diagnostics_, options_)));
    }

    // The tree laid on all that it extends, the later ones on the earlier ones.
    std::optional<Node> followed(const std::optional<Node>& tree) {
        if (!tree) return std::nullopt;
        Node base;
        if (const Node* extends = tree->find("extends")) {
            const auto names = extends->is_sequence() ? extends->items() : std::span<const Node>(extends, 1);
            for (const Node& name : names) {
                if (!name.is_scalar()) {
                    diagnostics_.error(name.place(), "'extends' takes the name of a profile, or a list of them");
                    return std::nullopt;
                }
                const auto next = load(name.text(), name.place());
                if (!next) return std::nullopt;
                base = merge(base, *next, diagnostics_);
            }
        }
        return without_extends(merge(base, *tree, diagnostics_));
    }

private:
    // What was extended is in the tree now.
    static Node without_extends(const Node& tree) {
        if (tree.find("extends") == nullptr) return tree;
        std::vector<Node::Entry> entries;
        for (const Node::Entry& entry : tree.entries()) {
            if (entry.key != "extends") entries.push_back(entry);
        }
        return Node::make_map(std::move(entries), tree.place());
    }

    static std::string beside(const std::string& reference, const Place& from) {
        if (!from.source) return reference;
        return (std::filesystem::path(from.source->name).parent_path() / reference).lexically_normal().string();
    }

    bool enter(const std::string& file, const Place& from) {
        if (std::find(open_.begin(), open_.end(), file) != open_.end()) {
            diagnostics_.error(from, fmt::format("'{}' extends itself", file), "a profile cannot be its own base");
            return false;
        }
        if (++files_ > extends_cap) {
            diagnostics_.error(from, fmt::format("more than {} profiles in all", extends_cap));
            return false;
        }
        open_.push_back(file);
        return true;
    }
    std::optional<Node> left(std::optional<Node> tree) {
        open_.pop_back();
        return tree;
    }

    const ProfileCatalog& catalog_;
    Diagnostics& diagnostics_;
    const YamlOptions& options_;
    std::vector<std::string> open_;  // files whose `extends` is being followed
    std::size_t files_ = 0;
};

}  // namespace

std::optional<Node> load_profile_tree(const std::string& reference, const ProfileCatalog& catalog,
                                      Diagnostics& diagnostics, const YamlOptions& options, const Place& from) {
    return Chain(catalog, diagnostics, options).load(reference, from);
}

std::optional<Node> parse_profile_tree(std::string text, std::string name, const ProfileCatalog& catalog,
                                       Diagnostics& diagnostics, const YamlOptions& options) {
    const auto tree = parse_yaml(std::move(text), std::move(name), diagnostics, options);
    return Chain(catalog, diagnostics, options).followed(tree);
}

std::optional<Node> extend_profile_tree(const Node& tree, const ProfileCatalog& catalog, Diagnostics& diagnostics,
                                        const YamlOptions& options) {
    return Chain(catalog, diagnostics, options).followed(tree);
}

std::optional<Profile> load_profile(const std::string& reference, const ProfileCatalog& catalog,
                                    Diagnostics& diagnostics, const YamlOptions& options, const Place& from) {
    const std::size_t before = diagnostics.errors();
    const auto tree = load_profile_tree(reference, catalog, diagnostics, options, from);
    if (!tree) return std::nullopt;
    Profile profile = read_profile(*tree, diagnostics);
    if (diagnostics.errors() != before) return std::nullopt;
    return profile;
}

}  // namespace profiles
