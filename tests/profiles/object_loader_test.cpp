#include "profiles/object_loader.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "profiles/object_yaml.h"
#include "tests/support/oma_registry.h"

namespace profiles {
namespace {

namespace fs = std::filesystem;
using lwm2m::ObjectModel;
using lwm2m::ObjectRegistry;
using lwm2m::Range;
using lwm2m::ResourceModel;
using lwm2m::Type;
using lwm2m::Version;
using support::no_registry;

fs::path registry_folder() { return support::registry_folder(LWM2M_SIM_SOURCE_DIR); }

// The files that define an object: 3.xml, version_history/3-1_1.xml. Beside them are lists and schemas.
std::vector<fs::path> registry_files(const fs::path& folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (entry.path().extension() == ".xml" && name[0] >= '0' && name[0] <= '9') files.push_back(entry.path());
    }
    return files;
}

std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<ObjectModel> from_yaml(std::string text, Diagnostics& diagnostics) {
    const auto root = parse_yaml(std::move(text), "pump.yaml", diagnostics);
    return root ? read_objects(*root, diagnostics) : std::vector<ObjectModel>{};
}

// The first message, with its place: "pump.yaml:3:5: message".
std::string first_error(const Diagnostics& diagnostics) {
    for (const Diagnostic& diagnostic : diagnostics.sorted()) {
        if (diagnostic.severity == Diagnostic::Severity::error)
            return diagnostic.place.text() + ": " + diagnostic.message;
    }
    return "";
}
std::string yaml_error(std::string text) {
    Diagnostics diagnostics;
    from_yaml(std::move(text), diagnostics);
    return first_error(diagnostics);
}
std::string xml_error(std::string text) {
    Diagnostics diagnostics;
    read_objects_xml(std::move(text), "pump.xml", diagnostics);
    return first_error(diagnostics);
}

std::string xml(const std::string& object, const std::string& items) {
    return "<LWM2M>\n<Object ObjectType=\"MODefinition\">\n" + object + "\n<Resources>" + items +
           "</Resources>\n</Object>\n</LWM2M>\n";
}
constexpr const char* pump_head = "<Name>Pump</Name><ObjectID>33500</ObjectID>";
constexpr const char* flow_item =
    "\n<Item ID=\"1\"><Name>Flow</Name><Operations>R</Operations><Type>Float</Type></Item>";

constexpr const char* pump_yaml = R"(object: 33500
name: Pump
multiple: true
versions:
  "1.0":
    lwm2m: "1.1"
    resources:
      1: Flow Rate   | R    | float mandatory  | 0..500 | l/min
      2: Valve       | RW   | boolean
      3: Power (|A|) | none | integer multiple | 0,10..19
      4: Reset       | E
  "1.1":
    extends: "1.0"
    name: Big Pump
    mandatory: true
    resources:
      2: ~
      5: Serial | R | string | 1..32
)";

TEST(ObjectYaml, ReadsEveryFact) {
    Diagnostics diagnostics;
    const auto models = from_yaml(pump_yaml, diagnostics);
    ASSERT_TRUE(diagnostics.ok()) << diagnostics.text();
    ASSERT_EQ(models.size(), 2u);
    const ObjectModel& old = models[0];
    EXPECT_EQ(old.id, 33500);
    EXPECT_EQ(old.key, "pump");
    EXPECT_EQ(old.urn, "urn:oma:lwm2m:x:33500");
    EXPECT_EQ(old.lwm2m_version, (Version{1, 1}));
    EXPECT_TRUE(old.multiple);
    EXPECT_FALSE(old.mandatory);
    ASSERT_EQ(old.resources.size(), 4u);
    const ResourceModel& flow = old.resources[0];
    EXPECT_EQ(flow.name, "Flow Rate");
    EXPECT_EQ(flow.key, "flow_rate");
    EXPECT_EQ(flow.operations, lwm2m::Operations{.read = true});
    EXPECT_EQ(flow.type, Type::floating);
    EXPECT_TRUE(flow.mandatory);
    EXPECT_EQ(flow.range.intervals, (std::vector<Range::Interval>{{0, 500}}));
    EXPECT_EQ(flow.units, "l/min");
    EXPECT_EQ(old.find(3)->name, "Power (|A|)");
    EXPECT_EQ(old.find(3)->operations, lwm2m::Operations{});
    EXPECT_TRUE(old.find(3)->multiple);
    EXPECT_TRUE(old.find(4)->operations.execute);
    EXPECT_EQ(old.find(4)->type, Type::none);
}

