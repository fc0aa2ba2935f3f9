#include "simulator/server/payload.h"

#include <algorithm>
#include <array>

#include "profiles/value_text.h"

namespace server {
namespace {

using lwm2m::ContentFormat;

// Every device since 1.0 reads TLV unless it says what it reads instead (Transport 1.1.1, 6.4.5).
ContentFormat best_format(const ObjectList& list) {
    constexpr std::array preferred{ContentFormat::tlv, ContentFormat::senml_cbor, ContentFormat::lwm2m_cbor,
                                   ContentFormat::senml_json, ContentFormat::json};
    if (list.formats.empty()) return ContentFormat::tlv;
    const auto found = std::find_first_of(preferred.begin(), preferred.end(), list.formats.begin(), list.formats.end());
    return found == preferred.end() ? ContentFormat::tlv : *found;
}

}  // namespace

const lwm2m::ResourceModel* ClientTypes::resource(const lwm2m::Path& path) const {
    if (objects_ == nullptr || path.depth < 3) return nullptr;
    const auto stated = std::find_if(list_.versions.begin(), list_.versions.end(),
                                     [&](const auto& version) { return version.first == path.object(); });
    const auto* model = stated == list_.versions.end() ? nullptr : objects_->find(path.object(), stated->second);
    if (model == nullptr) model = objects_->newest(path.object());
    return model == nullptr ? nullptr : model->find(path.resource());
}

lwm2m::Type ClientTypes::type_of(const lwm2m::Path& path) const {
    const auto* model = resource(path);
    return model == nullptr ? lwm2m::Type::none : model->type;
}

bool ClientTypes::is_multiple(const lwm2m::Path& path) const {
    const auto* model = resource(path);
    return model != nullptr && model->multiple;
}

base::Result<ContentFormat> encode_values(const ObjectList& list, const lwm2m::ObjectRegistry* objects,
                                          const lwm2m::Path& base,
                                          std::span<const std::pair<lwm2m::Path, std::string>> values,
                                          std::optional<ContentFormat> format, base::Writer& out) {
    const ClientTypes types(list, objects);
    std::vector<lwm2m::Value> owners;
    std::vector<lwm2m::Entry> entries;
    owners.reserve(values.size());
    for (const auto& [path, text] : values) {
        if (path.depth < 3) return base::fail("a value needs the path of a resource");
        const auto type = types.type_of(path);
        const auto value = profiles::read_value(text, type == lwm2m::Type::none ? lwm2m::Type::string : type);
        if (!value) return tl::unexpected(value.error());
        owners.push_back(*value);
        entries.push_back({.path = path, .value = owners.back().view(), .time = 0});
    }
    const auto chosen = format.value_or(best_format(list));
    const auto encoded = lwm2m::encode(chosen, base, entries, out);
    if (!encoded) return tl::unexpected(encoded.error());
    return chosen;
}

ContentFormat composite_format(const ObjectList& list) {
    constexpr std::array preferred{ContentFormat::senml_cbor, ContentFormat::senml_json, ContentFormat::lwm2m_cbor};
    const auto found = std::find_first_of(preferred.begin(), preferred.end(), list.formats.begin(), list.formats.end());
    return found == preferred.end() ? ContentFormat::senml_cbor : *found;
}

ContentFormat answer_format(ContentFormat of_request) {
    if (of_request == ContentFormat::senml_etch_json) return ContentFormat::senml_json;
    if (of_request == ContentFormat::senml_etch_cbor) return ContentFormat::senml_cbor;
    return of_request;
}

base::Result<std::vector<NamedValue>> decode_values(const ObjectList& list, const lwm2m::ObjectRegistry* objects,
                                                    const lwm2m::Path& base, std::uint16_t format,
                                                    base::Bytes payload) {
    const auto known = lwm2m::content_format(std::uint32_t{format});
    if (!known) return base::fail("a Content-Format that is not known");
    const ClientTypes types(list, objects);
    lwm2m::Entries entries;
    const auto decoded = lwm2m::decode(*known, base, payload, types, entries);
    if (!decoded) return tl::unexpected(decoded.error());
    std::vector<NamedValue> values;
    for (const auto& entry : entries.entries) {
        values.push_back({entry.path, lwm2m::Value(entry.value), types.resource(entry.path), entry.time});
    }
    return values;
}

}  // namespace server
