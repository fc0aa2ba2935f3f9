#include "simulator/lwm2m/codec_senml_json.h"

#include "simulator/lwm2m/base64.h"
#include "simulator/lwm2m/codec_json.h"
#include "simulator/lwm2m/json_text.h"
#include "simulator/lwm2m/number_text.h"
#include "simulator/lwm2m/senml.h"

namespace lwm2m {
namespace {

enum class Field : std::uint8_t {
    ignored,
    base_version,
    base_name,
    base_time,
    base_value,
    name,
    time,
    number,
    string,
    boolean,
    data,
    link
};

// The newest version of SenML there is (RFC 8428 4.4): a pack of a later one may not be read.
constexpr double newest_version = 10;

base::Result<Field> field_of(std::string_view name, std::size_t offset) {
    if (name == "bver") return Field::base_version;
    if (name == "bn") return Field::base_name;
    if (name == "bt") return Field::base_time;
    if (name == "bv") return Field::base_value;
    if (name == "n") return Field::name;
    if (name == "t") return Field::time;
    if (name == "v") return Field::number;
    if (name == "vs") return Field::string;
    if (name == "vb") return Field::boolean;
    if (name == "vd") return Field::data;
    if (name == "vlo") return Field::link;
    // RFC 8428 4.4: a label that ends in "_" must be understood, or the pack be refused.
    if (name.ends_with('_')) return base::fail("a SenML field that must be understood is not", offset);
    return Field::ignored;
}

bool is_number(const ValueView& value) {
    return value.type == Type::integer || value.type == Type::unsigned_integer || value.type == Type::floating;
}

class PackReader : public JsonEvents {
public:
    enum class Records { values, paths };
    PackReader(EntrySink& sink, Records records) : sink_(sink), records_(records) {}

    base::Result<void> begin_array(std::size_t offset) override {
        if (skipped_ > 0 || (level_ == Level::record && field_ == Field::ignored)) return deeper();
        if (level_ != Level::start) return base::fail("an array where a value is expected", offset);
        level_ = Level::pack;
        return {};
    }
    base::Result<void> end_array(std::size_t) override {
        if (skipped_ > 0) return shallower();
        level_ = Level::start;
        return {};
    }
    base::Result<void> begin_object(std::size_t offset) override {
        if (skipped_ > 0 || (level_ == Level::record && field_ == Field::ignored)) return deeper();
        if (level_ == Level::start) return base::fail("a SenML pack is an array", offset - 1);
        if (level_ == Level::record) return base::fail("an object where a value is expected", offset - 1);
        level_ = Level::record;
        record_ = {.offset = offset - 1};
        seen_ = 0;
        return {};
    }
    base::Result<void> end_object(std::size_t) override {
        if (skipped_ > 0) return shallower();
        level_ = Level::pack;
        return finish_record();
    }
    base::Result<void> key(std::string_view name, std::size_t offset) override {
        if (skipped_ > 0) return {};
        const auto field = field_of(name, offset);
        if (!field) return tl::unexpected(field.error());
        field_ = *field;
        if (field_ == Field::ignored) return {};
        const std::uint32_t bit = 1u << static_cast<unsigned>(field_);
        if ((seen_ & bit) != 0) return base::fail("a SenML field is given twice", offset);
        seen_ |= bit;
        return {};
    }
    base::Result<void> scalar(const ValueView& value, std::size_t offset) override {
        if (skipped_ > 0) return {};
        switch (level_) {
            case Level::start: return base::fail("a SenML pack is an array", 0);
            case Level::pack: return base::fail("a SenML record is an object", offset);
            case Level::record: break;
        }
        return assign(value, offset);
    }

private:
    enum class Level { start, pack, record };

    base::Result<void> deeper() {
        ++skipped_;
        return {};
    }
    base::Result<void> shallower() {
        --skipped_;
        return {};
    }

    base::Result<void> assign(const ValueView& value, std::size_t offset) {
        switch (field_) {
            case Field::ignored: return {};
            case Field::base_version:
                if (!is_number(value) || to_number(value) > newest_version)
                    return base::fail("SenML of a version that is not known", offset);
                return {};
            case Field::base_name:
                if (value.type != Type::string) return base::fail("expected a string", offset);
                record_.base_name = (base_name_ = value.text());
                return {};
            case Field::name:
                if (value.type != Type::string) return base::fail("expected a string", offset);
                record_.name = (name_ = value.text());
                return {};
            case Field::base_time:
            case Field::time:
            case Field::base_value:
                if (!is_number(value)) return base::fail("expected a number", offset);
                if (field_ == Field::base_time) record_.base_time = to_number(value);
                if (field_ == Field::time) record_.time = to_number(value);
                if (field_ == Field::base_value) record_.base_value = value;
                return {};
            case Field::number:
            case Field::string:
            case Field::boolean:
            case Field::data:
            case Field::link: return set_value(value, offset);
        }
        return {};
    }