TEST(ObjectYaml, AVersionExtendsOneAbove) {
    Diagnostics diagnostics;
    const auto models = from_yaml(pump_yaml, diagnostics);
    ASSERT_EQ(models.size(), 2u);
    const ObjectModel& big = models[1];
    EXPECT_EQ(big.version, (Version{1, 1}));
    EXPECT_EQ(big.name, "Big Pump");
    EXPECT_TRUE(big.mandatory);
    EXPECT_EQ(big.urn, "urn:oma:lwm2m:x:33500:1.1");
    EXPECT_EQ(big.find(2), nullptr);
    EXPECT_EQ(*big.find(1), *models[0].find(1));
    EXPECT_EQ(big.find(5)->range.of, Range::Of::length);
}

TEST(ObjectYaml, SaysWhatIsWrongAndWhere) {
    const std::string head = "object: 33500\nname: Pump\nversions:\n  \"1.0\":\n    resources:\n";
    EXPECT_EQ(yaml_error(head + "      1: Flow | R | flaot\n"),
              "pump.yaml:6:10: resource 1: 'flaot' in the column of the type");
    EXPECT_EQ(yaml_error(head + "      1: Flow | RE | float\n"), "pump.yaml:6:10: resource 1: 'RE' are no operations");
    EXPECT_EQ(yaml_error(head + "      1: Flow | R\n"), "pump.yaml:6:10: resource 1 has no type");
    EXPECT_EQ(yaml_error(head + "      1: Go | E | float\n"),
              "pump.yaml:6:10: resource 1 has a type, though it is executable");
    EXPECT_EQ(yaml_error(head + "      1: Flow\n"), "pump.yaml:6:10: resource 1 is no resource");
    EXPECT_EQ(yaml_error(head + "      1: [Flow]\n"), "pump.yaml:6:10: resource 1 is no resource");
    EXPECT_EQ(yaml_error(head + "      65535: Flow | R | float\n"), "pump.yaml:6:7: '65535' is no resource id");
    EXPECT_EQ(yaml_error(head + "      1: ~\n"), "pump.yaml:6:7: resource 1 is not there to be removed");
    EXPECT_EQ(yaml_error("object: 70000\nname: a\nversions: {}\n"), "pump.yaml:1:9: '70000' is no object id");
    EXPECT_EQ(yaml_error("object: 1\nname: a\nversions: {\"x\": {}}\n"), "pump.yaml:3:12: 'x' is no version");
    EXPECT_EQ(yaml_error("object: 1\nname: a\nversions: {\"1.0\": {extends: \"0.9\"}}\n"),
              "pump.yaml:3:29: no version '0.9' above this one");
    EXPECT_NE(yaml_error("object: 1\nname: a\nverions: {}\n"), "");
    EXPECT_NE(yaml_error("just text\n"), "");
    EXPECT_NE(yaml_error("object: 1\nname: a\nversions: {}\n"), "");
    EXPECT_NE(yaml_error(head + "      1: A | R | float\n      1: B | R | float\n"), "") << "a key that is there twice";
}

