#include "profiles/yaml.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace profiles {

struct Node::Data {
    Kind kind = Kind::null;
    bool quoted = false;
    Place place;
    std::string text;
    std::vector<Node> items;
    std::vector<Entry> entries;
    std::size_t weight = 1;
    std::size_t height = 1;

    void hold(const Node& child) {
        constexpr std::size_t most = std::numeric_limits<std::size_t>::max() / 2;
        weight = std::min(most, weight + child.weight());
        height = std::max(height, child.height() + 1);
    }
};

Node::Node() {
    static const auto nowhere = std::make_shared<const Data>();
    data_ = nowhere;
}

Node Node::make_null(Place place) {
    auto data = std::make_shared<Data>();
    data->place = std::move(place);
    return Node(std::move(data));
}

Node Node::make_scalar(std::string text, Place place, bool quoted) {
    auto data = std::make_shared<Data>();
    data->kind = Kind::scalar;
    data->quoted = quoted;
    data->place = std::move(place);
    data->text = std::move(text);
    return Node(std::move(data));
}

Node Node::make_sequence(std::vector<Node> items, Place place) {
    auto data = std::make_shared<Data>();
    data->kind = Kind::sequence;
    data->place = std::move(place);
    for (const Node& item : items) data->hold(item);
    data->items = std::move(items);
    return Node(std::move(data));
}

Node Node::make_map(std::vector<Entry> entries, Place place) {
    auto data = std::make_shared<Data>();
    data->kind = Kind::map;
    data->place = std::move(place);
    for (const Entry& entry : entries) data->hold(entry.value);
    data->entries = std::move(entries);
    return Node(std::move(data));
}

Node::Kind Node::kind() const { return data_->kind; }
const std::string& Node::text() const { return data_->text; }
bool Node::quoted() const { return data_->quoted; }
std::span<const Node> Node::items() const { return data_->items; }
std::span<const Node::Entry> Node::entries() const { return data_->entries; }
const Place& Node::place() const { return data_->place; }
std::size_t Node::weight() const { return data_->weight; }
std::size_t Node::height() const { return data_->height; }

const Node::Entry* Node::find_entry(std::string_view key) const {
    for (const Entry& entry : data_->entries) {
        if (entry.key == key) return &entry;
    }
    return nullptr;
}

const Node* Node::find(std::string_view key) const {
    const Entry* entry = find_entry(key);
    return entry == nullptr ? nullptr : &entry->value;
}

std::string_view name(Node::Kind kind) {
    switch (kind) {
        case Node::Kind::null: return "null";
        case Node::Kind::scalar: return "a value";
        case Node::Kind::sequence: return "a list";
        case Node::Kind::map: return "a map";
    }
    return "null";
}

namespace {

// Thrown out of the parser's events when a bound is broken; caught in parse_yaml().
struct BoundBroken {
    Place place;
    std::string message;
};

// Where the lines of a text begin, so that a mark of the parser becomes a place.
class Lines {
public:
    explicit Lines(std::shared_ptr<const Source> source) : source_(std::move(source)) {
        starts_.push_back(0);
        const std::string& text = source_->text;
        for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1))
            starts_.push_back(at + 1);
    }

    Place place(const YAML::Mark& mark) const {
        if (mark.is_null()) return Place{source_, 0, 0, 1};
        return Place{source_, static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1),
                     1};
    }
    Place file() const { return Place{source_, 0, 0, 1}; }

    // The text from `place` to the end of the file.
    std::string_view rest(const Place& place) const {
        const std::string_view text = source_->text;
        if (place.line == 0 || place.line > starts_.size()) return {};
        return text.substr(std::min(text.size(), starts_[place.line - 1] + place.column - 1));
    }

private:
    std::shared_ptr<const Source> source_;
    std::vector<std::size_t> starts_;
};

// Offset behind the closing quote of the quoted scalar that `text` begins with, or npos where it is not closed.
std::size_t quoted_length(std::string_view text) {
    const char quote = text.front();
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '\\' && quote == '"') {
            ++i;
        } else if (text[i] == quote) {
            if (quote == '"' || i + 1 == text.size() || text[i + 1] != quote) return i + 1;
            ++i;
        }
    }
    return std::string_view::npos;
}

// What stands before a value: anchors and tags, each up to the next blank.
std::string_view skip_properties(std::string_view text) {
    while (!text.empty() && (text.front() == '&' || text.front() == '!')) {
        text.remove_prefix(std::min(text.size(), text.find_first_of(" \t\r\n")));
        text.remove_prefix(std::min(text.size(), text.find_first_not_of(" \t\r\n")));
    }
    return text;
}

bool is_variable_name(std::string_view name) {
    return !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
           name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
               std::string_view::npos;
}

