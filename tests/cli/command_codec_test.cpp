#include "simulator/cli/command_codec.h"

#include <sstream>

#include <gtest/gtest.h>

#include "simulator/cli/wire_json.h"

namespace cli {
namespace {

struct Ran {
    int code = 0;
    std::string out, err;
    Json json() const { return Json::parse(out); }
};

Ran decode(DecodeOptions options, const std::string& in = "") {
    std::istringstream input(in);
    std::ostringstream out, err;
    const int code = run_decode(options, input, out, err);
    return {code, out.str(), err.str()};
}

Ran encode(const std::string& json) {
    std::istringstream input(json);
    std::ostringstream out, err;
    const int code = run_encode({}, input, out, err);
    return {code, out.str(), err.str()};
}

Ran batch(const std::string& in, const std::string& as = "") { return decode({.as = as, .batch = true}, in); }

TEST(Decode, SaysWhatATlvHolds) {
    const auto ran = decode({.as = "tlv", .path = "/3/0", .input = "C10964 860641000141 0105"});
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(ran.json(), Json::parse(R"({"format": "tlv", "path": "/3/0", "values": [
        {"path": "/3/0/6/0", "type": "integer", "value": 1}, {"path": "/3/0/6/1", "type": "integer", "value": 5},
        {"path": "/3/0/9", "type": "integer", "value": 100}]})"));
}

TEST(Decode, TakesThePathByName) {
    EXPECT_EQ(decode({.as = "text", .path = "device/0/battery_level", .input = "3130"}).json()["values"][0]["value"],
              10);
    const auto ran = decode({.as = "text", .path = "devise/0", .input = "3130"});
    EXPECT_EQ(ran.code, 2);
    EXPECT_NE(ran.err.find("device"), std::string::npos) << ran.err;
}

TEST(Decode, ReadsStandardInputWithoutAnArgument) {
    EXPECT_EQ(decode({.as = "cbor", .path = "/3/0/9"}, "18 64\n").json()["values"][0]["value"], 100);
}

// RFC 8613, appendix C.6.
TEST(Decode, SaysWhatAnOscoreOptionHolds) {
    const auto json =
        decode({.as = "coap",
                .input = "44022f8eef9bbf7a396c6f63616c686f73746b19140837cbf3210017a2d3ff72cd7273fd331ac45cffbe55c3"})
            .json();
    EXPECT_EQ(json["options"][1]["oscore"],
              Json::parse(R"({"partial_iv": 20, "kid_context": "37cbf3210017a2d3", "kid": ""})"));
    const auto bad = decode({.as = "coap",
                             .input = "40020001"
                                      "91e0"
                                      "ff00"})
                         .json();
    EXPECT_EQ(bad["options"][0]["oscore"]["error"], "reserved bits of the OSCORE option are set");
}

TEST(Decode, AnErrorHasItsOffset) {
    const auto ran = decode({.as = "tlv", .path = "/3/0", .input = "C10964C109"});
    EXPECT_EQ(ran.code, 2);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.err, "lwm2m-sim decode: length runs past the end (offset 3)\n");
    EXPECT_EQ(decode({.as = "tlv", .input = "C1xx"}).err,
              "lwm2m-sim decode: hex: not a hexadecimal digit (offset 2)\n");
    EXPECT_EQ(decode({.as = "xml", .input = ""}).code, 2);
}

TEST(Decode, WithoutAPathTheFormatTellsAllThatItCan) {
    EXPECT_EQ(
        decode({.as = "cbor", .input = "182a"}).json(),
        Json::parse(
            R"({"format": "cbor", "path": "/?/?/?", "values": [{"path": "/?/?/?", "type": "integer", "value": 42}]})"));
    EXPECT_EQ(decode({.as = "tlv", .input = "860641000141 0105"}).json(),
              Json::parse(R"({"format": "tlv", "path": "/?/?", "values": [
                  {"path": "/?/?/6/0", "type": "opaque", "value": "01"},
                  {"path": "/?/?/6/1", "type": "opaque", "value": "05"}]})"));
    EXPECT_EQ(decode({.as = "senml-json", .input = R"([{"bn":"/3/0/9","v":1}])", .text = true}).json()["values"][0],
              Json::parse(R"({"path": "/3/0/9", "type": "integer", "value": 1})"));
}

