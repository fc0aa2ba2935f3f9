#include "simulator/lwm2m/codec_json.h"

#include <cmath>
#include <deque>
#include <iterator>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "simulator/lwm2m/base64.h"
#include "simulator/lwm2m/json_text.h"
#include "simulator/lwm2m/number_text.h"
#include "simulator/lwm2m/senml.h"

namespace lwm2m {
namespace {

using nlohmann::json;

// ---- reading: nlohmann's parser, over an iterator that tells how far it has come

class Tracked {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    Tracked(const char* at, const char** reached) : at_(at), reached_(reached) {}
    reference operator*() const { return *at_; }
    Tracked& operator++() {
        *reached_ = ++at_;
        return *this;
    }
    Tracked operator++(int) {
        Tracked before = *this;
        ++*this;
        return before;
    }
    friend bool operator==(const Tracked& a, const Tracked& b) { return a.at_ == b.at_; }

private:
    const char* at_;
    const char** reached_;
};

// nlohmann's SAX interface; the names are its own.
class Sax {
public:
    Sax(JsonEvents& events, std::size_t max_depth, const char* first, const char* const& reached)
        : events_(events), left_(max_depth), first_(first), reached_(reached) {}

    base::Error error{"malformed JSON", 0};

    bool null() { return scalar(ValueView{}); }
    bool boolean(bool truth) { return scalar(ValueView::of_boolean(truth)); }
    bool number_integer(std::int64_t number) { return this->number(ValueView::of_integer(number)); }
    bool number_unsigned(std::uint64_t number) {
        const auto signed_number = convert(ValueView::of_unsigned(number), Type::integer);
        return this->number(signed_number ? *signed_number : ValueView::of_unsigned(number));
    }
    bool number_float(double number, const std::string&) { return this->number(ValueView::of_floating(number)); }
    bool string(std::string& text) { return scalar(ValueView::of_string(text)); }
    bool binary(json::binary_t&) { return false; }
    bool start_object(std::size_t) { return deeper() && tell(events_.begin_object(offset())); }
    bool end_object() { return ++left_ > 0 && tell(events_.end_object(offset())); }
    bool start_array(std::size_t) { return deeper() && tell(events_.begin_array(offset())); }
    bool end_array() { return ++left_ > 0 && tell(events_.end_array(offset())); }
    bool key(std::string& name) { return tell(events_.key(name, offset())); }
    bool parse_error(std::size_t position, const std::string&, const json::exception& exception) {
        // 406: a number beyond the range of a double.
        error = {exception.id == 406 ? "number beyond the range of a double" : "malformed JSON",
                 position > 0 ? position - 1 : 0};
        return false;
    }

private:
    std::size_t offset() const { return static_cast<std::size_t>(reached_ - first_); }
    bool scalar(const ValueView& value) { return tell(events_.scalar(value, offset())); }
    // Only the character behind a number ends it: the parser has read that too.
    bool number(const ValueView& value) { return tell(events_.scalar(value, offset() - (offset() > 0 ? 1 : 0))); }
    bool tell(const base::Result<void>& done) {
        if (!done) error = done.error();
        return done.has_value();
    }
    bool deeper() {
        if (left_ == 0) {
            error = {"nested deeper than the limit", offset()};
            return false;
        }
        --left_;
        return true;
    }

    JsonEvents& events_;
    std::size_t left_;
    const char* first_;
    const char* const& reached_;
};

// ---- LwM2M JSON

enum class Field { ignored, base_name, base_time, elements, name, time, number, string, boolean, link };

Field outer_field(std::string_view name) {
    if (name == "bn") return Field::base_name;
    if (name == "bt") return Field::base_time;
    if (name == "e") return Field::elements;
    return Field::ignored;
}

Field inner_field(std::string_view name) {
    if (name == "n") return Field::name;
    if (name == "t") return Field::time;
    if (name == "v") return Field::number;
    if (name == "sv") return Field::string;
    if (name == "bv") return Field::boolean;
    if (name == "ov") return Field::link;
    return Field::ignored;
}

struct Element {
    std::optional<std::string> name;
    std::optional<double> time;
    Value value;
    std::size_t offset = 0;
};

bool is_number(const ValueView& value) {
    return value.type == Type::integer || value.type == Type::unsigned_integer || value.type == Type::floating;
}

// Collects the elements first: "bn" and "bt" may stand behind "e".
class JsonDecoder : public JsonEvents {
public:
    explicit JsonDecoder(EntrySink& sink) : sink_(sink) {}