// ${VAR} and ${VAR:-default} in one scalar.
class Expansion {
public:
    Expansion(const YamlOptions& options, const Place& place, Diagnostics& diagnostics)
        : options_(options), place_(place), diagnostics_(diagnostics) {}

    std::string expand(const std::string& text) {
        std::string_view left = text;
        std::string whole;
        for (;;) {
            const auto open = left.find("${");
            whole += left.substr(0, open);
            if (open == std::string_view::npos) return whole;
            left.remove_prefix(open + 2);
            if (whole.ends_with('$')) {  // "$${": a plain "${"
                whole += '{';
                continue;
            }
            const auto close = left.find('}');
            if (close == std::string_view::npos) {
                diagnostics_.error(place_, "'${' without its '}'", "write '$${' for a plain '${'");
                return text;
            }
            append_variable(left.substr(0, close), whole);
            left.remove_prefix(close + 1);
            if (whole.size() > options_.size_cap)
                throw BoundBroken{place_, "the value is too large once its variables are expanded"};
        }
    }

private:
    void append_variable(std::string_view inside, std::string& whole) {
        const auto separator = inside.find(":-");
        const std::string_view variable = inside.substr(0, separator);
        if (!is_variable_name(variable)) {
            diagnostics_.error(place_, fmt::format("'{}' is no name of a variable", printable(variable)),
                               "as in ${FLEET:-test}");
            return;
        }
        const auto value = options_.environment ? options_.environment(variable) : std::nullopt;
        if (value && !(value->empty() && separator != std::string_view::npos)) {
            whole += *value;
        } else if (separator != std::string_view::npos) {
            whole += inside.substr(separator + 2);
        } else {
            diagnostics_.error(place_, fmt::format("the variable {} is not set", variable),
                               fmt::format("set it, or give a default: ${{{}:-value}}", variable));
        }
    }

    const YamlOptions& options_;
    const Place& place_;
    Diagnostics& diagnostics_;
};

// Builds the tree from the parser's events; the bounds are held here, while the parser runs.
class Builder final : public YAML::EventHandler {
public:
    Builder(const Lines& lines, const YamlOptions& options, Diagnostics& diagnostics)
        : lines_(lines), options_(options), diagnostics_(diagnostics), root_(Node::make_null(lines.file())) {}

    const Node& root() const { return root_; }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ > 1)
            throw BoundBroken{lines_.place(mark), "a second document in the file; one is what is read"};
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        count(lines_.place(mark), 1);
        finish(Node::make_null(lines_.place(mark)), anchor);
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const Place place = lines_.place(mark);
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end()) {
            diagnostics_.error(place, "the alias stands inside its own anchor: that would never end");
            finish(Node::make_null(place), 0);
            return;
        }
        count(place, found->second.weight());
        check_depth(place, stack_.size() + found->second.height());
        finish(found->second, 0);
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        Place place = lines_.place(mark);
        count(place, 1);
        check_tag(tag, place);
        const std::string_view source = skip_properties(lines_.rest(place));
        const bool quoted = tag != "?";
        const bool in_quotes = quoted && !source.empty() && (source.front() == '"' || source.front() == '\'');
        const std::size_t length = in_quotes ? quoted_length(source) : value.size();
        if (length == std::string_view::npos) throw BoundBroken{place, "the quote is not closed"};
        const std::size_t on_line = std::min({length, source.find('\n'), source.size()});
        place.length = static_cast<std::uint32_t>(std::max<std::size_t>(on_line, 1));
        if (expects_key()) {
            take_key(value, place, quoted);
            return;
        }
        finish(Node::make_scalar(Expansion(options_, place, diagnostics_).expand(value), place, quoted), anchor);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(Node::Kind::sequence, mark, tag, anchor);
    }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(Node::Kind::map, mark, tag, anchor);
    }
    void OnSequenceEnd() override {
        Frame frame = close();
        finish(Node::make_sequence(std::move(frame.items), frame.place), frame.anchor);
    }
    void OnMapEnd() override {
        Frame frame = close();
        finish(Node::make_map(std::move(frame.entries), frame.place), frame.anchor);
    }

