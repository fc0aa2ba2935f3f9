#include "simulator/cli/wire_json.h"

#include <charconv>
#include <cmath>
#include <deque>

#include <fmt/format.h>

#include "simulator/lwm2m/codec.h"
#include "simulator/lwm2m/link_format.h"
#include "simulator/lwm2m/number_text.h"

namespace cli {
namespace {

using lwm2m::ContentFormat;
using lwm2m::Entry;
using lwm2m::Path;
using lwm2m::Type;
using lwm2m::ValueView;

tl::unexpected<WireError> refuse(std::string message, std::size_t offset = 0) {
    return tl::unexpected<WireError>(WireError{std::move(message), offset});
}
tl::unexpected<WireError> refuse(const base::Error& error) { return refuse(error.what, error.offset); }

// ---- a payload whose path is not known: decoded below ids that no object has, which are then left out

constexpr std::uint16_t unknown_id = lwm2m::max_id;

Path stand_in(std::uint8_t depth) {
    Path path;
    while (path.depth < depth) path = path.child(unknown_id);
    return path;
}

// How deep a payload begins. TLV: by the kind of its first one (Core 1.1.1, 7.4.3).
std::uint8_t depth_of(ContentFormat format, base::Bytes bytes) {
    switch (format) {
        case ContentFormat::text:
        case ContentFormat::opaque:
        case ContentFormat::cbor:
        case ContentFormat::link: return 3;
        case ContentFormat::tlv: {
            const unsigned kind = bytes.empty() ? 3 : bytes[0] >> 6;
            return kind == 0 ? 1 : kind == 1 ? 3 : 2;
        }
        case ContentFormat::senml_json:
        case ContentFormat::senml_cbor:
        case ContentFormat::senml_etch_json:
        case ContentFormat::senml_etch_cbor:
        case ContentFormat::json:
        case ContentFormat::lwm2m_cbor: break;
    }
    return 0;
}

// "/?/?/7/0": the levels that stand in are no ids.
std::string shown(const Path& path, std::uint8_t unknown_levels) {
    std::string text;
    for (std::uint8_t i = 0; i < path.depth; ++i) text += i < unknown_levels ? "/?" : '/' + std::to_string(path.ids[i]);
    return text.empty() ? "/" : text;
}

// The path of such a text, for objects.path() and parse_path().
std::string stood_in(std::string text) {
    for (auto at = text.find('?'); at != std::string::npos; at = text.find('?')) {
        text.replace(at, 1, std::to_string(unknown_id));
    }
    return text;
}

// ---- values

Json value_json(const ValueView& value) {
    switch (value.type) {
        case Type::none: break;
        case Type::integer:
        case Type::time: return value.integer;
        case Type::unsigned_integer: return value.unsigned_integer;
        case Type::floating:
            if (std::isfinite(value.floating)) return value.floating;
            return std::isnan(value.floating) ? "nan" : value.floating > 0 ? "inf" : "-inf";
        case Type::boolean: return value.boolean;
        case Type::string:
        case Type::corelnk:
        case Type::opaque:
        case Type::objlnk: return to_string(value);
    }
    return nullptr;
}

Json entry_json(const Entry& entry, const std::string& path) {
    Json json{{"path", path}, {"type", std::string(name(entry.value.type))}};
    if (entry.value.type != Type::none) json["value"] = value_json(entry.value);
    if (entry.time != 0) json["time"] = entry.time;
    return json;
}

std::optional<Type> type_named(std::string_view text) {
    for (const Type type : {Type::none, Type::string, Type::integer, Type::unsigned_integer, Type::floating,
                            Type::boolean, Type::opaque, Type::time, Type::objlnk, Type::corelnk}) {
        if (name(type) == text) return type;
    }
    return std::nullopt;
}

// The value that `json` says, as `type`. Strings and bytes find their home in `storage`.
class ValueReader {
public:
    explicit ValueReader(std::deque<std::vector<std::uint8_t>>& storage) : storage_(storage) {}

