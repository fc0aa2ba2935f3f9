#include "simulator/cli/options.h"

#include <map>

#include <gtest/gtest.h>

namespace cli {
namespace {

using namespace std::chrono_literals;
using Variables = std::map<std::string, std::string, std::less<>>;

Environment environment_of(Variables variables) {
    return [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
    };
}

base::Result<Command, UsageError> parse(const std::vector<std::string>& args, Variables variables = {}) {
    return parse_command_line(args, environment_of(std::move(variables)));
}

template <class T>
T parsed(const std::vector<std::string>& args, Variables variables = {}) {
    const auto command = parse(args, std::move(variables));
    EXPECT_TRUE(command.has_value()) << command.error().text;
    return std::get<T>(command.value_or(Command(T{})));
}

std::string refused(const std::vector<std::string>& args, Variables variables = {}) {
    const auto command = parse(args, std::move(variables));
    EXPECT_FALSE(command.has_value());
    return command ? "" : command.error().text;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Options, FlagsOfRunHaveTheirTypes) {
    const auto run =
        parsed<RunCommand>({"run", "storm.yaml", "-n", "100k", "-s7", "--for=60s", "--over", "5s", "--threads", "2",
                            "--grace", "10s", "--summary", "json", "--set", "fleet[0].share=50%", "-q"});
    EXPECT_EQ(run.scenario.file, "storm.yaml");
    const std::vector<Override> expected{
        {"devices", "100k"}, {"seed", "7"}, {"for", "60s"}, {"over", "5s"}, {"fleet[0].share", "50%"}};
    EXPECT_EQ(run.scenario.overrides, expected);
    EXPECT_EQ(run.threads, 2u);
    EXPECT_EQ(run.grace, 10s);
    EXPECT_EQ(run.summary, SummaryKind::json);
    EXPECT_TRUE(run.quiet);
    EXPECT_FALSE(run.listen.given);
    EXPECT_EQ(run.listen.address, (ListenAddress{"127.0.0.1", 9700}));
}

TEST(Options, ABareTargetIsNoFile) {
    const auto run = parsed<RunCommand>({"run", "coap://localhost:5690"});
    EXPECT_FALSE(run.scenario.file);
    EXPECT_EQ(run.scenario.overrides, (std::vector<Override>{{"target", "\"coap://localhost:5690\""}}));
}

TEST(Options, AProfileMayHaveAnyName) {
    const auto run = parsed<RunCommand>({"run", "-p", "my \"own\".yaml"});
    EXPECT_EQ(run.scenario.overrides, (std::vector<Override>{{"fleet", R"([{profile: "my \"own\".yaml"}])"}}));
}

TEST(Options, AMisspeltCommandIsNamedWithTheNearestOne) {
    const auto text = refused({"rnu"});
    EXPECT_TRUE(contains(text, "unknown command 'rnu' (did you mean \"run\"?)")) << text;
    EXPECT_TRUE(contains(text, "validate")) << text;
}

TEST(Options, CommandsOfLaterAreUnknown) {
    for (const char* later : {"demo", "replay", "doctor", "calibrate", "merge", "compare", "report", "import", "ctl",
                              "init", "schema", "completion"}) {
        EXPECT_TRUE(contains(refused({later}), "unknown command")) << later;
    }
}

TEST(Options, AMisspeltFlagIsBlamedItselfAndNotItsValue) {
    const auto text = refused({"run", "--device", "5", "--treads", "2"});
    EXPECT_TRUE(contains(text, "unknown flag '--device' (did you mean \"--devices\"?)")) << text;
    EXPECT_TRUE(contains(text, "unknown flag '--treads' (did you mean \"--threads\"?)")) << text;
    EXPECT_TRUE(contains(text, "2 errors; nothing was sent")) << text;
}

TEST(Options, AValueThatLooksLikeAFlagIsAValue) {
    const auto run = parsed<RunCommand>({"run", "--set", "x=--devcies", "-n5"});
    EXPECT_EQ(run.scenario.overrides.back(), (Override{"x", "--devcies"}));
}

TEST(Options, FlagsOfLaterAreRefusedByName) {
    for (const char* later : {"--shard", "--threshold", "--baseline", "--push", "--start-at", "--late"}) {
        EXPECT_TRUE(contains(refused({"run", later, "1/2"}), std::string(later) + " is not supported yet")) << later;
    }
}

TEST(Options, AllWrongValuesAreToldAtOnce) {
    const auto text = refused({"run", "--threads", "0", "--grace", "soon", "--summary", "long", "--listen", "here",
                               "--addresses", "some", "--address-pool", "10.0.0.0", "--set", "novalue"});
    for (const char* flag : {"--threads: '0'", "--grace: 'soon'", "--summary: 'long'", "--listen: 'here'",
                             "--addresses: 'some'", "--address-pool: '10.0.0.0'", "--set: 'novalue'"}) {
        EXPECT_TRUE(contains(text, flag)) << flag << " in " << text;
    }
    EXPECT_TRUE(contains(text, "7 errors; nothing was sent")) << text;
}

TEST(Options, TheEnvironmentStandsForFlagsThatAreNotGiven) {
    const Variables variables{{"LWM2M_SIM_DEVICES", "7"}, {"LWM2M_SIM_THREADS", "3"}, {"LWM2M_SIM_NO_LISTEN", "1"}};
    const auto run = parsed<RunCommand>({"run", "-n", "9"}, variables);
    EXPECT_EQ(run.scenario.overrides, (std::vector<Override>{{"devices", "9"}}));
    EXPECT_EQ(run.threads, 3u);
    EXPECT_FALSE(run.listen.address);
}

TEST(Options, ABadValueInTheEnvironmentIsRefusedToo) {
    EXPECT_TRUE(contains(refused({"run"}, {{"LWM2M_SIM_QUIET", "maybe"}}), "LWM2M_SIM_QUIET: 'maybe' is not 1 or 0"));
    EXPECT_TRUE(contains(refused({"run"}, {{"LWM2M_SIM_THREADS", "many"}}), "--threads: 'many'"));
}

TEST(Options, NoColorIsHeeded) {
    EXPECT_TRUE(parsed<RunCommand>({"run"}).color);
    EXPECT_FALSE(parsed<RunCommand>({"run"}, {{"NO_COLOR", "1"}}).color);
    EXPECT_FALSE(parsed<RunCommand>({"run", "--no-color"}).color);
}

TEST(Options, TestHooksAreThereAndHidden) {
    const auto run = parsed<RunCommand>({"run", "--test-freeze-server", "3s,2s", "--test-leak-operation"});
    EXPECT_EQ(run.test_freeze_server, (std::pair<base::Duration, base::Duration>(3s, 2s)));
    EXPECT_TRUE(run.test_leak_operation);
    EXPECT_FALSE(contains(parsed<ShowText>({"help", "run"}).text, "test-"));
}

TEST(Options, ServeHasItsOwn) {
    const auto serve = parsed<ServeCommand>({"serve", "--port", "0", "--bind", "::1", "-n", "2M", "--listen", ":9800"});
    EXPECT_EQ(serve.port, 0);
    EXPECT_EQ(serve.bind, "::1");
    EXPECT_EQ(serve.capacity, 2'000'000u);
    EXPECT_EQ(serve.listen.address, (ListenAddress{"127.0.0.1", 9800}));
    EXPECT_TRUE(serve.listen.given);
    EXPECT_FALSE(serve.threads);
    EXPECT_EQ(parsed<ServeCommand>({"serve", "--threads", "4"}).threads, 4u);
    EXPECT_TRUE(contains(refused({"serve", "--threads", "65"}), "--threads: '65'"));
    EXPECT_TRUE(contains(refused({"serve", "--port", "70000"}), "--port: '70000'"));
    EXPECT_TRUE(contains(refused({"serve", "--bind", "here"}), "--bind: 'here'"));
}

TEST(Options, ServeSaysWhichGenerationsOfKeysItKnows) {
    const Variables secret{{"S", "a secret of the fleet"}};
    const auto serve = parsed<ServeCommand>({"serve", "--psk-secret-env", "S"}, secret);
    EXPECT_EQ(serve.first_generation, 0u);
    EXPECT_EQ(serve.last_generation, 1u);
    const auto later = parsed<ServeCommand>({"serve", "--psk-secret-env", "S", "--generations", "3-4"}, secret);
    EXPECT_EQ(later.first_generation, 3u);
    EXPECT_EQ(later.last_generation, 4u);
    EXPECT_EQ(parsed<ServeCommand>({"serve", "--psk-secret-env", "S", "--generations", "0"}, secret).last_generation,
              0u);
    EXPECT_TRUE(contains(refused({"serve", "--generations", "1-0"}), "--generations: '1-0'"));
    EXPECT_TRUE(contains(refused({"serve", "--generations", "0-1"}), "goes with --psk-secret-env"));
    EXPECT_TRUE(contains(refused({"provision", "--generation", "8"}), "--generation: '8'"));
    EXPECT_EQ(parsed<ProvisionCommand>({"provision", "--generation", "2"}).generation, 2u);
}

// Reliability goal S1: a secret is no argument, which every user of the host can read.
TEST(Options, TheTokenComesFromTheEnvironment) {
    EXPECT_EQ(parsed<RunCommand>({"run"}, {{"LWM2M_SIM_TOKEN", "secret"}}).listen.token, "secret");
    EXPECT_TRUE(contains(refused({"run", "--token", "secret"}), "unknown flag '--token'"));
}

TEST(Options, SimulateNeedsNoTarget) {
    EXPECT_EQ(parsed<SimulateCommand>({"simulate", "--threads", "4"}).threads, 4u);
    EXPECT_TRUE(contains(refused({"simulate", "coap://localhost"}), "simulate needs no target"));
    EXPECT_TRUE(contains(refused({"simulate", "a.yaml", "b.yaml"}), "too many arguments"));
}

TEST(Options, EveryCommandExplainsItself) {
    for (const char* command : {"run", "serve", "simulate", "provision", "validate", "list", "decode", "encode"}) {
        const auto text = parsed<ShowText>({command, "--help"}).text;
        EXPECT_TRUE(contains(text, std::string("lwm2m-sim ") + command)) << text;
        EXPECT_EQ(parsed<ShowText>({"help", command}).text, text);
    }
    EXPECT_TRUE(contains(parsed<ShowText>({"help"}).text, "simulate"));
    EXPECT_TRUE(contains(parsed<ShowText>({"--help"}).text, "simulate"));
    EXPECT_TRUE(contains(parsed<ShowText>({"--version"}).text, "lwm2m-sim "));
    EXPECT_TRUE(contains(parsed<ShowText>({"help", "scenario"}).text, "phases"));
    EXPECT_TRUE(contains(parsed<ShowText>({"help", "profile"}).text, "lifetime"));
    EXPECT_TRUE(contains(parsed<ShowText>({"help", "exit-codes"}).text, "98"));
    EXPECT_TRUE(contains(refused({"help", "scenarios"}), "did you mean \"scenario\"?"));
    EXPECT_TRUE(contains(refused({}), "usage: lwm2m-sim"));
}

TEST(Options, DecodeNeedsAFormatUnlessEachLineHasOne) {
    const auto decode = parsed<DecodeOptions>({"decode", "--as", "tlv", "--path", "/3/0", "c80014"});
    EXPECT_EQ(decode.as, "tlv");
    EXPECT_EQ(decode.path, "/3/0");
    EXPECT_EQ(decode.input, "c80014");
    EXPECT_TRUE(parsed<DecodeOptions>({"decode", "--batch"}).batch);
    EXPECT_TRUE(contains(refused({"decode", "c80014"}), "--as FORMAT is needed"));
}

TEST(Options, VariablesAreCalledAfterFlags) { EXPECT_EQ(variable_of("--address-pool"), "LWM2M_SIM_ADDRESS_POOL"); }

}  // namespace
}  // namespace cli
