#include "simulator/cli/flags.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "profiles/diagnostics.h"
#include "simulator/base/did_you_mean.h"

namespace cli {
namespace {

using profiles::printable;

// "-n,--devices" -> "--devices"
std::string long_name(std::string_view names) {
    const auto comma = names.rfind(',');
    return std::string(comma == std::string_view::npos ? names : names.substr(comma + 1));
}

std::optional<bool> read_switch(const std::string& text) {
    constexpr std::array on{"1", "true"};
    constexpr std::array off{"", "0", "false"};
    if (std::ranges::find(on, text) != on.end()) return true;
    if (std::ranges::find(off, text) != off.end()) return false;
    return std::nullopt;
}

}  // namespace

struct Flags::Impl {
    CLI::App app;
    // What the environment may say: by the long name of the flag.
    std::vector<std::pair<std::string, std::optional<std::string>*>> values;
    std::vector<std::pair<std::string, bool*>> toggles;

    explicit Impl(std::string description) : app(std::move(description)) {}
};

Flags::Flags(std::string command, std::string description) : impl_(std::make_unique<Impl>(std::move(description))) {
    impl_->app.name("lwm2m-sim " + command);
    impl_->app.set_help_flag();
    impl_->app.add_flag("-h,--help", help_wanted_, "this text");
}

Flags::~Flags() = default;

void Flags::value(const char* names, std::optional<std::string>& slot, const char* type, const char* doc) {
    impl_->app
        .add_option_function<std::string>(
            names, [&slot](const std::string& text) { slot = text; }, doc)
        ->type_name(type)
        ->take_last();
    impl_->values.emplace_back(long_name(names), &slot);
}

void Flags::values(const char* names, std::vector<std::string>& slot, const char* type, const char* doc) {
    impl_->app.add_option(names, slot, doc)->type_name(type)->allow_extra_args(false);
}

void Flags::toggle(const char* names, bool& slot, const char* doc) {
    impl_->app.add_flag(names, slot, doc);
    impl_->toggles.emplace_back(long_name(names), &slot);
}

void Flags::argument(const char* name, std::optional<std::string>& slot, const char* doc) {
    impl_->app
        .add_option_function<std::string>(
            name, [&slot](const std::string& text) { slot = text; }, doc)
        ->type_name("");
}

void Flags::arguments(const char* name, std::vector<std::string>& slot, const char* doc) {
    impl_->app.add_option(name, slot, doc)->type_name("");
}

void Flags::hidden_value(const char* name, std::optional<std::string>& slot) {
    impl_->app.add_option_function<std::string>(name, [&slot](const std::string& text) { slot = text; })->group("");
}

void Flags::hidden_toggle(const char* name, bool& slot) { impl_->app.add_flag(name, slot)->group(""); }

void Flags::not_supported_yet(std::span<const char* const> names) { later_.assign(names.begin(), names.end()); }

// CLI11 would take the value behind an unknown flag for the next argument, and blame that.
std::vector<std::string> Flags::unknown_flags(const std::vector<std::string>& args) const {
    std::vector<std::string> known;
    for (const CLI::Option* option : impl_->app.get_options()) {
        for (const auto& name : option->get_lnames()) known.push_back("--" + name);
        for (const auto& name : option->get_snames()) known.push_back("-" + name);
    }
    std::vector<std::string> problems;
    for (std::size_t i = 0; i < args.size(); ++i) {
        const std::string& arg = args[i];
        if (arg == "--") break;
        if (arg.size() < 2 || arg.front() != '-') continue;
        const bool is_long = arg.starts_with("--");
        const std::string name = is_long ? arg.substr(0, arg.find('=')) : arg.substr(0, 2);
        if (std::ranges::find(later_, name) != later_.end()) {
            problems.push_back(fmt::format("{} is not supported yet", name));
        } else if (const CLI::Option* option = impl_->app.get_option_no_throw(name)) {
            const bool attached = is_long ? arg.size() > name.size() : arg.size() > 2;
            if (option->get_items_expected_max() > 0 && !attached) ++i;  // the next one is its value
        } else {
            std::vector<std::string_view> words(known.begin(), known.end());
            const auto candidates = base::nearest(name, words);
            problems.push_back(fmt::format("unknown flag '{}'{}", printable(name), base::did_you_mean(candidates)));
        }
    }
    return problems;
}

void Flags::read_environment(const Environment& environment, std::vector<std::string>& problems) {
    for (const auto& [flag, slot] : impl_->values) {
        if (*slot) continue;
        if (auto text = environment(variable_of(flag)); text && !text->empty()) *slot = std::move(*text);
    }
    for (const auto& [flag, slot] : impl_->toggles) {
        const auto text = environment(variable_of(flag));
        if (!text || *slot) continue;
        if (const auto on = read_switch(*text)) {
            *slot = *on;
        } else {
            problems.push_back(fmt::format("{}: '{}' is not 1 or 0", variable_of(flag), printable(*text)));
        }
    }
}

std::vector<std::string> Flags::parse(const std::vector<std::string>& args, const Environment& environment) {
    auto problems = unknown_flags(args);
    if (!problems.empty()) return problems;
    try {
        impl_->app.parse(std::vector<std::string>(args.rbegin(), args.rend()));
    } catch (const CLI::ExtrasError&) {
        problems.push_back(fmt::format("too many arguments: '{}'", printable(impl_->app.remaining().front())));
    } catch (const CLI::ParseError& error) {
        problems.emplace_back(error.what());
    }
    read_environment(environment, problems);
    return problems;
}

std::string Flags::help() const { return impl_->app.help(); }

std::string variable_of(std::string_view flag) {
    std::string name = "LWM2M_SIM_";
    for (const char c : flag.substr(flag.find_first_not_of('-'))) {
        name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return name;
}

}  // namespace cli