TEST(Decode, SenmlShowsTimesAndPaths) {
    EXPECT_EQ(decode({.as = "senml-json", .input = R"([{"bn":"/3303/0/5700","bt":-5.5,"v":21.5}])", .text = true})
                  .json()["values"][0],
              Json::parse(R"({"path": "/3303/0/5700", "type": "float", "value": 21.5, "time": -5.5})"));
    EXPECT_EQ(decode({.as = "senml-etch-cbor", .input = "82a100642f332f30a1006c2f333330332f302f35373030"}).json(),
              Json::parse(R"({"format": "senml-etch-cbor", "paths": ["/3/0", "/3303/0/5700"]})"));
}

TEST(Decode, LinksHaveTargetsAndAttributes) {
    EXPECT_EQ(decode({.as = "link", .input = R"(</1>;ver=1.1,</3/0/9>;obs;title="a b")", .text = true}).json(),
              Json::parse(R"({"format": "link", "links": [
                  {"target": "/1", "attributes": [{"name": "ver", "value": "1.1"}]},
                  {"target": "/3/0/9", "attributes": [{"name": "obs"},
                   {"name": "title", "value": "a b", "quoted": true}]}]})"));
}

// RFC 7252, Appendix A, Figure 16: GET /temperature, answered with 2.05 "22.3 C".
TEST(Decode, ACoapMessageIsShownWhole) {
    EXPECT_EQ(decode({.as = "coap", .input = "40017d34bb74656d7065726174757265"}).json(),
              Json::parse(R"({"format": "coap", "version": 1, "type": "CON", "code": "0.01", "code_name": "GET",
                  "message_id": 32052, "token": "",
                  "options": [{"number": 11, "name": "Uri-Path", "value": "temperature"}]})"));
    EXPECT_EQ(decode({.as = "coap", .input = "60457d34ff32322e332043"}).json()["payload"], "32322e332043");
}

// A Write of /3/0 as TLV.
constexpr const char* write_hex = "4203 1234 abcd b133 0130 122d16 ff c10964";

TEST(Decode, ThePayloadOfAMessageIsReadByItsContentFormat) {
    const auto json = decode({.as = "coap", .input = write_hex}).json();
    EXPECT_EQ(
        json["options"],
        Json::parse(
            R"([{"number": 11, "name": "Uri-Path", "value": "3"}, {"number": 11, "name": "Uri-Path", "value": "0"},
                                               {"number": 12, "name": "Content-Format", "value": 11542}])"));
    EXPECT_EQ(json["payload"], "c10964");
    EXPECT_EQ(json["content"]["path"], "/3/0");
    EXPECT_EQ(json["content"]["values"][0], Json::parse(R"({"path": "/3/0/9", "type": "integer", "value": 100})"));
}

TEST(Decode, APayloadThatCannotBeReadIsShownWithItsError) {
    const auto json = decode({.as = "coap", .input = "42031234abcdb1330130122d16ffc109"}).json();
    EXPECT_EQ(json["content"], Json::parse(R"({"format": "tlv", "error": "length runs past the end", "offset": 0})"));
    EXPECT_EQ(decode({.as = "coap", .input = "60850001ff6e6f"}).json()["content"],
              Json::parse(R"({"diagnostic": "no"})"));
}

TEST(Decode, TheAnswersPathComesFromTheUser) {
    const auto json = decode({.as = "coap", .path = "/3/0", .input = "60450001c22d16ffc10964"}).json();
    EXPECT_EQ(json["content"]["values"][0]["path"], "/3/0/9");
}

