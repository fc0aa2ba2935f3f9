// Object 9, Software Management (OMA-TS-LWM2M_SwMgmt 1.0): a package is delivered, installed, activated and goes again.
//
//   INITIAL --Package--> DELIVERED --Install--> INSTALLED --Activate, Deactivate--> INSTALLED
//    |   ^                  ^ |                    |
//    |   '-- failed: 50 to 57 '--Uninstall--> INITIAL <--Uninstall--'
//    '--Package URI--> DOWNLOAD STARTED --> DOWNLOADED (its integrity is looked at)
//
// A package is not kept; one at a URI is downloaded (download.h), one at a time in a device.
#include "simulator/fleet/behaviour.h"
#include "simulator/fleet/device_tree.h"
#include "simulator/fleet/download.h"
#include "simulator/fleet/reporting.h"
#include "simulator/fleet/software.h"

namespace fleet {
namespace {

using coap::Code;
using lwm2m::FirmwareResult;
using lwm2m::Path;
using lwm2m::ValueView;

constexpr std::uint16_t software_object = 9;
constexpr std::uint16_t name = 0, version = 1, package = 2, package_uri = 3, install = 4, uninstall = 6, state = 7,
                        result = 9, activate = 10, deactivate = 11, activation = 12;

constexpr base::Duration checking = std::chrono::seconds(1);

enum class Step : std::uint8_t { initial, downloads, delivered, installed, active, downloaded };

namespace update_state {
constexpr std::int64_t initial = 0, download_started = 1, downloaded = 2, delivered = 3, installed = 4;
}
namespace update_result {
constexpr std::uint8_t initial = 0, downloading = 1, installed = 2, downloaded = 3, no_storage = 50, out_of_memory = 51,
                       connection_lost = 52, integrity_failure = 53, unsupported_package = 54, invalid_uri = 56,
                       device_error = 57, installation_failure = 58;
}

// What came to nothing, in the numbers of object 9.
std::uint8_t result_of(FirmwareResult why) {
    switch (why) {
        case FirmwareResult::no_storage: return update_result::no_storage;
        case FirmwareResult::out_of_memory: return update_result::out_of_memory;
        case FirmwareResult::connection_lost: return update_result::connection_lost;
        case FirmwareResult::integrity_failure: return update_result::integrity_failure;
        case FirmwareResult::unsupported_package: return update_result::unsupported_package;
        case FirmwareResult::invalid_uri:
        case FirmwareResult::unsupported_protocol: return update_result::invalid_uri;
        case FirmwareResult::initial:
        case FirmwareResult::success:
        case FirmwareResult::update_failed:
        case FirmwareResult::cancelled:
        case FirmwareResult::deferred: break;
    }
    return update_result::device_error;
}

// What an instance remembers: the step, since when it is in it, and what has failed.
struct Progress {
    Step step = Step::initial;
    std::uint8_t failure = 0;  // an update_result; 0: nothing
    base::Time since{};        // a whole millisecond

