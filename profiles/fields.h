// Fields: a key of a YAML map, its type, its default and its documentation, said once in a table. The table reads the
// file, and describes it.
//
//   constexpr std::array network_fields{
//       field<&NetworkSpec::loss, read_share>("loss", "share", "0%", "datagrams lost, each way"),
//       ...
//   };
//   read_fields(node, "network", network_fields, network, diagnostics);
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/diagnostics.h"
#include "profiles/yaml.h"

namespace profiles {

// What is told about a key.
struct FieldInfo {
    std::string_view key;
    std::string_view type;      // "duration", "share", "text", "map", ...
    std::string_view fallback;  // what stands when the key is left out, as it would be written; empty: nothing
    std::string_view doc;
    std::vector<FieldInfo> (*children)() = nullptr;  // of a map
    bool supported = true;                           // false: known, and refused
};

template <class T>
struct Field {
    FieldInfo info;
    // Called with the entry of the key; reports what is wrong and leaves `out` as it is then.
    void (*read)(const Node::Entry& entry, T& out, Diagnostics& diagnostics);
};

// Reads the map `node` into `out` by the table; keys that are not in it are errors. A null node is an empty map. `what`
// names the map in messages.
template <class T, std::size_t N>
void read_fields(const Node& node, std::string_view what, const std::array<Field<T>, N>& table, T& out,
                 Diagnostics& diagnostics);

template <class T, std::size_t N>
std::vector<FieldInfo> describe(const std::array<Field<T>, N>& table) {
    std::vector<FieldInfo> infos;
    for (const Field<T>& field : table) infos.push_back(field.info);
    return infos;
}

// The table as text: one key a line with type, default and documentation, maps indented below.
std::string field_reference(const std::vector<FieldInfo>& fields, std::size_t indent = 0);

namespace detail {
template <class Member>
struct MemberTraits;
template <class Owner_, class Type_>
struct MemberTraits<Type_ Owner_::*> {
    using Owner = Owner_;
    using Type = Type_;
};
template <auto Member>
using OwnerOf = typename MemberTraits<decltype(Member)>::Owner;

void check_map(const Node& node, std::string_view what, Diagnostics& diagnostics);
void report_unknown(const Node::Entry& entry, std::span<const std::string_view> known, Diagnostics& diagnostics);
}  // namespace detail

// A value that `Read(node, key, member, diagnostics)` reads into a member.
template <auto Member, auto Read>
constexpr Field<detail::OwnerOf<Member>> field(std::string_view key, std::string_view type, std::string_view fallback,
                                               std::string_view doc) {
    using Owner = detail::OwnerOf<Member>;
    return {{key, type, fallback, doc}, [](const Node::Entry& entry, Owner& out, Diagnostics& diagnostics) {
                Read(entry.value, entry.key, out.*Member, diagnostics);
            }};
}

// A map that `Table` reads into a member.
template <auto Member, const auto& Table>
constexpr Field<detail::OwnerOf<Member>> section(std::string_view key, std::string_view doc) {
    using Owner = detail::OwnerOf<Member>;
    return {{key, "map", "", doc, [] { return describe(Table); }},
            [](const Node::Entry& entry, Owner& out, Diagnostics& diagnostics) {
                read_fields(entry.value, entry.key, Table, out.*Member, diagnostics);
            }};
}

// A map of `Table` whose members lie in the same struct as those around it.
template <class Owner, const auto& Table>
constexpr Field<Owner> group(std::string_view key, std::string_view doc) {
    return {{key, "map", "", doc, [] { return describe(Table); }},
            [](const Node::Entry& entry, Owner& out, Diagnostics& diagnostics) {
                read_fields(entry.value, entry.key, Table, out, diagnostics);
            }};
}

// A key that `Read(entry, out, diagnostics)` takes care of.
template <class Owner, auto Read>
constexpr Field<Owner> custom(std::string_view key, std::string_view type, std::string_view fallback,
                              std::string_view doc) {
    return {{key, type, fallback, doc},
            [](const Node::Entry& entry, Owner& out, Diagnostics& diagnostics) { Read(entry, out, diagnostics); }};
}

// A key that is known and refused; `doc` is the reason: "'send' is not supported yet: ...".
template <class Owner, const auto& Reason>
constexpr Field<Owner> refused(std::string_view key) {
    return {{key, "", "", Reason, nullptr, false}, [](const Node::Entry& entry, Owner&, Diagnostics& diagnostics) {
                diagnostics.error(entry.place, "'" + entry.key + "' is not supported yet: " + std::string(Reason));
            }};
}

template <class T, std::size_t N>
void read_fields(const Node& node, std::string_view what, const std::array<Field<T>, N>& table, T& out,
                 Diagnostics& diagnostics) {
    detail::check_map(node, what, diagnostics);
    std::array<std::string_view, N> known;
    for (std::size_t i = 0; i < N; ++i) known[i] = table[i].info.key;
    for (const Node::Entry& entry : node.entries()) {
        const Field<T>* found = nullptr;
        for (const Field<T>& candidate : table) {
            if (candidate.info.key == entry.key) found = &candidate;
        }
        if (found != nullptr) {
            found->read(entry, out, diagnostics);
        } else {
            detail::report_unknown(entry, known, diagnostics);
        }
    }
}

}  // namespace profiles