TEST(Batch, AnswersOneLineALineAndStopsAtNone) {
    const auto ran = batch(R"({"name":"a","as":"text","text":"21","path":"/3/0/9"}
{"name":7,"as":"tlv","hex":"c1","path":"/3/0"}

no json
{"as":"nope","hex":""}
{"name":"b","as":"text"}
[1]
{"name":"c","as":"opaque","hex":"beef","path":"/5/0/0"}
)");
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(ran.err, "");
    std::istringstream lines(ran.out);
    std::vector<Json> answers;
    for (std::string line; std::getline(lines, line);) answers.push_back(Json::parse(line));
    ASSERT_EQ(answers.size(), 7u);
    EXPECT_EQ(
        answers[0],
        Json::parse(
            R"({"name": "a", "format": "text", "path": "/3/0/9", "values": [{"path": "/3/0/9", "type": "integer", "value": 21}]})"));
    EXPECT_EQ(answers[1], Json::parse(R"({"name": 7, "error": "truncated identifier", "offset": 1})"));
    EXPECT_EQ(answers[2], Json::parse(R"({"name": null, "error": "malformed JSON", "offset": 1, "line": 4})"));
    EXPECT_TRUE(answers[3]["error"].get<std::string>().starts_with("no format is called \"nope\""));
    EXPECT_EQ(answers[4]["error"], "a line has either \"hex\" or \"text\"");
    EXPECT_EQ(answers[5]["line"], 7);
    EXPECT_EQ(answers[6]["values"][0]["value"], "beef");
}

TEST(Batch, TheOptionsAreDefaults) {
    EXPECT_EQ(Json::parse(batch(R"({"hex":"3432"})", "text").out)["values"][0]["value"], "42");
}

