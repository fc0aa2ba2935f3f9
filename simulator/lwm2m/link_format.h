// Link format (Content-Format 40; RFC 6690): the list of objects in a Register or Update, the answer to a Discover,
// Corelnk values.
//
//   </>;rt="oma.lwm2m";ct="60 110 112 11542",</1>;ver=1.1,</1/0>,</3303/0/5700>;pmin=10;dim=3
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "simulator/base/writer.h"
#include "simulator/lwm2m/content_format.h"
#include "simulator/lwm2m/path.h"

namespace lwm2m {

// ---- reading

struct LinkAttribute {
    std::string_view name;
    std::string_view value;  // without the quotes; backslashes within quotes stay as written
    bool has_value = false;  // `;obs` has none
    bool quoted = false;

    friend bool operator==(const LinkAttribute&, const LinkAttribute&) = default;
};

// All views are on the text that was parsed.
struct Link {
    std::string_view target;  // what stands between < and >
    std::vector<LinkAttribute> attributes;

    // The first attribute of that name, or null.
    const LinkAttribute* find(std::string_view name) const;
};

inline constexpr std::size_t max_links = 65536;
inline constexpr std::size_t max_link_attributes = 64;  // of one link

// Strict: no blanks, no empty links, no comma at the end. An empty text is an empty list.
base::Result<std::vector<Link>> parse_links(std::string_view text, std::size_t limit = max_links);

// Takes one link after the other off a text, without a list of them: the attributes go into the link that the caller
// keeps.
class LinkReader {
public:
    explicit LinkReader(std::string_view text) : text_(text) {}
    std::size_t offset() const { return at_; }
    // False at the end. `link` is overwritten; its memory is used again.
    base::Result<bool> next(Link& link);

private:
    base::Result<void> target(Link& link);
    base::Result<void> attribute(Link& link);
    base::Result<void> attribute_value(LinkAttribute& attribute);
    bool at(char c) const { return at_ < text_.size() && text_[at_] == c; }

    std::string_view text_;
    std::size_t at_ = 0;
    bool first_ = true;
};

// What a Register says about the device's objects (Core 1.1.1, 6.2.1; Transport 1.1.1, 6.4.1).
struct RegisteredObject {
    Path path;                 // /3 or /3/0
    std::string_view version;  // of `;ver=`, as written; empty where it is not stated
    friend bool operator==(const RegisteredObject&, const RegisteredObject&) = default;
};
struct RegisteredObjects {
    std::string_view prefix;  // the alternate path, such as "/lwm2m"; empty for the root
    std::vector<ContentFormat>
        formats;  // of `ct`, those that we know, in the order given; empty where it is not stated
    std::vector<RegisteredObject> objects;  // in the order given
};
// Links outside the prefix, and such that are no object or instance, are not LwM2M's business and left out. The views
// are on `text`.
base::Result<RegisteredObjects> parse_registration(std::string_view text, std::size_t limit = max_links);

// ---- writing

// Puts links one after the other into a Writer; `out.failed()` tells when it was too small.
class LinkWriter {
public:
    // `prefix` is the alternate path of the device ("/lwm2m") or empty; it must outlive the writer.
    explicit LinkWriter(base::Writer& out, std::string_view prefix = {}) : out_(out), prefix_(prefix) {}

    void link(const Path& path);  // starts the next link; the root is "</>"
    // Attributes of the link started last. `name` must be made of the characters of RFC 6690's parmname.
    void flag(std::string_view name);                          // ;obs
    void text(std::string_view name, std::string_view value);  // ;ver=1.1; quoted where it must be
    void quoted(std::string_view name, std::string_view value);
    void number(std::string_view name, std::uint64_t value);
    void number(std::string_view name, double value);  // never with an exponent

private:
    base::Writer& out_;
    std::string_view prefix_;
    bool first_ = true;
};

}  // namespace lwm2m
