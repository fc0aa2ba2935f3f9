// A device that has one instance of each object of OMA's registry: it registers, and each of its values is the same in
// every format.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "profiles/security_object.h"
#include "profiles/value_text.h"
#include "scenarios/scenario_loader.h"
#include "simulator/engine/virtual_run.h"
#include "simulator/lwm2m/link_format.h"
#include "simulator/lwm2m/operation.h"
#include "simulator/lwm2m/read.h"
#include "tests/support/device_lockstep.h"
#include "tests/support/oma_registry.h"

namespace {

namespace fs = std::filesystem;
using lwm2m::ContentFormat;
using lwm2m::Path;
using lwm2m::Type;
using support::ACK;
using support::CON;
using support::Message;
using support::no_registry;

fs::path registry_folder() { return support::registry_folder(LWM2M_SIM_SOURCE_DIR); }

// The newest version of every object, and its older ones too.
const lwm2m::ObjectRegistry& registry() {
    static const lwm2m::ObjectRegistry all = [] {
        lwm2m::ObjectRegistry objects = profiles::builtin_objects();
        if (registry_folder().empty()) return objects;
        profiles::Diagnostics diagnostics;
        profiles::load_objects(std::vector{registry_folder().string()}, objects, diagnostics);
        EXPECT_TRUE(diagnostics.ok()) << diagnostics.text();
        return objects;
    }();
    return all;
}

bool is_closed(std::uint16_t object) { return object == 0 || object == 21 || object == 23; }

// A value that the resource may have, as a profile says it.
std::string text_of(const lwm2m::ResourceModel& resource) {
    static const std::map<Type, std::vector<std::string>> candidates{
        {Type::string, {"value", "v", "0123456789abcdef", std::string(40, 'x')}},
        {Type::integer, {"-7", "7", "1", "0", "20", "41", "-60", "-100", "100", "1000", "300", "2000"}},
        {Type::unsigned_integer, {"7", "1", "0", "20", "100", "1000"}},
        {Type::floating, {"-21.5", "21.5", "0.5", "1", "0", "50", "200", "1000"}},
        {Type::boolean, {"true"}},
        {Type::opaque, {"0123456789abcdef", "01", "0123456789abcdef0123456789abcdef"}},
        {Type::time, {"1700000000"}},
        {Type::objlnk, {"3:0"}},
        {Type::corelnk, {"</3>"}},
        {Type::none, {}}};
    for (const auto& text : candidates.at(resource.type)) {
        const auto value = profiles::read_value(text, resource.type);
        if (value && resource.range.allows(value->view())) return text;
    }
    return candidates.at(resource.type).front();
}

bool said_elsewhere(std::uint16_t object, std::uint16_t resource) {
    return object == 1 && (resource == 1 || resource == 7);  // lifetime and binding follow from lwm2m:
}

// Every resource with a value; a multiple one with two instances.
std::string profile_yaml() {
    const lwm2m::VersionChoice newest{
        .lwm2m = {1, 2}, .stated = {}, .unstated = lwm2m::VersionChoice::Unstated::newest};
    std::string versions;
    std::string objects;
    for (const auto id : registry().objects()) {
        if (is_closed(id)) continue;
        const auto& model = *registry().newest(id);
        versions += fmt::format("{}\"{}\": \"{}\"", versions.empty() ? "" : ", ", id, lwm2m::to_string(model.version));
        objects += fmt::format("  \"{}/0\":\n", id);
        for (const auto& resource : model.resources) {
            if (said_elsewhere(id, resource.id)) continue;
            if (resource.type == Type::none && !resource.operations.execute) continue;  // 10482/x/5 has no type
            if (resource.operations.execute) {
                objects += fmt::format("    \"{}\":\n", resource.id);
            } else if (resource.multiple) {
                objects += fmt::format("    \"{}\": {{0: \"{}\", 300: \"{}\"}}\n", resource.id, text_of(resource),
                                       text_of(resource));
            } else {
                const bool delays = id == 1 && resource.id == 14;  // the first registration
                objects += fmt::format("    \"{}\": \"{}\"\n", resource.id, delays ? "0" : text_of(resource));
            }
        }
    }
    return "profile: everything\ndescription: one instance of each object\nendpoint: \"d\"\n"
           "lwm2m: {version: \"1.2\", lifetime: 1h, object_versions: {" +
           versions +
           "}}\n"
           "formats: [tlv, text, opaque, cbor, json, senml-json, senml-cbor, lwm2m-cbor]\n"
           "objects:\n" +
           objects;
}

profiles::ResolvedProfilePtr everything() {
    static const profiles::ResolvedProfilePtr profile = [] {
        profiles::Diagnostics diagnostics;
        const auto tree =
            profiles::parse_profile_tree(profile_yaml(), "everything.yaml", profiles::builtin_profiles(), diagnostics);
        const auto read = tree ? std::optional(profiles::read_profile(*tree, diagnostics)) : std::nullopt;
        auto resolved = read ? profiles::resolve(*read, registry(), diagnostics) : nullptr;
        EXPECT_TRUE(diagnostics.ok()) << diagnostics.text();
        return resolved;
    }();
    return profile;
}

constexpr std::array formats{ContentFormat::text,       ContentFormat::opaque,    ContentFormat::cbor,
                             ContentFormat::tlv,        ContentFormat::json,      ContentFormat::senml_json,
                             ContentFormat::senml_cbor, ContentFormat::lwm2m_cbor};

bool holds(ContentFormat format, const lwm2m::ResourceModel& resource) {
    if (format == ContentFormat::text || format == ContentFormat::cbor) return !resource.multiple;
    if (format == ContentFormat::opaque) return !resource.multiple && resource.type == Type::opaque;
    return true;
}

std::string said(const std::vector<lwm2m::Entry>& entries) {
    std::string text;
    for (const auto& entry : entries) {
        text += fmt::format("{}={}:{} ", lwm2m::to_string(entry.path), lwm2m::name(entry.value.type),
                            lwm2m::to_string(entry.value));
    }
    return text;
}

class OmaDevice : public support::DeviceLockstep {
protected:
    OmaDevice() : DeviceLockstep(everything()) {}

