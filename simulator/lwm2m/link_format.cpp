#include "simulator/lwm2m/link_format.h"

#include <algorithm>

#include "simulator/lwm2m/number_text.h"

namespace lwm2m {
namespace {

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// RFC 6690 2: parmname (with "*", which marks an extended value) and ptokenchar.
bool names(char c) { return is_alphanumeric(c) || std::string_view("!#$&+-.^_`|~*").find(c) != std::string_view::npos; }
bool is_token(char c) {
    return is_alphanumeric(c) || std::string_view("!#$%&'()*+-./:<=>?@[]^_`{|}~").find(c) != std::string_view::npos;
}
// What RFC 3986 leaves for a reference, and everything above ASCII.
bool refers(char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f && c != '<' && c != '>' && c != '"'; }

template <class Is>
std::string_view take_while(std::string_view text, std::size_t& at, Is is) {
    const std::size_t start = at;
    while (at < text.size() && is(text[at])) ++at;
    return text.substr(start, at - start);
}

// "60 110 112": the formats that we know among them.
void add_formats(std::string_view list, std::vector<ContentFormat>& formats) {
    while (!list.empty()) {
        const std::size_t blank = std::min(list.find(' '), list.size());
        const auto number = parse_unsigned(list.substr(0, blank));
        if (number && *number <= UINT16_MAX) {
            const auto format = content_format(static_cast<std::uint32_t>(*number));
            if (format && std::find(formats.begin(), formats.end(), *format) == formats.end())
                formats.push_back(*format);
        }
        list.remove_prefix(std::min(blank + 1, list.size()));
    }
}

bool is_lwm2m_root(const Link& link) {
    const LinkAttribute* type = link.find("rt");
    return type != nullptr && type->value == "oma.lwm2m";
}

void set_root(const Link& link, RegisteredObjects& registered) {
    registered.prefix = link.target == "/" ? std::string_view{} : link.target;
    if (registered.prefix.ends_with('/')) registered.prefix.remove_suffix(1);
    if (const LinkAttribute* formats = link.find("ct")) add_formats(formats->value, registered.formats);
}

std::optional<RegisteredObject> as_object(const Link& link, std::string_view prefix) {
    if (!link.target.starts_with(prefix)) return std::nullopt;
    const auto path = parse_path(link.target.substr(prefix.size()));
    if (!path || path->depth == 0 || path->depth > 2) return std::nullopt;
    const LinkAttribute* version = link.find("ver");
    return RegisteredObject{*path, version != nullptr ? version->value : std::string_view{}};
}

}  // namespace

const LinkAttribute* Link::find(std::string_view name) const {
    const auto found =
        std::find_if(attributes.begin(), attributes.end(), [&](const auto& one) { return one.name == name; });
    return found == attributes.end() ? nullptr : &*found;
}

base::Result<bool> LinkReader::next(Link& link) {
    link.attributes.clear();
    if (at_ == text_.size() && first_) return false;
    if (!first_) {
        if (at_ == text_.size()) return false;
        ++at_;  // the comma, which ended the link before
    }
    first_ = false;
    if (const auto done = target(link); !done) return tl::unexpected(done.error());
    while (at(';')) {
        ++at_;
        if (const auto done = attribute(link); !done) return tl::unexpected(done.error());
    }
    if (at_ < text_.size() && !at(',')) return base::fail("expected ';' or ','", at_);
    return true;
}

base::Result<void> LinkReader::target(Link& link) {
    if (!at('<')) return base::fail("a link starts with '<'", at_);
    ++at_;
    link.target = take_while(text_, at_, refers);
    if (!at('>')) return base::fail("a link's target ends with '>'", at_);
    if (link.target.empty()) return base::fail("a link has a target", at_);
    ++at_;
    return {};
}

base::Result<void> LinkReader::attribute(Link& link) {
    if (link.attributes.size() >= max_link_attributes) return base::fail("more attributes than the limit", at_);
    LinkAttribute attribute;
    attribute.name = take_while(text_, at_, names);
    if (attribute.name.empty()) return base::fail("an attribute has a name", at_);
    if (at('=')) {
        ++at_;
        if (const auto done = attribute_value(attribute); !done) return done;
    }
    link.attributes.push_back(attribute);
    return {};
}

base::Result<void> LinkReader::attribute_value(LinkAttribute& attribute) {
    attribute.has_value = true;
    if (!at('"')) {
        attribute.value = take_while(text_, at_, is_token);
        if (attribute.value.empty()) return base::fail("an attribute's value is missing", at_);
        return {};
    }
    attribute.quoted = true;
    const std::size_t start = ++at_;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) return base::fail("a quoted value has no end", start - 1);
    attribute.value = text_.substr(start, at_ - start);
    ++at_;
    return {};
}

base::Result<std::vector<Link>> parse_links(std::string_view text, std::size_t limit) {
    std::vector<Link> links;
    LinkReader reader(text);
    for (Link link;;) {
        const auto more = reader.next(link);
        if (!more) return tl::unexpected(more.error());
        if (!*more) return links;
        if (links.size() >= limit) return base::fail("more links than the limit", reader.offset());
        links.push_back(link);
    }
}

base::Result<RegisteredObjects> parse_registration(std::string_view text, std::size_t limit) {
    RegisteredObjects registered;
    // The root link may stand anywhere, so it is looked for first.
    for (const bool roots : {true, false}) {
        LinkReader reader(text);
        std::size_t count = 0;
        for (Link link;;) {
            const auto more = reader.next(link);
            if (!more) return tl::unexpected(more.error());
            if (!*more) break;
            if (++count > limit) return base::fail("more links than the limit", reader.offset());
            if (is_lwm2m_root(link) || link.target == "/") {
                if (roots) set_root(link, registered);
            } else if (!roots) {
                if (const auto object = as_object(link, registered.prefix)) registered.objects.push_back(*object);
            }
        }
    }
    return registered;
}

void LinkWriter::link(const Path& path) {
    out_.put(first_ ? "<" : ",<");
    first_ = false;
    out_.put(prefix_);
    if (path.depth > 0 || prefix_.empty()) put_path(path, out_);
    out_.put_u8('>');
}

void LinkWriter::flag(std::string_view name) {
    out_.put_u8(';');
    out_.put(name);
}

void LinkWriter::text(std::string_view name, std::string_view value) {
    if (value.empty() || !std::all_of(value.begin(), value.end(), is_token)) return quoted(name, value);
    flag(name);
    out_.put_u8('=');
    out_.put(value);
}

void LinkWriter::quoted(std::string_view name, std::string_view value) {
    flag(name);
    out_.put("=\"");
    for (const char c : value) {
        if (c == '"' || c == '\\') out_.put_u8('\\');
        out_.put_u8(static_cast<std::uint8_t>(c));
    }
    out_.put_u8('"');
}

void LinkWriter::number(std::string_view name, std::uint64_t value) {
    flag(name);
    out_.put_u8('=');
    put_number(value, out_);
}

void LinkWriter::number(std::string_view name, double value) {
    flag(name);
    out_.put_u8('=');
    put_number(value, FloatText::fixed, out_);
}

}  // namespace lwm2m
