#include "simulator/cli/command_codec.h"

#include <istream>
#include <iterator>
#include <ostream>

#include "profiles/object_loader.h"
#include "simulator/cli/wire_json.h"

namespace cli {
namespace {

constexpr int exit_ok = 0;
constexpr int exit_usage = 2;

// Objects as they are newest: a tester's vectors seldom say which version they mean.
const lwm2m::ObjectSelection& objects() {
    static const lwm2m::ObjectSelection selection(profiles::builtin_objects(),
                                                  {.unstated = lwm2m::VersionChoice::Unstated::newest});
    return selection;
}

tl::unexpected<WireError> refuse(std::string message, std::size_t offset = 0) {
    return tl::unexpected<WireError>(WireError{std::move(message), offset});
}

std::string read_all(std::istream& in) {
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Strings of foreign bytes may be no UTF-8: shown with the replacement character rather than not at all.
std::string dump(const Json& json, int indent = -1) {
    return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

// Brackets open at once, outside of strings. A tree of unbounded depth could not even be copied without running out of
// stack.
constexpr std::size_t max_nesting = 64;

bool too_deep(std::string_view text) {
    std::size_t depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') quoted = !quoted;
        if (quoted && text[i] == '\\') ++i;
        if (quoted) continue;
        if (text[i] == '[' || text[i] == '{') ++depth;
        if ((text[i] == ']' || text[i] == '}') && depth > 0) --depth;
        if (depth > max_nesting) return true;
    }
    return false;
}

WireResult<Json> parse(const std::string& text) {
    if (too_deep(text)) return refuse("JSON nested deeper than 64 levels");
    std::size_t offset = 0;
    try {
        return Json::parse(text);
    } catch (const Json::parse_error& error) {
        offset = error.byte > 0 ? error.byte - 1 : 0;
    } catch (const Json::exception&) {
        offset = text.size();
    }
    return refuse("malformed JSON", offset);
}

struct Task {
    std::string as;
    std::optional<std::string> path;
    std::string input;
    bool text = false;
};

WireResult<Json> decode(const Task& task) {
    const auto format = wire_format(task.as);
    if (!format) return tl::unexpected(format.error());
    std::optional<lwm2m::Path> path;
    if (task.path) {
        const auto named = objects().path(*task.path);
        if (!named) return refuse("path: " + named.error().message);
        path = *named;
    }
    if (task.text) return describe(*format, path, base::as_bytes(task.input), objects());
    const auto bytes = base::from_hex(task.input);
    if (!bytes) return refuse(std::string("hex: ") + bytes.error().what, bytes.error().offset);
    return describe(*format, path, *bytes, objects());
}

WireResult<Json> decode_line(const Json& line, const DecodeOptions& defaults) {
    if (!line.is_object()) return refuse("a line is a JSON object: {\"name\", \"as\", \"hex\" or \"text\", \"path\"}");
    Task task{.as = text_member(line, "as").value_or(defaults.as), .path = text_member(line, "path")};
    if (!task.path) task.path = defaults.path;
    if (task.as.empty()) return refuse("\"as\" is missing");
    const auto hex = text_member(line, "hex");
    const auto text = text_member(line, "text");
    if (hex.has_value() == text.has_value()) return refuse("a line has either \"hex\" or \"text\"");
    task.input = hex ? *hex : *text;
    task.text = text.has_value();
    return decode(task);
}

WireResult<Json> encode_line(const Json& line) {
    const auto bytes = compose(line, objects());
    if (!bytes) return tl::unexpected(bytes.error());
    return Json{{"hex", base::to_hex(*bytes)}};
}

// {"name", ...answer}: the name as it came where it is text or a number.
Json named(const Json& line, const WireResult<Json>& answer) {
    const Json* const name = member(line, "name");
    Json json{{"name", name != nullptr && (name->is_string() || name->is_number()) ? *name : Json(nullptr)}};
    if (answer) {
        json.update(*answer);
    } else {
        json["error"] = answer.error().message;
        json["offset"] = answer.error().offset;
    }
    return json;
}

template <class Answer>
int run_batch(std::istream& in, std::ostream& out, Answer answer) {
    std::size_t number = 0;
    for (std::string text; std::getline(in, text);) {
        ++number;
        if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
        const auto line = parse(text);
        const bool usable = line && line->is_object();
        Json reply =
            named(usable ? *line : Json(), line ? answer(*line) : WireResult<Json>(tl::unexpected(line.error())));
        if (!usable) reply["line"] = number;
        out << dump(reply) << '\n' << std::flush;  // whoever writes line by line reads line by line
    }
    return exit_ok;
}

int complain(std::ostream& err, const char* command, const WireError& error) {
    err << "lwm2m-sim " << command << ": " << error.message << " (offset " << error.offset << ")\n";
    return exit_usage;
}

}  // namespace

int run_decode(const DecodeOptions& options, std::istream& in, std::ostream& out, std::ostream& err) {
    if (options.batch) return run_batch(in, out, [&](const Json& line) { return decode_line(line, options); });
    const Task task{.as = options.as,
                    .path = options.path,
                    .input = options.input ? *options.input : read_all(in),
                    .text = options.text};
    const auto said = decode(task);
    if (!said) return complain(err, "decode", said.error());
    out << dump(*said, 2) << '\n';
    return exit_ok;
}

int run_encode(const EncodeOptions& options, std::istream& in, std::ostream& out, std::ostream& err) {
    if (options.batch) return run_batch(in, out, encode_line);
    const auto said = parse(options.input ? *options.input : read_all(in));
    if (!said) return complain(err, "encode", said.error());
    const auto bytes = compose(*said, objects());
    if (!bytes) return complain(err, "encode", bytes.error());
    out << base::to_hex(*bytes) << '\n';
    return exit_ok;
}

}  // namespace cli