TEST(Batch, DeeplyNestedLinesAreRefused) {
    const std::string brackets(200000, '[');
    for (const auto& line : {brackets, "{\"name\":" + brackets + std::string(200000, ']') + "}"}) {
        EXPECT_EQ(Json::parse(batch(line).out)["error"], "JSON nested deeper than 64 levels");
    }
    EXPECT_EQ(Json::parse(batch(R"({"name":"[\"[","as":"text","text":"{{{"})").out)["values"][0]["value"], "{{{");
}

// What decode says, encode makes bytes of again.
void expect_inverse(const DecodeOptions& options) {
    const auto said = decode(options);
    ASSERT_EQ(said.code, 0) << said.err;
    const auto bytes = encode(said.out);
    ASSERT_EQ(bytes.code, 0) << bytes.err << said.out;
    const auto expected = options.text ? base::to_hex(base::as_bytes(*options.input))
                                       : base::to_hex(base::from_hex(*options.input).value());
    EXPECT_EQ(bytes.out, expected + "\n") << said.out;
}

TEST(Encode, IsTheInverseOfDecode) {
    expect_inverse({.as = "text", .path = "/3/0/9", .input = "100", .text = true});
    expect_inverse({.as = "text", .path = "/5/0/0", .input = "AQIDBA==", .text = true});
    expect_inverse({.as = "opaque", .path = "/5/0/0", .input = "deadbeef"});
    expect_inverse({.as = "tlv", .path = "/3/0", .input = "860641000141 0105 c10964"});
    expect_inverse({.as = "tlv", .path = "/3", .input = "0300c10964"});
    expect_inverse({.as = "tlv", .input = "860641000141 0105 c10964"});
    expect_inverse({.as = "tlv", .input = "0300c10964"});
    expect_inverse({.as = "cbor", .path = "/3/0/13", .input = "c11a514b67b0"});
    expect_inverse({.as = "cbor", .input = "f97e00"});
    expect_inverse({.as = "senml-cbor",
                    .path = "/3303/0/5700",
                    .input = "83a3216c2f333330332f302f35373030222902f93c00a222f9c58002f94000a2220002f94200"});
    expect_inverse({.as = "senml-json",
                    .path = "/3/0",
                    .input = R"([{"bn":"/3/0/","n":"0","vs":"a"},{"n":"7/0","v":3800}])",
                    .text = true});
    expect_inverse(
        {.as = "json", .path = "/3/0", .input = R"({"bn":"/3/0/","e":[{"n":"9","t":-5,"v":100}]})", .text = true});
    expect_inverse({.as = "lwm2m-cbor", .path = "/3/0", .input = "bf820300bf091840ffff"});
    expect_inverse({.as = "lwm2m-cbor", .input = "bf820300f6ff"});
    expect_inverse({.as = "senml-etch-json", .input = R"([{"n":"/3/0"},{"n":"/3303/0/5700"}])", .text = true});
    expect_inverse(
        {.as = "link", .input = R"(</>;rt="oma.lwm2m";ct="60 110",</1>;ver=1.1,</3/0/9>;obs)", .text = true});
    expect_inverse({.as = "coap", .input = write_hex});
    expect_inverse({.as = "coap", .input = "40017d34bb74656d7065726174757265"});
    expect_inverse({.as = "coap", .input = "60000001"});
    // A number with a leading zero, a string that is no UTF-8, an option without a name.
    expect_inverse({.as = "coap", .input = "50450001 6100 51ff e1fe8f01 ff61"});
}

TEST(Encode, MakesAPayloadOfWhatTheContentSays) {
    EXPECT_EQ(encode(R"({"format":"coap","type":"NON","code":"2.05","message_id":1,"token":"0a",
        "options":[{"number":12,"value":11542}],
        "content":{"format":"tlv","path":"/3/0","values":[{"path":"/3/0/9","value":100}]}})")
                  .out,
              "514500010ac22d16ffc10964\n");
}

TEST(Encode, SaysWhatIsMissing) {
    const auto refused = [](const char* json) { return encode(json).err; };
    EXPECT_EQ(refused("{"), "lwm2m-sim encode: malformed JSON (offset 1)\n");
    EXPECT_EQ(refused("{}"), "lwm2m-sim encode: \"format\" is missing (offset 0)\n");
    EXPECT_EQ(refused(R"({"format":"tlv"})"), "lwm2m-sim encode: \"values\" is a list of values (offset 0)\n");
    EXPECT_EQ(
        refused(R"({"format":"tlv","path":"/3/0","values":[{"path":"/3/0/9","type":"int"}]})"),
        "lwm2m-sim encode: values[0]: \"type\" is none of string, integer, unsigned, float, boolean, opaque, time, "
        "objlnk, corelnk, none (offset 0)\n");
    EXPECT_EQ(refused(R"({"format":"tlv","path":"/3/0","values":[{"path":"/3/0/9","type":"integer","value":1.5}]})"),
              "lwm2m-sim encode: values[0]: a fraction is no integer (offset 0)\n");
    EXPECT_EQ(refused(R"({"format":"text","path":"/3/0/9","values":[]})"),
              "lwm2m-sim encode: the format holds exactly one value (offset 0)\n");
    EXPECT_EQ(refused(R"({"format":"coap","code":"9.99","message_id":1})"),
              "lwm2m-sim encode: \"code\" has the form 2.05 (offset 0)\n");
    EXPECT_EQ(refused(R"({"format":"coap","code":"0.00","message_id":1,"token":"01"})").substr(0, 18),
              "lwm2m-sim encode: ");
}

TEST(Encode, ABatchAnswersInHex) {
    std::istringstream in(
        R"({"name":"x","format":"text","path":"/3/0/9","values":[{"path":"/3/0/9","type":"integer","value":7}]}
{"name":"y","format":"link","links":[{"target":"a b"}]}
)");
    std::ostringstream out, err;
    EXPECT_EQ(run_encode({.batch = true}, in, out, err), 0);
    EXPECT_EQ(out.str(),
              "{\"name\":\"x\",\"hex\":\"37\"}\n"
              "{\"name\":\"y\",\"error\":\"a link's target ends with '>'\",\"offset\":2}\n");
}

}  // namespace
}  // namespace cli