private:
    // A list or map that is still open.
    struct Frame {
        Node::Kind kind;
        Place place;
        YAML::anchor_t anchor;
        std::vector<Node> items;
        std::vector<Node::Entry> entries;
        std::map<std::string, std::uint32_t, std::less<>> lines;  // key -> the line where it stands
        bool has_key = false;
        bool drop = false;  // the key was refused: its value is read and forgotten
        std::string key;
        Place key_place;
    };

    bool expects_key() const {
        return !stack_.empty() && stack_.back().kind == Node::Kind::map && !stack_.back().has_key;
    }

    void count(const Place& place, std::size_t weight) {
        values_ += weight;
        if (values_ > options_.value_budget) {
            throw BoundBroken{place,
                              fmt::format("more than {} values, aliases counted as copies", options_.value_budget)};
        }
    }
    void check_depth(const Place& place, std::size_t depth) const {
        if (depth > options_.depth_budget)
            throw BoundBroken{place, fmt::format("nested more than {} levels deep", options_.depth_budget)};
    }
    void check_tag(const std::string& tag, const Place& place) {
        if (tag == "?" || tag == "!" || tag.empty()) return;
        diagnostics_.error(place, fmt::format("the tag '{}' has no meaning here", printable(tag)), "leave it out");
    }

    void take_key(const std::string& value, const Place& place, bool quoted) {
        Frame& frame = stack_.back();
        frame.has_key = true;
        frame.drop = false;
        frame.key = value;
        frame.key_place = place;
        if (value == "<<" && !quoted) {
            diagnostics_.error(place, "merge keys ('<<') are not supported", "use 'extends'");
            frame.drop = true;
            return;
        }
        const auto [first, added] = frame.lines.emplace(value, place.line);
        if (added) return;
        diagnostics_.error(place, fmt::format("the key '{}' is here twice", printable(value)),
                           fmt::format("first on line {}", first->second));
        frame.drop = true;
    }

    void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
        const Place place = lines_.place(mark);
        count(place, 1);
        check_tag(tag, place);
        check_depth(place, stack_.size() + 1);
        stack_.push_back(Frame{kind, place, anchor, {}, {}, {}, false, false, {}, {}});
    }
    Frame close() {
        Frame frame = std::move(stack_.back());
        stack_.pop_back();
        return frame;
    }

    // Puts a whole value where it belongs: into the open list or map, or at the root.
    void finish(const Node& node, YAML::anchor_t anchor) {
        if (anchor != 0) anchors_.insert_or_assign(anchor, node);
        if (stack_.empty()) {
            root_ = node;
            return;
        }
        Frame& frame = stack_.back();
        if (frame.kind == Node::Kind::sequence) {
            frame.items.push_back(node);
        } else if (!frame.has_key) {
            diagnostics_.error(node.place(), fmt::format("{} cannot be a key", name(node.kind())), "a key is a word");
            frame.has_key = frame.drop = true;
        } else {
            if (!frame.drop) frame.entries.push_back({std::move(frame.key), frame.key_place, node});
            frame.has_key = false;
        }
    }

    const Lines& lines_;
    const YamlOptions& options_;
    Diagnostics& diagnostics_;
    std::vector<Frame> stack_;
    std::map<YAML::anchor_t, Node> anchors_;  // those that are closed
    Node root_;
    std::size_t values_ = 0;
    int documents_ = 0;
};

// Length of the UTF-8 character that `text` begins with, 0 where it is none (RFC 3629: no surrogates, nothing longer
// than needed).
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    const auto follows = [&byte](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first < 0xe0) return follows(1) ? 2 : 0;
    if (first >= 0xe0 && first < 0xf0) {
        const bool fits = !(first == 0xe0 && byte(1) < 0xa0) && !(first == 0xed && byte(1) >= 0xa0);
        return fits && follows(1) && follows(2) ? 3 : 0;
    }
    if (first >= 0xf0 && first < 0xf5) {
        const bool fits = !(first == 0xf0 && byte(1) < 0x90) && !(first == 0xf4 && byte(1) >= 0x90);
        return fits && follows(1) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

// YAML 1.2, 5.1: printable characters only. The parser would stop at some control characters without a word.
bool check_characters(const std::shared_ptr<const Source>& source, Diagnostics& diagnostics) {
    const std::string_view text = source->text;
    Place place{source, 1, 1, 1};
    for (std::size_t at = 0; at < text.size();) {
        const auto byte = static_cast<unsigned char>(text[at]);
        const std::size_t length = utf8_length(text.substr(at));
        if (length == 0) {
            diagnostics.error(place, fmt::format("the byte 0x{:02x} is not UTF-8", byte));
            return false;
        }
        const bool line_end = byte == '\n' || (byte == '\r' && text.substr(at, 2) == "\r\n");
        if ((byte < 0x20 && byte != '\t' && !line_end) || byte == 0x7f) {
            diagnostics.error(place, fmt::format("the control character 0x{:02x} has no place in YAML", byte));
            return false;
        }
        place.column += static_cast<std::uint32_t>(length);
        if (byte == '\n') ++place.line, place.column = 1;
        at += length;
    }
    return true;
}

std::string size_refusal(std::size_t cap) {
    return fmt::format("the file is larger than {} KiB: that is no file for this", cap / 1024);
}

std::string syntax_hint(const Source& source, const Place& place) {
    const std::string_view line = source.line(place.line);
    const std::string_view indent = line.substr(0, std::min(line.size(), line.find_first_not_of(" \t")));
    return indent.find('\t') == std::string_view::npos ? std::string{} : "indent with blanks, not with tabs";
}

}  // namespace

