#include "profiles/profile_catalog.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>

namespace embedded {
std::span<const base::EmbeddedFile> profile_catalog();
}  // namespace embedded

namespace profiles {
namespace {

constexpr std::size_t file_cap = 1 << 20;

// "profiles/catalog/base/nbiot.yaml" -> "base/nbiot"; nothing for other files.
std::optional<std::string> name_of(std::string_view path) {
    constexpr std::string_view folder = "catalog/";
    constexpr std::string_view suffix = ".yaml";
    if (!path.ends_with(suffix)) return std::nullopt;
    path.remove_suffix(suffix.size());
    const auto at = path.rfind(folder);
    if (at != std::string_view::npos) path.remove_prefix(at + folder.size());
    return std::string(path);
}

}  // namespace

ProfileCatalog ProfileCatalog::of_table(std::span<const base::EmbeddedFile> table) {
    ProfileCatalog catalog;
    for (const base::EmbeddedFile& file : table) {
        if (const auto name = name_of(file.path))
            catalog.add({*name, std::string(file.path), std::string(file.content)});
    }
    return catalog;
}

const ProfileCatalog& builtin_profiles() {
    static const ProfileCatalog catalog = ProfileCatalog::of_table(embedded::profile_catalog());
    return catalog;
}

ProfileCatalog ProfileCatalog::of_folder(const std::string& folder, Diagnostics& diagnostics) {
    namespace fs = std::filesystem;
    ProfileCatalog catalog;
    const auto report = [&diagnostics](const std::string& file, std::string message) {
        diagnostics.error(Place{std::make_shared<const Source>(Source{file, {}}), 0, 0, 1}, std::move(message));
    };
    std::error_code error;
    fs::recursive_directory_iterator at(folder, error);
    if (error) report(folder, "the folder cannot be read: " + error.message());
    for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
        const fs::path& path = at->path();
        if (path.extension() != ".yaml" || !at->is_regular_file()) continue;
        std::string text(file_cap + 1, '\0');
        std::ifstream stream(path, std::ios::binary);
        stream.read(text.data(), static_cast<std::streamsize>(text.size()));
        text.resize(static_cast<std::size_t>(stream.gcount()));
        if (stream.bad() || text.size() > file_cap) {
            report(path.string(), "the file cannot be read, or is larger than 1 MiB");
            continue;
        }
        catalog.add({path.lexically_relative(folder).replace_extension().string(), path.string(), std::move(text)});
    }
    return catalog;
}

void ProfileCatalog::add(Entry entry) {
    const auto at = std::lower_bound(entries_.begin(), entries_.end(), entry.name,
                                     [](const Entry& known, const std::string& name) { return known.name < name; });
    if (at != entries_.end() && at->name == entry.name) {
        *at = std::move(entry);
    } else {
        entries_.insert(at, std::move(entry));
    }
}

const ProfileCatalog::Entry* ProfileCatalog::find(std::string_view name) const {
    for (const Entry& entry : entries_) {
        if (entry.name == name) return &entry;
    }
    return nullptr;
}

std::vector<std::string> ProfileCatalog::devices() const {
    std::vector<std::string> names;
    for (const Entry& entry : entries_) {
        if (!entry.name.starts_with("base/")) names.push_back(entry.name);
    }
    return names;
}

}  // namespace profiles