    base::Result<ValueView> read(const Json& json, Type type) {
        if (json.is_string()) return from_text(json.get_ref<const std::string&>(), type);
        if (json.is_boolean()) return lwm2m::convert(ValueView::of_boolean(json.get<bool>()), type);
        if (json.is_number_unsigned()) return lwm2m::convert(ValueView::of_unsigned(json.get<std::uint64_t>()), type);
        if (json.is_number_integer()) return lwm2m::convert(ValueView::of_integer(json.get<std::int64_t>()), type);
        if (json.is_number_float()) return lwm2m::convert(ValueView::of_floating(json.get<double>()), type);
        return base::fail("a value is a string, a number or a boolean");
    }

private:
    base::Result<ValueView> from_text(std::string_view text, Type type) {
        if (type == Type::opaque) {
            const auto bytes = base::from_hex(text);
            if (!bytes) return tl::unexpected(bytes.error());
            return ValueView::of_opaque(storage_.emplace_back(*bytes));
        }
        if (type == Type::objlnk) return lwm2m::parse_objlnk(text).map(ValueView::of_objlnk);
        if (type == Type::floating && text == "nan") return ValueView::of_floating(std::nan(""));
        if (type == Type::floating && text == "inf") return ValueView::of_floating(HUGE_VAL);
        if (type == Type::floating && text == "-inf") return ValueView::of_floating(-HUGE_VAL);
        const auto& kept = storage_.emplace_back(text.begin(), text.end());
        return lwm2m::convert(ValueView::of_string(base::as_text(kept)), type);
    }

    std::deque<std::vector<std::uint8_t>>& storage_;
};

// ---- links

Json links_json(const std::vector<lwm2m::Link>& links) {
    Json list = Json::array();
    for (const auto& link : links) {
        Json attributes = Json::array();
        for (const auto& attribute : link.attributes) {
            Json one{{"name", std::string(attribute.name)}};
            if (attribute.has_value) one["value"] = std::string(attribute.value);
            if (attribute.quoted) one["quoted"] = true;
            attributes.push_back(std::move(one));
        }
        list.push_back({{"target", std::string(link.target)}, {"attributes", std::move(attributes)}});
    }
    return list;
}

WireResult<std::vector<std::uint8_t>> compose_links(const Json& links) {
    if (!links.is_array()) return refuse("\"links\" is a list of links");
    std::string text;
    for (std::size_t i = 0; i < links.size(); ++i) {
        const auto target = text_member(links[i], "target");
        if (!target) return refuse(fmt::format("links[{}]: \"target\" is missing", i));
        text += (i == 0 ? "<" : ",<") + *target + '>';
        const Json* const attributes = member(links[i], "attributes");
        if (attributes == nullptr) continue;
        for (const Json& attribute : *attributes) {
            const auto name = text_member(attribute, "name");
            if (!name) return refuse(fmt::format("links[{}]: an attribute without \"name\"", i));
            text += ';' + *name;
            const auto value = text_member(attribute, "value");
            if (!value) continue;
            const Json* const quoted = member(attribute, "quoted");
            text += quoted != nullptr && *quoted == true ? "=\"" + *value + '"' : '=' + *value;
        }
    }
    if (const auto check = lwm2m::parse_links(text); !check) return refuse(check.error());
    return std::vector<std::uint8_t>(text.begin(), text.end());
}

// ---- trees

bool holds_paths(ContentFormat format) {
    return format == ContentFormat::senml_json || format == ContentFormat::senml_cbor ||
           format == ContentFormat::senml_etch_json || format == ContentFormat::senml_etch_cbor ||
           format == ContentFormat::lwm2m_cbor;
}

Json paths_json(const std::vector<Path>& paths) {
    Json list = Json::array();
    for (const Path& path : paths) list.push_back(to_string(path));
    return list;
}

WireResult<std::vector<std::uint8_t>> compose_paths(ContentFormat format, const Json& list) {
    if (!list.is_array()) return refuse("\"paths\" is a list of paths such as \"/3/0\"");
    std::vector<Path> paths;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const auto path = lwm2m::parse_path(list[i].is_string() ? list[i].get<std::string>() : std::string());
        if (!path) return refuse(fmt::format("paths[{}]: {}", i, path.error().what));
        paths.push_back(*path);
    }
    std::vector<std::uint8_t> memory(paths.size() * 64 + 64);
    base::Writer out(memory);
    if (const auto done = lwm2m::encode_paths(format, paths, out); !done) return refuse(done.error());
    memory.resize(out.size());
    return memory;
}

WireResult<std::vector<std::uint8_t>> compose_values(ContentFormat format, const Json& said,
                                                     const lwm2m::ObjectSelection& objects) {
    const Json* const values = member(said, "values");
    if (values == nullptr || !values->is_array()) return refuse("\"values\" is a list of values");
    const auto base = objects.path(stood_in(text_member(said, "path").value_or("/")));
    if (!base) return refuse(base.error().message);

    std::deque<std::vector<std::uint8_t>> storage;
    ValueReader reader(storage);
    std::vector<Entry> entries;
    std::size_t size = 64;
    for (std::size_t i = 0; i < values->size(); ++i) {
        const Json& value = (*values)[i];
        const auto wrong = [&](const char* what) { return refuse(fmt::format("values[{}]: {}", i, what)); };
        const auto path = lwm2m::parse_path(stood_in(text_member(value, "path").value_or("")));
        if (!path) return wrong(path.error().what);
        const auto type_text = text_member(value, "type");
        const auto type = type_text ? type_named(*type_text) : objects.type_of(path->prefix(3));
        if (!type)
            return wrong(
                "\"type\" is none of string, integer, unsigned, float, boolean, opaque, time, objlnk, corelnk, none");
        Entry entry{*path, {}, 0};
        if (*type != Type::none) {
            const Json* const content = member(value, "value");
            if (content == nullptr) return wrong("\"value\" is missing");
            const auto view = reader.read(*content, *type);
            if (!view) return wrong(view.error().what);
            entry.value = *view;
        }
        if (const Json* const time = member(value, "time"); time != nullptr) {
            if (!time->is_number()) return wrong("\"time\" is a number of seconds");
            entry.time = time->get<double>();
        }
        size += entry.value.bytes.size() * 6 + 512;
        entries.push_back(entry);
    }
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.path < b.path; });

    std::vector<std::uint8_t> memory(size);
    base::Writer out(memory);
    if (const auto done = lwm2m::encode(format, *base, entries, out); !done) return refuse(done.error());
    memory.resize(out.size());
    return memory;
}

}  // namespace

