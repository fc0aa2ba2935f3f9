#include "simulator/lwm2m/firmware_update.h"

#include "simulator/base/check.h"

namespace lwm2m {

using coap::Code;

Code FirmwareUpdate::reset() {
    if (state == FirmwareState::updating) return Code::method_not_allowed;
    *this = {};
    return Code::changed;
}

Code FirmwareUpdate::download() {
    if (state != FirmwareState::idle) return Code::method_not_allowed;
    *this = {FirmwareState::downloading, FirmwareResult::initial};
    return Code::changed;
}

Code FirmwareUpdate::update() {
    if (state != FirmwareState::downloaded) return Code::method_not_allowed;
    *this = {FirmwareState::updating, FirmwareResult::initial};
    return Code::changed;
}

Code FirmwareUpdate::defer() {
    if (state != FirmwareState::downloaded) return Code::method_not_allowed;
    result = FirmwareResult::deferred;
    return Code::changed;
}

Code FirmwareUpdate::cancel() {
    if (state != FirmwareState::downloading && state != FirmwareState::downloaded) return Code::method_not_allowed;
    *this = {FirmwareState::idle, FirmwareResult::cancelled};
    return Code::changed;
}

void FirmwareUpdate::refuse(FirmwareResult why) {
    CHECK(state == FirmwareState::idle);
    result = why;
}

void FirmwareUpdate::downloaded() {
    CHECK(state == FirmwareState::downloading);
    *this = {FirmwareState::downloaded, FirmwareResult::initial};
}

void FirmwareUpdate::download_failed(FirmwareResult why) {
    CHECK(state == FirmwareState::downloading);
    *this = {FirmwareState::idle, why};
}

void FirmwareUpdate::updated() {
    CHECK(state == FirmwareState::updating);
    *this = {FirmwareState::idle, FirmwareResult::success};
}

void FirmwareUpdate::update_failed(FirmwareResult why, FirmwareState to) {
    CHECK(state == FirmwareState::updating);
    CHECK(to == FirmwareState::idle || to == FirmwareState::downloaded);
    *this = {to, why};
}

}  // namespace lwm2m
