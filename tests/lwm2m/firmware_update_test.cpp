// The state machine of Core 1.1.1, E.6, step by step.
#include "simulator/lwm2m/firmware_update.h"

#include <gtest/gtest.h>

#include <vector>

namespace lwm2m {
namespace {

using coap::Code;
using enum FirmwareState;
using enum FirmwareResult;

struct Step {
    const char* name;
    Code (FirmwareUpdate::*ask)();
};
constexpr Step steps[] = {{"reset", &FirmwareUpdate::reset},
                          {"download", &FirmwareUpdate::download},
                          {"update", &FirmwareUpdate::update},
                          {"defer", &FirmwareUpdate::defer},
                          {"cancel", &FirmwareUpdate::cancel}};

// What a server may ask in which state, and where it leads; whatever is not here is 4.05.
struct Row {
    FirmwareState from;
    const char* step;
    FirmwareUpdate to;
};
const std::vector<Row> allowed{
    {idle, "reset", {idle, initial}},
    {idle, "download", {downloading, initial}},
    {downloading, "reset", {idle, initial}},
    {downloading, "cancel", {idle, cancelled}},
    {downloaded, "reset", {idle, initial}},
    {downloaded, "update", {updating, initial}},
    {downloaded, "defer", {downloaded, deferred}},
    {downloaded, "cancel", {idle, cancelled}},
};

TEST(FirmwareUpdate, TakesTheStepsOfTheFigureAndNoOthers) {
    for (const auto from : {idle, downloading, downloaded, updating}) {
        for (const auto& step : steps) {
            // Whatever the last result was: here one that a step has to take away.
            const FirmwareUpdate before{from, connection_lost};
            FirmwareUpdate machine = before;
            const Code code = (machine.*step.ask)();
            const auto row = std::find_if(allowed.begin(), allowed.end(), [&](const Row& candidate) {
                return candidate.from == from && std::string_view(candidate.step) == step.name;
            });
            const bool allows = row != allowed.end();
            EXPECT_EQ(code, allows ? Code::changed : Code::method_not_allowed) << step.name;
            EXPECT_EQ(machine, allows ? row->to : before) << step.name << " in state " << static_cast<int>(from);
        }
    }
}

TEST(FirmwareUpdate, ADownloadEndsInDownloadedOrIdle) {
    FirmwareUpdate machine{downloading, initial};
    machine.downloaded();
    EXPECT_EQ(machine, (FirmwareUpdate{downloaded, initial}));
    for (const auto why : {no_storage, out_of_memory, connection_lost, integrity_failure, unsupported_package,
                           invalid_uri, unsupported_protocol}) {
        machine = {downloading, initial};
        machine.download_failed(why);
        EXPECT_EQ(machine, (FirmwareUpdate{idle, why}));
    }
}

TEST(FirmwareUpdate, AUriThatLeadsNowhereIsToldByTheResultAlone) {
    FirmwareUpdate machine{idle, success};
    machine.refuse(unsupported_protocol);
    EXPECT_EQ(machine, (FirmwareUpdate{idle, unsupported_protocol}));
}

TEST(FirmwareUpdate, AnUpdateEndsInIdleOrWithThePackageStillThere) {
    FirmwareUpdate machine{updating, initial};
    machine.updated();
    EXPECT_EQ(machine, (FirmwareUpdate{idle, success}));
    machine = {updating, initial};
    machine.update_failed(update_failed, idle);
    EXPECT_EQ(machine, (FirmwareUpdate{idle, update_failed}));
    machine = {updating, initial};
    machine.update_failed(update_failed, downloaded);
    EXPECT_EQ(machine, (FirmwareUpdate{downloaded, update_failed}));
    EXPECT_EQ(machine.update(), Code::changed);
    EXPECT_EQ(machine, (FirmwareUpdate{updating, initial}));
}

// After the reboot the same Execute finds nothing to do.
TEST(FirmwareUpdate, AnUpdateThatComesAgainDoesNothing) {
    FirmwareUpdate machine{downloaded, initial};
    machine.update();
    machine.updated();
    EXPECT_EQ(machine.update(), Code::method_not_allowed);
    EXPECT_EQ(machine, (FirmwareUpdate{idle, success}));
}

TEST(FirmwareUpdate, WhatWasDeferredIsUpdatedLater) {
    FirmwareUpdate machine{downloaded, initial};
    machine.defer();
    EXPECT_EQ(machine.update(), Code::changed);
    EXPECT_EQ(machine, (FirmwareUpdate{updating, initial}));
}

}  // namespace
}  // namespace lwm2m
