// Object 9, Software Management (OMA-TS-LWM2M_SwMgmt 1.0): a package is delivered, installed, activated and goes again.
//
//   INITIAL --Package--> DELIVERED --Install--> INSTALLED --Activate, Deactivate--> INSTALLED
//      |                     ^ |                    |
//      +--Package URI--> DOWNLOAD STARTED, DOWNLOADED     +--Uninstall--> INITIAL
//
// A package is not kept, and one at a URI is not fetched: that it comes takes its time.
#include "simulator/fleet/behaviour.h"
#include "simulator/fleet/device_tree.h"

namespace fleet {
namespace {

using coap::Code;
using lwm2m::Path;
using lwm2m::ValueView;

constexpr std::uint16_t name = 0, version = 1, package = 2, package_uri = 3, install = 4, uninstall = 6, state = 7,
                        result = 9, activate = 10, deactivate = 11, activation = 12;

constexpr base::Duration downloading = std::chrono::seconds(10);
constexpr base::Duration checking = std::chrono::seconds(1);

enum class Step : std::uint8_t { initial, downloads, delivered, installed, active };

namespace update_state {
constexpr std::int64_t initial = 0, download_started = 1, downloaded = 2, delivered = 3, installed = 4;
}
namespace update_result {
constexpr std::int64_t initial = 0, downloading = 1, installed = 2, downloaded = 3, invalid_uri = 56;
}

// What an instance remembers: the step, since when it is in it, and whether the URI before was none.
struct Progress {
    Step step = Step::initial;
    bool invalid_uri = false;
    base::Time since{};

    std::uint64_t pack() const {
        const auto moment = static_cast<std::uint64_t>(since.time_since_epoch().count());
        return moment << 4 | std::uint64_t{invalid_uri} << 3 | static_cast<std::uint64_t>(step);
    }
    static Progress unpack(std::uint64_t number) {
        return {static_cast<Step>(number & 7), (number >> 3 & 1) != 0,
                base::Time(base::Duration(static_cast<std::int64_t>(number >> 4)))};
    }
};

Progress progress_of(const DeviceTree& tree, const Path& instance) {
    auto progress = Progress::unpack(tree.note(instance.child(state)).value_or(0));
    const bool arrived = tree.turn().now >= progress.since + downloading + checking;
    if (progress.step == Step::downloads && arrived) progress.step = Step::delivered;
    return progress;
}

Code enter(DeviceTree& tree, const Path& instance, Step step, bool invalid_uri = false) {
    for (const auto changed : {state, result, activation}) tree.touch(instance.child(changed));
    return tree.set_note(instance.child(state), Progress{step, invalid_uri, tree.turn().now}.pack());
}

ValueView read(const DeviceTree& tree, const Path& path) {
    const Progress progress = progress_of(tree, path.prefix(2));
    const bool still = tree.turn().now < progress.since + downloading;
    switch (path.resource()) {
        case state:
            switch (progress.step) {
                case Step::initial: return ValueView::of_integer(update_state::initial);
                case Step::downloads:
                    return ValueView::of_integer(still ? update_state::download_started : update_state::downloaded);
                case Step::delivered: return ValueView::of_integer(update_state::delivered);
                case Step::installed:
                case Step::active: return ValueView::of_integer(update_state::installed);
            }
            return {};
        case result:
            switch (progress.step) {
                case Step::initial:
                    return ValueView::of_integer(progress.invalid_uri ? update_result::invalid_uri
                                                                      : update_result::initial);
                case Step::downloads: return ValueView::of_integer(update_result::downloading);
                case Step::delivered: return ValueView::of_integer(update_result::downloaded);
                case Step::installed:
                case Step::active: return ValueView::of_integer(update_result::installed);
            }
            return {};
        case activation: return ValueView::of_boolean(progress.step == Step::active);
        default: return {};
    }
}

base::Time next_change(const DeviceTree& tree, const Path& path, const Path&) {
    const Progress progress = progress_of(tree, path.prefix(2));
    if (progress.step != Step::downloads || path.resource() == activation) return base::never;
    const base::Time here = progress.since + downloading;
    return tree.turn().now < here ? here : here + checking;
}

bool is_uri(std::string_view text) {
    for (const std::string_view scheme : {"coap://", "coaps://", "http://", "https://"}) {
        if (text.starts_with(scheme) && text.size() > scheme.size()) return true;
    }
    return false;
}

bool takes_package(const DeviceTree& tree, const Path& instance) {
    const Step step = progress_of(tree, instance).step;
    return step == Step::initial || step == Step::delivered;
}

Code accepts(const DeviceTree& tree, const Path& path, const ValueView&) {
    const bool brings = path.resource() == package || path.resource() == package_uri;
    return brings && !takes_package(tree, path.prefix(2)) ? Code::method_not_allowed : Code::changed;
}

std::optional<Code> write(DeviceTree& tree, const Path& path, const ValueView& value) {
    const Path instance = path.prefix(2);
    if (path.resource() == package) return enter(tree, instance, value.bytes.empty() ? Step::initial : Step::delivered);
    if (path.resource() != package_uri) return std::nullopt;
    if (value.bytes.empty()) return enter(tree, instance, Step::initial);
    return is_uri(value.text()) ? enter(tree, instance, Step::downloads) : enter(tree, instance, Step::initial, true);
}

std::optional<Code> execute(DeviceTree& tree, const Path& path, std::string_view arguments) {
    const Path instance = path.prefix(2);
    const Step step = progress_of(tree, instance).step;
    const bool is_installed = step == Step::installed || step == Step::active;
    const auto when = [&](bool allowed, Step next) {
        return allowed ? enter(tree, instance, next) : Code::method_not_allowed;
    };
    switch (path.resource()) {
        case install: return when(step == Step::delivered, Step::installed);
        case uninstall:
            // 1: to bring a newer one; to the state it is the same.
            if (!arguments.empty() && arguments != "0" && arguments != "1") return Code::bad_request;
            return when(is_installed || step == Step::delivered, Step::initial);
        case activate: return when(is_installed, Step::active);
        case deactivate: return when(is_installed, Step::installed);
        default: return std::nullopt;
    }
}

void created(DeviceTree& tree, const Path& instance) {
    for (const auto text : {name, version}) (void)tree.keep(instance.child(text), ValueView::of_string(""));
    for (const auto computed : {state, result, activation}) (void)tree.set_note(instance.child(computed), 0);
    for (const auto executable : {install, uninstall, activate, deactivate}) {
        (void)tree.set_note(instance.child(executable), 0);
    }
}

}  // namespace

const Behaviour software_management_behaviour{.read = read,
                                              .next_change = next_change,
                                              .accepts = accepts,
                                              .write = write,
                                              .execute = execute,
                                              .created = created};

}  // namespace fleet