TEST(ObjectXml, ReadsEveryFact) {
    Diagnostics diagnostics;
    const auto models = read_objects_xml(
        "\xef\xbb\xbf" +
            xml("<Name> Big\n  Pump </Name><ObjectID> 33500 </ObjectID><ObjectURN>urn:oma:lwm2m:x:33500:2.1</ObjectURN>"
                "<LWM2MVersion>1.1</LWM2MVersion><ObjectVersion>2.1</ObjectVersion>"
                "<MultipleInstances>Multiple</MultipleInstances><Mandatory>Mandatory</Mandatory>",
                "<Item ID=\"7\"><Name><![CDATA[Flow]]></Name><Operations>RW</Operations>"
                "<MultipleInstances>Multiple</MultipleInstances><Mandatory>Mandatory</Mandatory><Type>Unsigned "
                "Integer</Type>"
                "<RangeEnumeration>0..9</RangeEnumeration><Units>\n  l/min </Units></Item>"
                "<Item ID=\"2\"><Name>Go</Name><Operations>E</Operations><Type></Type></Item>"),
        "pump.xml", diagnostics);
    ASSERT_TRUE(diagnostics.ok()) << diagnostics.text();
    ASSERT_EQ(models.size(), 1u);
    EXPECT_EQ(models[0].name, "Big Pump");
    EXPECT_EQ(models[0].key, "big_pump");
    EXPECT_EQ(models[0].version, (Version{2, 1}));
    EXPECT_EQ(models[0].lwm2m_version, (Version{1, 1}));
    EXPECT_TRUE(models[0].multiple);
    EXPECT_TRUE(models[0].mandatory);
    ASSERT_EQ(models[0].resources.size(), 2u);
    EXPECT_EQ(models[0].resources[0].id, 2) << "sorted by id";
    EXPECT_EQ(models[0].resources[1], (ResourceModel{.id = 7,
                                                     .name = "Flow",
                                                     .key = "flow",
                                                     .operations = {.read = true, .write = true},
                                                     .multiple = true,
                                                     .mandatory = true,
                                                     .type = Type::unsigned_integer,
                                                     .range = {.intervals = {{0, 9}}, .text = "0..9"},
                                                     .units = "l/min"}));
}

TEST(ObjectXml, TakesWhatIsLeftOutAsTheOldFilesMeanIt) {
    Diagnostics diagnostics;
    const auto models = read_objects_xml(xml("<Name>Pump</Name><ObjectID>33500</ObjectID><ObjectVersion/>", flow_item),
                                         "p", diagnostics);
    ASSERT_EQ(models.size(), 1u) << diagnostics.text();
    EXPECT_EQ(models[0].version, (Version{1, 0}));
    EXPECT_EQ(models[0].lwm2m_version, (Version{1, 0}));
    EXPECT_EQ(models[0].urn, "urn:oma:lwm2m:x:33500");
    EXPECT_FALSE(models[0].multiple);
    const auto by_urn = read_objects_xml(
        xml("<Name>Pump</Name><ObjectID>33500</ObjectID><ObjectURN>urn:oma:lwm2m:x:33500:1.3</ObjectURN>", ""), "p",
        diagnostics);
    ASSERT_EQ(by_urn.size(), 1u);
    EXPECT_EQ(by_urn[0].version, (Version{1, 3}));
}

TEST(ObjectXml, SaysWhatIsWrongAndWhere) {
    EXPECT_EQ(xml_error(xml("<Name>Pump</Name>", "")), "pump.xml:2:2: object without an id");
    EXPECT_EQ(xml_error(xml("<ObjectID>1</ObjectID>", "")), "pump.xml:2:2: object without a name");
    EXPECT_EQ(xml_error(xml("<Name>Pump</Name><ObjectID>65535</ObjectID>", "")),
              "pump.xml:3:19: object id '65535' is none");
    EXPECT_EQ(xml_error(xml("<Name>Pump</Name><ObjectID>-1</ObjectID>", "")), "pump.xml:3:19: object id '-1' is none");
    EXPECT_EQ(xml_error(xml(pump_head, "\n<Item><Name>Flow</Name></Item>")), "pump.xml:5:2: resource without an id");
    EXPECT_EQ(xml_error(xml(pump_head, std::string(flow_item) + flow_item)), "pump.xml:6:2: resource 1 is there twice");
    EXPECT_EQ(xml_error(xml(pump_head, "\n<Item ID=\"1\"><Name>F</Name>\n<Operations>RX</Operations></Item>")),
              "pump.xml:6:2: resource 1: 'RX' are no operations");
    EXPECT_EQ(xml_error(xml(pump_head,
                            "\n<Item ID=\"1\"><Name>F</Name><Operations>R</Operations>\n<Type>Flaot</Type></Item>")),
              "pump.xml:6:2: resource 1: 'Flaot' is no type");
    EXPECT_EQ(xml_error(xml(std::string(pump_head) + "<Mandatory>Maybe</Mandatory>", "")),
              "pump.xml:3:45: Mandatory: 'Maybe'");
    EXPECT_EQ(xml_error(xml(std::string(pump_head) + "<ObjectVersion>one</ObjectVersion>", "")),
              "pump.xml:3:45: ObjectVersion: 'one' is no version");
    EXPECT_EQ(xml_error("<DDFList/>"), "pump.xml: defines no object");
}