    base::Result<void> begin_object(std::size_t offset) override {
        if (skipping()) return deeper();
        if (level_ == Level::start)
            level_ = Level::object;
        else if (level_ == Level::elements)
            return begin_element(offset);
        else if (field_ == Field::ignored)
            return deeper();
        else
            return base::fail("an object where a value is expected", offset);
        return {};
    }
    base::Result<void> end_object(std::size_t offset) override {
        if (skipping()) return shallower();
        if (level_ == Level::object) {
            level_ = Level::start;
            return {};
        }
        level_ = Level::elements;
        if (elements_.back().value.type() == Type::none) return base::fail("an element without a value", offset);
        return {};
    }
    base::Result<void> begin_array(std::size_t offset) override {
        if (skipping()) return deeper();
        if (level_ == Level::object && field_ == Field::elements) {
            if (has_elements_) return base::fail("\"e\" is given twice", offset);
            has_elements_ = true;
            level_ = Level::elements;
            return {};
        }
        if ((level_ == Level::object || level_ == Level::element) && field_ == Field::ignored) return deeper();
        return base::fail("an array where it may not stand", offset);
    }
    base::Result<void> end_array(std::size_t) override {
        if (skipping()) return shallower();
        level_ = Level::object;
        return {};
    }
    base::Result<void> key(std::string_view name, std::size_t) override {
        if (!skipping()) field_ = level_ == Level::object ? outer_field(name) : inner_field(name);
        return {};
    }
    base::Result<void> scalar(const ValueView& value, std::size_t offset) override {
        if (skipping()) return {};
        if (level_ == Level::object) return outer(value, offset);
        if (level_ == Level::element) return inner(value, offset);
        return base::fail("LwM2M JSON is an object with an array \"e\"", offset);
    }

    base::Result<void> finish() {
        if (!has_elements_) return base::fail("LwM2M JSON is an object with an array \"e\"");
        for (const Element& element : elements_) {
            const auto path = resolve(element);
            if (!path) return base::fail(path.error().what, element.offset);
            if (const auto done = add(*path, element); !done) return done;
        }
        return {};
    }

private:
    enum class Level { start, object, elements, element };

    bool skipping() const { return skipped_ > 0; }
    base::Result<void> deeper() {
        ++skipped_;
        return {};
    }
    base::Result<void> shallower() {
        --skipped_;
        return {};
    }

    base::Result<void> begin_element(std::size_t offset) {
        if (elements_.size() >= sink_.limits().max_entries) return base::fail("more values than the limit", offset);
        elements_.push_back({.offset = offset > 0 ? offset - 1 : 0});
        level_ = Level::element;
        return {};
    }

    base::Result<void> outer(const ValueView& value, std::size_t offset) {
        if (field_ == Field::elements) return base::fail("\"e\" is an array", offset);
        if (field_ == Field::base_name) return set(base_name_, value, offset);
        if (field_ == Field::base_time) return set(base_time_, value, offset);
        return {};
    }

    base::Result<void> inner(const ValueView& value, std::size_t offset) {
        Element& element = elements_.back();
        if (field_ == Field::name) return set(element.name, value, offset);
        if (field_ == Field::time) return set(element.time, value, offset);
        if (field_ == Field::ignored) return {};
        if (element.value.type() != Type::none) return base::fail("an element has two values", offset);
        const bool right = field_ == Field::number    ? is_number(value)
                           : field_ == Field::boolean ? value.type == Type::boolean
                                                      : value.type == Type::string;
        if (!right) return base::fail("a value of another kind than its field", offset);
        if (field_ != Field::link) {
            element.value = value;
            return {};
        }
        const auto link = parse_objlnk(value.text());
        if (!link) return base::fail(link.error().what, offset);
        element.value = ValueView::of_objlnk(*link);
        return {};
    }

    static base::Result<void> set(std::optional<std::string>& field, const ValueView& value, std::size_t offset) {
        if (value.type != Type::string) return base::fail("a name is a string", offset);
        if (field) return base::fail("a name is given twice", offset);
        field = std::string(value.text());
        return {};
    }
    static base::Result<void> set(std::optional<double>& field, const ValueView& value, std::size_t offset) {
        if (!is_number(value)) return base::fail("a time is a number", offset);
        if (field) return base::fail("a time is given twice", offset);
        field = to_number(value);
        return {};
    }