    // Takes the Register in as many blocks as it comes in; the object list.
    std::string registers() {
        device_starts();
        std::string list;
        for (;;) {
            const auto part = server.expect(CON, Code::post);
            list += base::as_text(part.view().payload);
            const auto block = coap::find_block(part.view(), coap::OptionNumber::block1);
            if (!block || !*block || !(*block)->more) break;
            server.replies(
                Message(ACK, Code::continue_).block1((*block)->number, 1, static_cast<unsigned>((*block)->size())));
            if (HasFailure()) return list;
        }
        server.replies(Message(ACK, Code::created).location("/rd/5a"));
        return list;
    }
};

TEST(OmaRegistryDevice, NeedsTheRegistry) {
    if (registry_folder().empty()) GTEST_SKIP() << no_registry;
    ASSERT_NE(everything(), nullptr);
    EXPECT_GE(everything()->objects.size(), 320u);
    EXPECT_GE(everything()->resources.size(), 3400u);
}

// Core 1.1.1, 6.2.1: the object list goes in blocks, and has each object with its version.
TEST_F(OmaDevice, RegistersAllItsObjects) {
    if (registry_folder().empty()) GTEST_SKIP() << no_registry;
    const auto list = registers();
    EXPECT_EQ(state(), registered);
    EXPECT_EQ(list, profile->object_links);
    const auto links = lwm2m::parse_registration(list);
    ASSERT_TRUE(links.has_value());
    std::set<std::uint16_t> objects;
    for (const auto& object : links->objects) objects.insert(object.path.object());
    EXPECT_EQ(objects.size() + 1, profile->objects.size()) << "all but object 0";
}

TEST_F(OmaDevice, EachValueIsTheSameInEveryFormat) {
    if (registry_folder().empty()) GTEST_SKIP() << no_registry;
    registers();
    std::uint16_t message_id = 0;
    std::size_t reads = 0;
    lwm2m::Entries decoded;
    for (const auto& object : profile->objects) {
        for (const auto& resource : object.model->resources) {
            const Path path(object.id, 0, resource.id);
            if (!resource.operations.read || resource.type == Type::none) continue;
            for (const auto format : formats) {
                const auto accept = static_cast<std::uint16_t>(format);
                server.sends(Message(CON, Code::get)
                                 .id(message_id++)
                                 .token("0a")
                                 .path(lwm2m::to_string(path))
                                 .uint(coap::OptionNumber::accept, accept));
                ASSERT_TRUE(server.has_mail()) << lwm2m::to_string(path);
                const auto answer = server.take();
                after(std::chrono::milliseconds(10));
                if (!holds(format, resource)) {
                    EXPECT_EQ(answer.view().code, Code::not_acceptable)
                        << lwm2m::to_string(path) << ' ' << lwm2m::name(format);
                    continue;
                }
                ASSERT_EQ(answer.view().code, Code::content) << lwm2m::to_string(path) << ' ' << lwm2m::name(format);
                with_tree([&](const fleet::DeviceTree& tree) {
                    const auto done =
                        lwm2m::decode(format, path, answer.view().payload, lwm2m::TreeTypes(tree), decoded);
                    ASSERT_TRUE(done) << lwm2m::to_string(path) << ' ' << lwm2m::name(format) << ": "
                                      << done.error().what;
                    auto& workspace = pool.workspace;
                    workspace.entries.clear();
                    ASSERT_EQ(lwm2m::collect(path, tree, workspace), Code::content);
                    EXPECT_EQ(said(decoded.entries), said(workspace.entries.entries)) << lwm2m::name(format);
                });
                ++reads;
            }
        }
    }
    EXPECT_GE(reads, 15'000u);
}

// Whole instances, in the formats for several values.
TEST_F(OmaDevice, EachInstanceIsTheSameInEveryFormat) {
    if (registry_folder().empty()) GTEST_SKIP() << no_registry;
    lwm2m::Entries decoded;
    with_tree([&](const fleet::DeviceTree& tree) {
        for (const auto& instance : profile->instances) {
            if (instance.path.object() == profiles::security_object) continue;
            for (const auto format : {ContentFormat::tlv, ContentFormat::json, ContentFormat::senml_json,
                                      ContentFormat::senml_cbor, ContentFormat::lwm2m_cbor}) {
                const auto answer = lwm2m::read(instance.path, format, tree, pool.workspace);
                ASSERT_EQ(answer.code, Code::content) << lwm2m::to_string(instance.path);
                ASSERT_TRUE(lwm2m::decode(format, instance.path, answer.payload, lwm2m::TreeTypes(tree), decoded))
                    << lwm2m::to_string(instance.path);
                EXPECT_EQ(said(decoded.entries), said(pool.workspace.entries.entries))
                    << lwm2m::to_string(instance.path) << ' ' << lwm2m::name(format);
            }
        }
    });
}

// The LwM2M test objects have every type, single and multiple.
TEST_F(OmaDevice, TheTestObjectsHaveEveryType) {
    if (registry_folder().empty()) GTEST_SKIP() << no_registry;
    for (const std::uint16_t id : {std::uint16_t{3441}, std::uint16_t{3442}}) {
        std::set<Type> single, multiple;
        for (const auto& resource : profile->resources) {
            if (resource.path.object() != id || resource.value.type() == Type::none) continue;
            (resource.multiple ? multiple : single).insert(resource.type);
        }
        EXPECT_EQ(single.size(), id == 3442 ? 9u : 7u);
        EXPECT_EQ(multiple.size(), single.size());
    }
}

// With the embedded server, in virtual time.
TEST(OmaRegistryDevice, IsTakenInByTheEmbeddedServer) {
    if (registry_folder().empty()) GTEST_SKIP() << no_registry;
    profiles::Diagnostics diagnostics;
    auto scenario = scenarios::parse_scenario(
        "scenario: test\ndevices: 1\nfleet: [{profile: everything}]\nphases:\n  - ramp: {over: 1s}\n  - hold: {for: "
        "2h}\n"
        "  - drain: {over: 10s}\nserver: {observe: [/3303/0/5700]}\n",
        "test", diagnostics);
    ASSERT_TRUE(scenario.has_value()) << diagnostics.text();
    auto catalog = profiles::builtin_profiles();
    catalog.add({"everything", "everything.yaml", profile_yaml()});
    const auto model = engine::make_fleet_model(std::move(*scenario), catalog, registry(), diagnostics);
    ASSERT_NE(model, nullptr) << diagnostics.text();
    const auto run = engine::run_virtually(*model, {.threads = 1, .info = {}});
    EXPECT_EQ(run.result.exit_code, metrics::ExitCode::ok);
    EXPECT_EQ(run.result.registered, 1);
    EXPECT_EQ(run.result.observations, 1);
    EXPECT_EQ(run.result.snapshot.server->totals.registrations, 1);
}

}  // namespace