TEST(ObjectXml, SurvivesHostileText) {
    EXPECT_NE(xml_error(""), "");
    EXPECT_NE(xml_error("<LWM2M><Object>"), "");
    EXPECT_NE(xml_error(std::string("<LWM2M>\0</LWM2M>", 16)), "");
    EXPECT_NE(xml_error(std::string((4 << 20) + 1, ' ')), "");
    std::string deep;
    for (int i = 0; i < 200'000; ++i) deep += "<a>";
    for (int i = 0; i < 200'000; ++i) deep += "</a>";
    EXPECT_NE(xml_error("<LWM2M>" + deep + "</LWM2M>").find("nested deeper than 32 levels"), std::string::npos);
    std::string bomb = "<!DOCTYPE l [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>";
    bomb += xml("<Name>&b;</Name><ObjectID>1</ObjectID>", flow_item);
    Diagnostics diagnostics;
    const auto models = read_objects_xml(bomb, "bomb.xml", diagnostics);
    ASSERT_EQ(models.size(), 1u) << "entities are not expanded, so there is nothing to blow up";
    EXPECT_EQ(models[0].name, "&b;");
    const std::string whole = xml(pump_head, flow_item);
    for (std::size_t length = 0; length + 2 < whole.size(); ++length)
        EXPECT_NE(xml_error(whole.substr(0, length)), "") << length;
}

// A folder of its own for each test, gone at its end.
class ObjectFiles : public testing::Test {
protected:
    ObjectFiles()
        : folder(fs::path(testing::TempDir()) /
                 ("objects-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()))) {
        fs::remove_all(folder);
        fs::create_directories(folder / "below");
    }
    ~ObjectFiles() override { fs::remove_all(folder); }
    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(folder / name, std::ios::binary) << text;
        return (folder / name).string();
    }
    fs::path folder;
    ObjectRegistry registry = builtin_objects();
    Diagnostics diagnostics;
};

TEST_F(ObjectFiles, AreFoundInAFolderAndBelow) {
    write("pump.yaml", pump_yaml);
    write("below/flow.xml", xml("<Name>Flow</Name><ObjectID>33501</ObjectID>", flow_item));
    write("DDF.xml", "<DDFList/>");
    write("meter.yaml", "profile: meter\n");
    write("notes.txt", "none of ours");
    load_objects(std::vector{folder.string()}, registry, diagnostics);
    EXPECT_TRUE(diagnostics.ok()) << diagnostics.text();
    EXPECT_EQ(registry.object("big_pump"), 33500);
    EXPECT_EQ(registry.object("flow"), 33501);
    EXPECT_NE(registry.find(33500, {1, 1}), nullptr);
}

TEST_F(ObjectFiles, TakeThePlaceOfTheBuiltInOnes) {
    load_objects(std::vector{write(
                     "device.xml",
                     xml("<Name>Device</Name><ObjectID>3</ObjectID><ObjectVersion>1.1</ObjectVersion>", flow_item))},
                 registry, diagnostics);
    EXPECT_TRUE(diagnostics.ok()) << diagnostics.text();
    EXPECT_EQ(registry.find(3, {1, 1})->resources.size(), 1u);
    EXPECT_EQ(registry.find(3, {1, 0})->resources.size(), 23u);
}

TEST_F(ObjectFiles, MustNotContradictEachOther) {
    const std::string one = write("one.xml", xml(pump_head, flow_item));
    const std::string same = write("same.xml", xml(pump_head, flow_item));
    const std::string other = write("other.xml", xml(pump_head, ""));
    load_objects(std::vector{one, same}, registry, diagnostics);
    EXPECT_TRUE(diagnostics.ok()) << diagnostics.text();
    load_objects(std::vector{one, other}, registry, diagnostics);
    EXPECT_EQ(first_error(diagnostics), other + ": object 33500 version 1.0 is defined in another way by " + one);
}

TEST_F(ObjectFiles, ThatCannotBeReadAreReported) {
    load_objects(std::vector{(folder / "none.xml").string()}, registry, diagnostics);
    EXPECT_EQ(diagnostics.errors(), 1u);
    load_objects(std::vector{(folder / "none.yaml").string()}, registry, diagnostics);
    EXPECT_EQ(diagnostics.errors(), 2u);
    load_objects(std::vector{write("DDF.xml", "<DDFList/>")}, registry, diagnostics);
    EXPECT_EQ(diagnostics.errors(), 3u);
    load_objects(std::vector{write("notes.txt", "")}, registry, diagnostics);
    EXPECT_EQ(diagnostics.errors(), 4u);
}

TEST(BuiltinObjects, AreThoseThatDevicesUse) {
    const ObjectRegistry& registry = builtin_objects();
    EXPECT_EQ(registry.object("device"), 3);
    EXPECT_EQ(registry.object("firmware_update"), 5);
    EXPECT_EQ(registry.object("temperature"), 3303);
    for (const char* name :
         {"security", "server", "access_control", "connectivity_monitoring", "location", "connectivity_statistics"}) {
        EXPECT_TRUE(registry.object(name)) << name;
    }
    EXPECT_NE(registry.find(3442, {1, 0}), nullptr);
    const lwm2m::ObjectSelection selection(registry, {.lwm2m = {1, 1}});
    EXPECT_EQ(selection.path("device/0/battery_level"), lwm2m::Path(3, 0, 9));
    EXPECT_EQ(selection.path("temperature/0/sensor_value"), lwm2m::Path(3303, 0, 5700));
    EXPECT_EQ(selection.path("device/0/error_code/1"), lwm2m::Path(3, 0, 11, 1));
}

// Each object of each LwM2M version resolves to the version that this LwM2M version defines, and no other.
TEST(BuiltinObjects, ResolveToTheVersionOfLwm2m) {
    for (const Version lwm2m : {Version{1, 0}, Version{1, 1}, Version{1, 2}}) {
        const lwm2m::ObjectSelection selection(builtin_objects(), {.lwm2m = lwm2m});
        for (const std::uint16_t id : builtin_objects().objects()) {
            const ObjectModel* const model = selection.object(id);
            ASSERT_NE(model, nullptr) << id;
            EXPECT_EQ(model->version, lwm2m::default_version(id, lwm2m)) << id;
        }
    }
}

TEST(BuiltinObjects, EachIsFoundByItsKeyAndEachResourceToo) {
    const ObjectRegistry& registry = builtin_objects();
    std::set<std::string> keys;
    for (const std::uint16_t id : registry.objects()) {
        EXPECT_EQ(registry.object(registry.key(id)), id) << registry.key(id);
        EXPECT_TRUE(keys.insert(registry.key(id)).second) << registry.key(id);
        for (const ObjectModel* model : registry.versions(id)) {
            for (const ResourceModel& resource : model->resources)
                EXPECT_EQ(model->find(resource.key), &resource) << resource.key;
        }
    }
}

// What of a range is a fact: the values where they can be understood, else its words.
std::pair<std::vector<Range::Interval>, std::string> facts(const Range& range) {
    return {range.intervals, range.intervals.empty() ? range.text : ""};
}

// Sentences of the registry in the place of a range; the catalogue has none of its prose.
bool is_prose(const Range& range) { return range.text.starts_with("The possible values"); }

void expect_same(const ObjectModel& ours, const ObjectModel& oma) {
    EXPECT_EQ(ours.name, oma.name);
    EXPECT_EQ(ours.key, oma.key);
    EXPECT_EQ(ours.lwm2m_version, oma.lwm2m_version);
    EXPECT_EQ(ours.urn, oma.urn);
    EXPECT_EQ(ours.multiple, oma.multiple);
    EXPECT_EQ(ours.mandatory, oma.mandatory);
    ASSERT_EQ(ours.resources.size(), oma.resources.size());
    for (std::size_t i = 0; i < oma.resources.size(); ++i) {
        const ResourceModel& a = ours.resources[i];
        const ResourceModel& b = oma.resources[i];
        SCOPED_TRACE("resource " + std::to_string(b.id));
        EXPECT_EQ(a.id, b.id);
        EXPECT_EQ(a.name, b.name);
        EXPECT_EQ(a.key, b.key);
        EXPECT_EQ(a.operations, b.operations);
        EXPECT_EQ(a.multiple, b.multiple);
        EXPECT_EQ(a.mandatory, b.mandatory);
        EXPECT_EQ(a.type, b.type);
        EXPECT_EQ(a.units, b.units);
        EXPECT_EQ(a.range.of, b.range.text.empty() || is_prose(b.range) ? a.range.of : b.range.of);
        EXPECT_EQ(facts(a.range), is_prose(b.range) ? facts({}) : facts(b.range));
    }
}

TEST(OmaRegistry, EachOfItsFilesLoads) {
    const fs::path folder = registry_folder();
    if (folder.empty()) GTEST_SKIP() << no_registry;
    const auto files = registry_files(folder);
    EXPECT_GE(files.size(), 700u);
    for (const fs::path& file : files) {
        Diagnostics diagnostics;
        const auto models = read_objects_xml(read(file), file.filename().string(), diagnostics);
        EXPECT_TRUE(diagnostics.ok()) << diagnostics.text();
        ASSERT_EQ(models.size(), 1u) << file;
        const std::string stem = file.stem().string();
        EXPECT_EQ(std::to_string(models[0].id), stem.substr(0, stem.find('-')));
        const std::string version =
            std::to_string(models[0].version.major) + "_" + std::to_string(models[0].version.minor);
        const std::size_t dash = stem.find('-');
        EXPECT_TRUE(dash == std::string::npos || stem.substr(dash + 1) == version)
            << stem << " has version " << version;
        EXPECT_FALSE(models[0].resources.empty());
    }
}

TEST(OmaRegistry, LoadsAsAFolderBesideTheBuiltInObjects) {
    const fs::path folder = registry_folder();
    if (folder.empty()) GTEST_SKIP() << no_registry;
    ObjectRegistry registry = builtin_objects();
    Diagnostics diagnostics;
    load_objects(std::vector{folder.string()}, registry, diagnostics);
    EXPECT_TRUE(diagnostics.ok()) << diagnostics.text();
    EXPECT_GE(registry.objects().size(), 300u);
    const lwm2m::ObjectSelection selection(registry, {.lwm2m = {1, 1}});
    EXPECT_EQ(selection.objects().size(), registry.objects().size());
    EXPECT_EQ(selection.type_of(lwm2m::Path(3442, 0, 110)), Type::string);
}

// The catalogue says what the registry says: every fact of every version, and no version is missing.
TEST(OmaRegistry, EqualsTheBuiltInCatalogue) {
    const fs::path folder = registry_folder();
    if (folder.empty()) GTEST_SKIP() << no_registry;
    std::set<std::pair<std::uint16_t, Version>> compared;
    for (const fs::path& file : registry_files(folder)) {
        Diagnostics diagnostics;
        for (const ObjectModel& oma : read_objects_xml(read(file), file.filename().string(), diagnostics)) {
            const bool covered = oma.id <= 28 || (oma.id >= 500 && oma.id <= 511) ||
                                 (oma.id >= 3200 && oma.id <= 3350) || (oma.id >= 3410 && oma.id <= 3442);
            if (!covered) continue;
            SCOPED_TRACE(file.filename().string());
            const ObjectModel* const ours = builtin_objects().find(oma.id, oma.version);
            ASSERT_NE(ours, nullptr);
            expect_same(*ours, oma);
            compared.insert({oma.id, oma.version});
        }
    }
    std::size_t versions = 0;
    for (const std::uint16_t id : builtin_objects().objects()) versions += builtin_objects().versions(id).size();
    EXPECT_EQ(compared.size(), versions) << "the catalogue has a version that the registry lacks";
}

}  // namespace
}  // namespace profiles