    base::Result<void> set_value(const ValueView& value, std::size_t offset) {
        if (record_.value.type != Type::none) return base::fail("a SenML record has two values", offset);
        const auto view = value_of(value, offset);
        if (!view) return tl::unexpected(view.error());
        record_.value = *view;
        return {};
    }

    base::Result<ValueView> value_of(const ValueView& value, std::size_t offset) {
        if (field_ == Field::number) {
            if (!is_number(value)) return base::fail("expected a number", offset);
            return value;
        }
        if (field_ == Field::boolean) {
            if (value.type != Type::boolean) return base::fail("expected true or false", offset);
            return value;
        }
        if (value.type != Type::string) return base::fail("expected a string", offset);
        if (field_ == Field::string) {
            const auto kept = sink_.keep({value.bytes.begin(), value.bytes.end()});
            return ValueView::of_string(base::as_text(kept));
        }
        if (field_ == Field::link) {
            const auto link = parse_objlnk(value.text());
            if (!link) return base::fail(link.error().what, offset);
            return ValueView::of_objlnk(*link);
        }
        auto bytes = from_base64(value.text());
        if (!bytes) return base::fail(bytes.error().what, offset);
        return ValueView::of_opaque(sink_.keep(std::move(*bytes)));
    }

    base::Result<void> finish_record() {
        const auto record = resolver_.resolve(record_);
        if (!record) return tl::unexpected(record.error());
        const bool valued = record->value.type != Type::none;
        if (records_ == Records::paths) {
            if (valued) return base::fail("a value where only paths are expected", record_.offset);
            return sink_.add(record->path, ValueView{}, record_.offset);
        }
        if (!valued) return base::fail("a SenML record without a value", record_.offset);
        return sink_.add(record->path, record->value, record_.offset, record->time);
    }

    EntrySink& sink_;
    Records records_;
    Level level_ = Level::start;
    Field field_ = Field::ignored;
    std::size_t skipped_ = 0;  // levels open below a field that means nothing to us
    std::uint32_t seen_ = 0;   // fields of this record, by bit
    SenmlRecord record_;
    std::string base_name_, name_;  // what the record's views point to
    SenmlResolver resolver_;
};

// ---- writing

void put_value(const ValueView& value, base::Writer& out) {
    switch (value.type) {
        case Type::none: return;
        case Type::string:
        case Type::corelnk: out.put("\"vs\":"); return put_json_string(value.text(), out);
        case Type::integer:
        case Type::time: out.put("\"v\":"); return put_number(value.integer, out);
        case Type::unsigned_integer: out.put("\"v\":"); return put_number(value.unsigned_integer, out);
        case Type::floating: out.put("\"v\":"); return put_json_float(value.floating, out);
        case Type::boolean: return out.put(value.boolean ? "\"vb\":true" : "\"vb\":false");
        case Type::opaque:
            out.put("\"vd\":\"");
            put_base64(value.bytes, Base64::url, out);
            return out.put_u8('"');
        case Type::objlnk:
            out.put("\"vlo\":\"");
            put_objlnk(value.objlnk, out);
            return out.put_u8('"');
    }
}

}  // namespace

base::Result<void> encode_senml_json(const Path& base, std::span<const Entry> entries, base::Writer& out) {
    const SenmlNames names(base, entries);
    bool first = true;
    double base_time = 0;
    out.put_u8('[');
    for (const Entry& entry : entries) {
        if (entry.value.type == Type::none) continue;
        out.put(first ? "{\"bn\":\"" : ",{");
        if (first) {
            names.put_base_name(out);
            out.put("\",");
        }
        if (entry.time != base_time) {
            out.put("\"bt\":");
            put_json_float(base_time = entry.time, out);
            out.put_u8(',');
        }
        if (entry.path.depth > base.depth) {
            out.put("\"n\":\"");
            names.put_name(entry.path, out);
            out.put("\",");
        }
        put_value(entry.value, out);
        out.put_u8('}');
        first = false;
    }
    out.put_u8(']');
    return {};
}

base::Result<void> decode_senml_json(base::Bytes payload, EntrySink& sink) {
    PackReader reader(sink, PackReader::Records::values);
    return read_json(payload, sink.limits().max_depth, reader);
}

void encode_senml_json_paths(std::span<const Path> paths, base::Writer& out) {
    out.put_u8('[');
    for (std::size_t i = 0; i < paths.size(); ++i) {
        out.put(i == 0 ? "{\"n\":\"" : ",{\"n\":\"");
        put_path(paths[i], out);
        out.put("\"}");
    }
    out.put_u8(']');
}

base::Result<void> decode_senml_json_paths(base::Bytes payload, EntrySink& sink) {
    PackReader reader(sink, PackReader::Records::paths);
    return read_json(payload, sink.limits().max_depth, reader);
}

}  // namespace lwm2m
