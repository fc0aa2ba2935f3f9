// FirmwareUpdate: the state machine of the Firmware Update object (Core 1.1.1, E.6): which step leads where, and what
// is refused. Two bytes, which are what /5/0/3 and /5/0/5 say; who transfers and installs the package is elsewhere.
//
//           Package or Package URI            it is there             Update
//   Idle ---------------------------> Downloading ------> Downloaded --------> Updating
//    ^ ^--- failed: 2 to 7, 9 --------------'              |  ^  `-- deferred: 11   |
//    |----- reset: 0, cancelled: 10 -----------------------'  `--- failed: 8 -------|
//    '----- done: 1, failed: 5, 8 --------------------------------------------------'
#pragma once

#include <cstdint>

#include "coap/code.h"

namespace lwm2m {

enum class FirmwareState : std::uint8_t { idle, downloading, downloaded, updating };

enum class FirmwareResult : std::uint8_t {
    initial,
    success,
    no_storage,
    out_of_memory,
    connection_lost,
    integrity_failure,
    unsupported_package,
    invalid_uri,
    update_failed,
    unsupported_protocol,
    cancelled,  // from 1.1 of the object on, as the next
    deferred,
};

struct FirmwareUpdate {
    FirmwareState state = FirmwareState::idle;
    FirmwareResult result = FirmwareResult::initial;

    // What a server asks. Each answers with its code, and does nothing where that is no success.

    // An empty Package URI, or a Package of a single NUL: from any state but Updating, which cannot be left on demand.
    coap::Code reset();
    // A Package or a Package URI, which is not looked at here. Only in Idle: a server resets first.
    coap::Code download();
    // Update, in Downloaded alone: 4.05 elsewhere. So an Update that comes again does nothing.
    coap::Code update();
    // Update, but the user wants it later: the device stays in Downloaded.
    coap::Code defer();
    // Cancel: what has not begun to be installed can be cancelled; in Idle there is nothing to cancel.
    coap::Code cancel();

    // What comes of it. REQUIRES: the state that is named.

    // Idle: the Package URI leads nowhere (7, 9).
    void refuse(FirmwareResult why);
    // Downloading.
    void downloaded();
    void download_failed(FirmwareResult why);
    // Updating: the new version runs.
    void updated();
    // Updating: the old version runs. The package is gone, or is still there to be tried again.
    void update_failed(FirmwareResult why, FirmwareState to);

    friend bool operator==(const FirmwareUpdate&, const FirmwareUpdate&) = default;
};

inline constexpr unsigned firmware_states = 4;
inline constexpr unsigned firmware_results = 12;

}  // namespace lwm2m