std::optional<Node> parse_yaml(std::string text, std::string name, Diagnostics& diagnostics,
                               const YamlOptions& options) {
    if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);  // a byte order mark
    const auto source = std::make_shared<const Source>(Source{std::move(name), std::move(text)});
    if (source->text.size() > options.size_cap) {
        diagnostics.error(Place{source, 0, 0, 1}, size_refusal(options.size_cap));
        return std::nullopt;
    }
    if (!check_characters(source, diagnostics)) return std::nullopt;
    const Lines lines(source);
    Builder builder(lines, options, diagnostics);
    try {
        std::istringstream stream(source->text);
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const BoundBroken& broken) {
        diagnostics.error(broken.place, broken.message);
        return std::nullopt;
    } catch (const YAML::Exception& exception) {
        const Place place = lines.place(exception.mark);
        diagnostics.error(place, "not valid YAML: " + printable(exception.msg), syntax_hint(*source, place));
        return std::nullopt;
    }
    return builder.root();
}

std::optional<Node> load_yaml(const std::string& path, Diagnostics& diagnostics, const YamlOptions& options) {
    const auto source = std::make_shared<const Source>(Source{path, {}});
    const Place place{source, 0, 0, 1};
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (status.type() == std::filesystem::file_type::not_found) {
        diagnostics.error(place, "there is no such file");
        return std::nullopt;
    }
    if (error || std::filesystem::is_directory(status)) {
        diagnostics.error(place,
                          error ? "the file cannot be read: " + error.message() : "this is a folder, not a file");
        return std::nullopt;
    }
    if (std::filesystem::is_regular_file(status) && std::filesystem::file_size(path, error) > options.size_cap &&
        !error) {
        diagnostics.error(place, size_refusal(options.size_cap));
        return std::nullopt;
    }
    std::ifstream stream(path, std::ios::binary);
    std::string text(options.size_cap + 1,
                     '\0');  // one more than allowed, so that parse_yaml() sees an excess of a pipe or device
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (stream.bad() || (text.empty() && !stream.eof())) {
        diagnostics.error(place, "the file cannot be read");
        return std::nullopt;
    }
    return parse_yaml(std::move(text), path, diagnostics, options);
}

namespace {

// May the text stand without quotes, wherever it is?
bool is_plain(std::string_view text) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_/.";
    constexpr std::string_view inner =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_/.-+%()= \xc2\xb1";
    if (text.empty() || letters.find(text.front()) == std::string_view::npos || text.back() == ' ') return false;
    if (text == "null" || text == "Null" || text == "NULL" || text == "...") return false;
    return text.find_first_not_of(inner) == std::string_view::npos;
}

std::string quoted_text(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            quoted += '\\';
            quoted += c;
        } else if (byte < 0x20 || byte == 0x7f) {
            quoted += fmt::format("\\x{:02x}", byte);
        } else {
            quoted += c;
        }
    }
    // A variable was expanded when the tree was made, and must not be once more.
    for (std::size_t at = quoted.find("${"); at != std::string::npos; at = quoted.find("${", at + 3))
        quoted.insert(at, 1, '$');
    return quoted + '"';
}

std::string scalar_text(const Node& node) {
    return !node.quoted() && is_plain(node.text()) ? node.text() : quoted_text(node.text());
}

void write_yaml(const Node& node, std::size_t indent, std::string& out);

// What follows "key:" or "-".
void write_value(const Node& node, std::size_t indent, std::string& out) {
    switch (node.kind()) {
        case Node::Kind::null: out += '\n'; break;
        case Node::Kind::scalar: out += ' ' + scalar_text(node) + '\n'; break;
        case Node::Kind::sequence:
        case Node::Kind::map:
            if (node.items().empty() && node.entries().empty()) {
                out += node.is_map() ? " {}\n" : " []\n";
            } else {
                out += '\n';
                write_yaml(node, indent + 2, out);
            }
            break;
    }
}

void write_yaml(const Node& node, std::size_t indent, std::string& out) {
    for (const Node& item : node.items()) {
        out.append(indent, ' ') += '-';
        write_value(item, indent, out);
    }
    for (const Node::Entry& entry : node.entries()) {
        out.append(indent, ' ') += (is_plain(entry.key) ? entry.key : quoted_text(entry.key)) + ':';
        write_value(entry.value, indent, out);
    }
}

}  // namespace

std::string to_yaml(const Node& node) {
    std::string out;
    if (node.is_null()) return "~\n";
    if (node.is_scalar()) return scalar_text(node) + '\n';
    if (node.items().empty() && node.entries().empty()) return node.is_map() ? "{}\n" : "[]\n";
    write_yaml(node, 0, out);
    return out;
}

}  // namespace profiles