    std::uint64_t pack() const {
        const auto moment = std::chrono::floor<std::chrono::milliseconds>(since.time_since_epoch()).count();
        return static_cast<std::uint64_t>(moment) << 11 | std::uint64_t{failure} << 3 |
               static_cast<std::uint64_t>(step);
    }
    static Progress unpack(std::uint64_t number) {
        return {static_cast<Step>(number & 7), static_cast<std::uint8_t>(number >> 3),
                base::Time(std::chrono::milliseconds(number >> 11))};
    }
};

Progress noted(const DeviceTree& tree, const Path& instance) {
    return Progress::unpack(tree.note(instance.child(state)).value_or(0));
}

Progress progress_of(const DeviceTree& tree, const Path& instance) {
    auto progress = noted(tree, instance);
    const bool checked = tree.turn().now >= progress.since + checking;
    if (progress.step == Step::downloaded && checked) progress.step = Step::delivered;
    return progress;
}

Code enter(DeviceTree& tree, const Path& instance, Step step, std::uint8_t failure = 0) {
    for (const auto changed : {state, result, activation}) tree.touch(instance.child(changed));
    return tree.set_note(instance.child(state), Progress{step, failure, tree.turn().now}.pack());
}

// The same, without a request.
void move(Turn& turn, DeviceId id, const Path& instance, Step step, std::uint8_t failure = 0) {
    DeviceTree tree(turn, id);
    (void)tree.set_note(instance.child(state), Progress{step, failure, turn.now}.pack());
    for (const auto changed : {state, result, activation}) on_written(turn, id, instance.child(changed));
}

// Does that instance still wait for its download?
bool waits(Turn& turn, DeviceId id, const Path& instance) {
    const DeviceTree tree(turn, id);
    return tree.exists(instance) && noted(tree, instance).step == Step::downloads;
}

void show(Turn& turn, DeviceId id, const Path& path, std::string_view text) {
    DeviceTree tree(turn, id);
    if (!tree.exists(path) || base::as_text(tree.read(path).bytes) == text) return;
    (void)tree.keep(path, ValueView::of_string(text));
    on_written(turn, id, path);
}

ValueView read(const DeviceTree& tree, const Path& path) {
    const Progress progress = progress_of(tree, path.prefix(2));
    const auto either = [&](std::uint8_t otherwise) {
        return ValueView::of_integer(progress.failure != 0 ? progress.failure : otherwise);
    };
    switch (path.resource()) {
        case state:
            switch (progress.step) {
                case Step::initial: return ValueView::of_integer(update_state::initial);
                case Step::downloads: return ValueView::of_integer(update_state::download_started);
                case Step::downloaded: return ValueView::of_integer(update_state::downloaded);
                case Step::delivered: return ValueView::of_integer(update_state::delivered);
                case Step::installed:
                case Step::active: return ValueView::of_integer(update_state::installed);
            }
            return {};
        case result:
            switch (progress.step) {
                case Step::initial: return either(update_result::initial);
                case Step::downloads:
                case Step::downloaded: return either(update_result::downloading);
                case Step::delivered: return either(update_result::downloaded);
                case Step::installed:
                case Step::active: return either(update_result::installed);
            }
            return {};
        case activation: return ValueView::of_boolean(progress.step == Step::active);
        default: return {};
    }
}

base::Time next_change(const DeviceTree& tree, const Path& path, const Path&) {
    const Progress progress = progress_of(tree, path.prefix(2));
    if (progress.step != Step::downloaded || path.resource() == activation) return base::never;
    return progress.since + checking;
}

bool takes_package(const DeviceTree& tree, const Path& instance) {
    const Step step = progress_of(tree, instance).step;
    return step == Step::initial || step == Step::delivered;
}

Code accepts(const DeviceTree& tree, const Path& path, const ValueView&) {
    const bool brings = path.resource() == package || path.resource() == package_uri;
    return brings && !takes_package(tree, path.prefix(2)) ? Code::method_not_allowed : Code::changed;
}

// What cannot be downloaded is told by the result alone, as is a download while the device has another.
Code pull(DeviceTree& tree, const Path& instance, std::string_view uri) {
    if (has_download(tree.turn(), tree.id())) return enter(tree, instance, Step::initial, update_result::device_error);
    const auto why = begin_pull(tree.turn(), tree.id(), uri, instance.instance());
    if (why == FirmwareResult::initial) return Code::changed;
    return enter(tree, instance, Step::initial, result_of(why));
}

std::optional<Code> write(DeviceTree& tree, const Path& path, const ValueView& value) {
    const Path instance = path.prefix(2);
    if (path.resource() == package) return enter(tree, instance, value.bytes.empty() ? Step::initial : Step::delivered);
    if (path.resource() != package_uri) return std::nullopt;
    // Refused by `accepts` already, unless the same request brought another.
    if (!takes_package(tree, instance)) return Code::method_not_allowed;
    return value.bytes.empty() ? enter(tree, instance, Step::initial) : pull(tree, instance, value.text());
}

// By the script: it stays delivered.
bool does_not_install(const DeviceTree& tree) {
    const Turn& turn = tree.turn();
    const auto& spec = tree.profile().behaviour.software;
    const auto fault = profiles::scripted_fault(spec, turn.pool.seed, turn.index_of(tree.id()));
    return fault == profiles::FirmwareFault::rollback;
}

std::optional<Code> execute(DeviceTree& tree, const Path& path, std::string_view arguments) {
    const Path instance = path.prefix(2);
    const Step step = progress_of(tree, instance).step;
    const bool is_installed = step == Step::installed || step == Step::active;
    const auto when = [&](bool allowed, Step next) {
        return allowed ? enter(tree, instance, next) : Code::method_not_allowed;
    };
    switch (path.resource()) {
        case install:
            if (step == Step::delivered && does_not_install(tree)) {
                return enter(tree, instance, Step::delivered, update_result::installation_failure);
            }
            return when(step == Step::delivered, Step::installed);
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

void software_begun(Turn& turn, DeviceId id, std::uint16_t instance) {
    move(turn, id, Path(software_object, instance), Step::downloads);
}

void software_downloaded(Turn& turn, DeviceId id, std::uint16_t instance, const PackageTransfer& transfer) {
    const Path path(software_object, instance);
    if (!waits(turn, id, path)) return;
    move(turn, id, path, Step::downloaded);
    const auto label = label_of(transfer, "software ");
    std::array<char, 8> memory;
    if (label.empty()) {
        show(turn, id, path.child(version), digest_digits(digest_of(transfer), memory));
        return;
    }
    show(turn, id, path.child(name), label.substr(0, label.find(' ')));
    show(turn, id, path.child(version), label.substr(label.find(' ') + 1));
}

void software_failed(Turn& turn, DeviceId id, std::uint16_t instance, FirmwareResult why) {
    const Path path(software_object, instance);
    if (waits(turn, id, path)) move(turn, id, path, Step::initial, result_of(why));
}

const Behaviour software_management_behaviour{.read = read,
                                              .next_change = next_change,
                                              .accepts = accepts,
                                              .write = write,
                                              .execute = execute,
                                              .created = created};

}  // namespace fleet
