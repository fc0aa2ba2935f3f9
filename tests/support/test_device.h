// Test device: a MemoryTree with the objects that the tests and fuzz targets of the operations speak of.
#pragma once

#include "tests/support/memory_tree.h"

namespace support {

namespace test_device {

inline lwm2m::ResourceModel resource(std::uint16_t id, const char* operations, Type type, const char* more = "") {
    const std::string_view words = more;
    return {.id = id,
            .name = "resource " + std::to_string(id),
            .operations = lwm2m::parse_operations(operations).value(),
            .multiple = words.find("multiple") != words.npos,
            .mandatory = words.find("mandatory") != words.npos,
            .type = type};
}

inline lwm2m::ResourceModel ranged(lwm2m::ResourceModel resource, const char* range) {
    resource.range = lwm2m::parse_range(range, resource.type);
    return resource;
}

inline void define_server_and_device(MemoryTree& tree) {
    tree.define({.id = 0, .name = "Security", .multiple = true, .resources = {resource(0, "none", Type::string)}});
    tree.define(
        {.id = 1,
         .name = "Server",
         .version = {1, 1},
         .multiple = true,
         .mandatory = true,
         .resources = {resource(0, "R", Type::integer, "mandatory"), resource(1, "RW", Type::integer, "mandatory"),
                       resource(6, "RW", Type::boolean, "mandatory"), resource(7, "RW", Type::string, "mandatory"),
                       resource(8, "E", Type::none)}});
    tree.define({.id = 3,
                 .name = "Device",
                 .mandatory = true,
                 .resources = {resource(0, "R", Type::string), resource(4, "E", Type::none, "mandatory"),
                               resource(7, "R", Type::integer, "multiple"), resource(9, "R", Type::integer),
                               resource(11, "R", Type::integer, "multiple mandatory"), resource(13, "RW", Type::time),
                               resource(15, "RW", Type::string)}});
    tree.define({.id = 5,
                 .name = "Firmware Update",
                 .resources = {resource(0, "W", Type::opaque, "mandatory"),
                               ranged(resource(1, "RW", Type::string, "mandatory"), "0..255"),
                               resource(2, "E", Type::none, "mandatory")}});
}

inline void define_sensors(MemoryTree& tree) {
    tree.define({.id = 3303,
                 .name = "Temperature",
                 .multiple = true,
                 .resources = {resource(5605, "E", Type::none), resource(5700, "R", Type::floating, "mandatory"),
                               resource(5701, "R", Type::string), resource(5750, "RW", Type::string)}});
    tree.define(
        {.id = 3311,
         .name = "Light Control",
         .multiple = true,
         .resources = {resource(5850, "RW", Type::boolean, "mandatory"),
                       ranged(resource(5851, "RW", Type::integer), "0..100"), resource(5805, "R", Type::floating)}});
}

inline void define_test_object(MemoryTree& tree) {
    lwm2m::ObjectModel model{.id = 3442, .name = "Test Object", .multiple = true};
    model.resources.push_back(resource(0, "E", Type::none));
    for (const auto& [id, type] : std::vector<std::pair<std::uint16_t, Type>>{{110, Type::string},
                                                                              {120, Type::integer},
                                                                              {125, Type::unsigned_integer},
                                                                              {130, Type::floating},
                                                                              {140, Type::boolean},
                                                                              {150, Type::opaque},
                                                                              {160, Type::time},
                                                                              {170, Type::objlnk},
                                                                              {180, Type::corelnk}}) {
        model.resources.push_back(resource(id, "RW", type));
        model.resources.push_back(resource(static_cast<std::uint16_t>(id + 1000), "RW", type, "multiple"));
    }
    tree.define(std::move(model));
}

inline void fill_test_object(MemoryTree& tree) {
    static constexpr std::uint8_t bytes[] = {0xde, 0xad};
    const auto put = [&](std::uint16_t resource, const ValueView& value) {
        tree.put({3442, 0, resource}, value);
        tree.put({3442, 0, static_cast<std::uint16_t>(resource + 1000), 0}, value);
        tree.put({3442, 0, static_cast<std::uint16_t>(resource + 1000), 300}, value);
    };
    tree.put({3442, 0, 0});
    put(110, ValueView::of_string("initial value"));
    put(120, ValueView::of_integer(1024));
    put(125, ValueView::of_unsigned(5));
    put(130, ValueView::of_floating(3.25));
    put(140, ValueView::of_boolean(true));
    put(150, ValueView::of_opaque(bytes));
    put(160, ValueView::of_time(1367491215));
    put(170, ValueView::of_objlnk({3, 0}));
    put(180, ValueView::of_corelnk("</3442>"));
}

}  // namespace test_device

// /1/0, /3/0, /5/0, /3303/0, /3303/2 and /3442/0; /3311 has no instance.
inline MemoryTree make_test_device() {
    MemoryTree tree;
    test_device::define_server_and_device(tree);
    test_device::define_sensors(tree);
    test_device::define_test_object(tree);
    tree.put({0, 0, 0}, ValueView::of_string("coap://secret"));
    tree.put({1, 0, 0}, ValueView::of_integer(101));
    tree.put({1, 0, 1}, ValueView::of_integer(300));
    tree.put({1, 0, 6}, ValueView::of_boolean(false));
    tree.put({1, 0, 7}, ValueView::of_string("U"));
    tree.put({1, 0, 8});
    tree.put({3, 0, 0}, ValueView::of_string("Maker"));
    tree.put({3, 0, 4});
    tree.put({3, 0, 7, 0}, ValueView::of_integer(3800));
    tree.put({3, 0, 7, 1}, ValueView::of_integer(5000));
    tree.put({3, 0, 9}, ValueView::of_integer(95));
    tree.put({3, 0, 11});
    tree.put({3, 0, 13}, ValueView::of_time(1367491215));
    tree.put({3, 0, 15}, ValueView::of_string("Europe/Berlin"));
    tree.put({5, 0, 0});
    tree.put({5, 0, 1}, ValueView::of_string(""));
    tree.put({5, 0, 2});
    for (const std::uint16_t instance : {std::uint16_t{0}, std::uint16_t{2}}) {
        tree.put({3303, instance, 5605});
        tree.put({3303, instance, 5700}, ValueView::of_floating(21.5 + instance));
        tree.put({3303, instance, 5701}, ValueView::of_string("Cel"));
        tree.put({3303, instance, 5750}, ValueView::of_string("kitchen"));
    }
    test_device::fill_test_object(tree);
    return tree;
}

}  // namespace support