const Json* member(const Json& from, const char* name) {
    if (!from.is_object()) return nullptr;
    const auto found = from.find(name);
    return found == from.end() ? nullptr : &*found;
}

std::optional<std::string> text_member(const Json& from, const char* name) {
    const Json* const found = member(from, name);
    if (found == nullptr || !found->is_string()) return std::nullopt;
    return found->get<std::string>();
}

WireResult<WireFormat> wire_format(std::string_view name) {
    if (name == "coap") return WireFormat{};
    if (const auto format = lwm2m::content_format(name)) return WireFormat{format};
    if (const auto number = lwm2m::parse_unsigned(name); number && *number <= UINT16_MAX) {
        if (const auto format = lwm2m::content_format(static_cast<std::uint32_t>(*number))) return WireFormat{format};
    }
    return refuse(
        fmt::format("no format is called \"{}\"; there are coap, text, link, opaque, cbor, senml-json, senml-cbor, "
                    "senml-etch-json, senml-etch-cbor, tlv, json, lwm2m-cbor",
                    name));
}

WireResult<Json> describe(const WireFormat& format, std::optional<Path> path, base::Bytes bytes,
                          const lwm2m::ObjectSelection& objects) {
    if (!format.content) return describe_message(bytes, path, objects);
    return describe_content(*format.content, path, bytes, objects);
}

WireResult<Json> describe_content(ContentFormat format, std::optional<Path> path, base::Bytes bytes,
                                  const lwm2m::ObjectSelection& objects) {
    Json said{{"format", std::string(name(format))}};
    if (format == ContentFormat::link) {
        const auto links = lwm2m::parse_links(base::as_text(bytes));
        if (!links) return refuse(links.error());
        said["links"] = links_json(*links);
        return said;
    }
    const Path base = path.value_or(stand_in(depth_of(format, bytes)));
    lwm2m::Entries entries;
    if (const auto done = lwm2m::decode(format, base, bytes, objects, entries); !done) {
        if (holds_paths(format)) {
            if (const auto paths = lwm2m::decode_paths(format, bytes); paths && !paths->empty()) {
                said["paths"] = paths_json(*paths);
                return said;
            }
        }
        return refuse(done.error());
    }
    const std::uint8_t unknown_levels = path ? 0 : base.depth;
    said["path"] = shown(base, unknown_levels);
    said["values"] = Json::array();
    for (const Entry& entry : entries.entries) {
        said["values"].push_back(entry_json(entry, shown(entry.path, unknown_levels)));
    }
    return said;
}

WireResult<std::vector<std::uint8_t>> compose(const Json& said, const lwm2m::ObjectSelection& objects) {
    if (!said.is_object()) return refuse("expected a JSON object such as decode prints");
    const auto name = text_member(said, "format");
    if (!name) return refuse("\"format\" is missing");
    const auto format = wire_format(*name);
    if (!format) return tl::unexpected(format.error());
    return format->content ? compose_content(said, objects) : compose_message(said, objects);
}

WireResult<std::vector<std::uint8_t>> compose_content(const Json& said, const lwm2m::ObjectSelection& objects) {
    const auto format = wire_format(text_member(said, "format").value_or(""));
    if (!format) return tl::unexpected(format.error());
    if (!format->content) return refuse("a payload has a content format");
    if (const Json* const links = member(said, "links")) return compose_links(*links);
    if (const Json* const paths = member(said, "paths")) return compose_paths(*format->content, *paths);
    return compose_values(*format->content, said, objects);
}

}  // namespace cli