    // "/3/0/" + "9", "/3/0" + "9" and "/" + "/3/0/9" are all /3/0/9.
    base::Result<Path> resolve(const Element& element) const {
        std::string name = base_name_.value_or(to_string(sink_.base()));
        const std::string_view rest = element.name ? std::string_view(*element.name) : std::string_view{};
        if (!rest.empty()) {
            if (name.ends_with('/')) name.pop_back();
            if (!rest.starts_with('/')) name += '/';
            name += rest;
        } else if (name.size() > 1 && name.ends_with('/')) {
            name.pop_back();
        }
        const auto path = parse_path(name);
        if (!path) return base::fail("the name is no path such as /3/0/9");
        return path;
    }

    base::Result<void> add(const Path& path, const Element& element) {
        const double time = base_time_.value_or(0) + element.time.value_or(0);
        if (!std::isfinite(time)) return base::fail("time is not a finite number", element.offset);
        const ValueView value = element.value.view();
        if (value.type != Type::string) return sink_.add(path, value, element.offset, time);
        if (sink_.type_of(path) != Type::opaque) {
            const auto bytes = sink_.keep({value.bytes.begin(), value.bytes.end()});
            return sink_.add(path, ValueView::of_string(base::as_text(bytes)), element.offset, time);
        }
        auto bytes = from_base64(value.text());
        if (!bytes) return base::fail(bytes.error().what, element.offset);
        return sink_.add(path, ValueView::of_opaque(sink_.keep(std::move(*bytes))), element.offset, time);
    }

    EntrySink& sink_;
    Level level_ = Level::start;
    Field field_ = Field::ignored;
    std::size_t skipped_ = 0;  // levels open below a field that means nothing to us
    std::optional<std::string> base_name_;
    std::optional<double> base_time_;
    bool has_elements_ = false;
    std::deque<Element> elements_;
};

// ---- writing

base::Result<void> put_value(const ValueView& value, base::Writer& out) {
    switch (value.type) {
        case Type::none: return base::fail("LwM2M JSON needs a value");
        case Type::string:
        case Type::corelnk:
            out.put("\"sv\":");
            put_json_string(value.text(), out);
            break;
        case Type::integer:
        case Type::time:
            out.put("\"v\":");
            put_number(value.integer, out);
            break;
        case Type::unsigned_integer:
            out.put("\"v\":");
            put_number(value.unsigned_integer, out);
            break;
        case Type::floating:
            out.put("\"v\":");
            put_json_float(value.floating, out);
            break;
        case Type::boolean: out.put(value.boolean ? "\"bv\":true" : "\"bv\":false"); break;
        case Type::opaque:
            out.put("\"sv\":\"");
            put_base64(value.bytes, Base64::standard, out);
            out.put_u8('"');
            break;
        case Type::objlnk:
            out.put("\"ov\":\"");
            put_objlnk(value.objlnk, out);
            out.put_u8('"');
            break;
    }
    return {};
}

base::Result<void> put_element(const SenmlNames& names, const Entry& entry, base::Writer& out) {
    out.put("{\"n\":\"");
    names.put_name(entry.path, out);
    out.put("\",");
    if (entry.time != 0) {
        out.put("\"t\":");
        put_json_float(entry.time, out);
        out.put_u8(',');
    }
    const auto done = put_value(entry.value, out);
    out.put_u8('}');
    return done;
}

}  // namespace

base::Result<void> read_json(base::Bytes text, std::size_t max_depth, JsonEvents& events) {
    const char* const first = reinterpret_cast<const char*>(text.data());
    const char* const last = first + text.size();
    const char* reached = first;
    Sax sax(events, max_depth, first, reached);
    // A byte order mark is no JSON (RFC 8259 8.1), though the parser would skip it.
    if (base::as_text(text).starts_with("\xEF\xBB\xBF")) return base::fail("malformed JSON", 0);
    if (json::sax_parse(Tracked(first, &reached), Tracked(last, &reached), &sax)) return {};
    return tl::unexpected(sax.error);
}

base::Result<void> encode_json(const Path& base, std::span<const Entry> entries, base::Writer& out) {
    const SenmlNames names(base, entries);
    out.put("{\"bn\":\"");
    names.put_base_name(out);
    out.put("\",\"e\":[");
    bool first = true;
    for (const Entry& entry : entries) {
        if (entry.value.type == Type::none) continue;
        if (!first) out.put_u8(',');
        first = false;
        if (const auto done = put_element(names, entry, out); !done) return done;
    }
    out.put("]}");
    return {};
}

base::Result<void> decode_json(base::Bytes payload, EntrySink& sink) {
    JsonDecoder decoder(sink);
    if (const auto done = read_json(payload, sink.limits().max_depth, decoder); !done) return done;
    return decoder.finish();
}

}  // namespace lwm2m
