#include <doctest/doctest.h>

#include "tests/partition/formats/data_reading.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;
using tests::Reading;

namespace {

const std::string kMessages =
    R"({"messages": [{"role": "system", "content": "Be brief."}, )"
    R"({"role": "user", "content": "Hi"}, )"
    R"({"role": "assistant", "content": "Hello."}, {"role": "user", "content": "Who?"}, )"
    R"({"role": "assistant", "content": "Me."}]})";

std::string shown(const std::vector<Turn>& turns) {
  std::string text;
  for (const auto& turn : turns)
    text += turn.role + "=" + turn.content + "|";
  return text;
}

std::string turns_error(const std::string& turns) {
  return Reading("conversations", R"({"messages": [)" + turns + "]}").error();
}

}  // namespace

TEST_CASE("conversations: messages with roles, one a line or in an array") {
  for (const std::string& text : {kMessages, "[" + kMessages + "]"}) {
    Reading reading("conversations", text);
    const auto rows = reading.rows();
    REQUIRE(rows.size() == 1);
    CHECK(shown(rows[0].turns) ==
          "system=Be brief.|user=Hi|assistant=Hello.|user=Who?|assistant=Me.|");
    CHECK(rows[0].instruction == "Who?");
    CHECK(rows[0].context == "system: Be brief.\nuser: Hi\nassistant: Hello.");
    CHECK(rows[0].target == "Me.");
    CHECK(reading.report.notes.empty());
    CHECK(reading.report.warnings.empty());
  }
}

TEST_CASE("conversations: ShareGPT's from and value, with its names of roles") {
  const auto rows =
      Reading("conversations",
              R"({"id": "x_0", "source": "shared", "system": "Be kind.", "conversations": [)"
              R"({"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Yo"}, )"
              R"({"from": "user", "value": "?"}, {"from": "bing", "value": "!"}]})")
          .rows();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].id == "x_0");
  CHECK(shown(rows[0].turns) == "system=Be kind.|user=Hi|assistant=Yo|user=?|assistant=!|");
  CHECK(rows[0].attributes == std::map<std::string, std::string>{{"source", "shared"}});
}

TEST_CASE("conversations: parts of text are joined, other parts refused") {
  const auto rows =
      Reading("conversations",
              R"({"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, )"
              R"({"type": "text", "text": "b"}]}, {"role": "assistant", "content": "c"}]})")
          .rows();
  CHECK(rows.at(0).instruction == "ab");
  CHECK(turns_error(R"({"role": "user", "content": [{"type": "image_url", "image_url": {}}]})") ==
        "data:1: turn 1: has a part of the type \"image_url\"; allowed: text, nothing else is "
        "learned");
}

TEST_CASE("conversations: turns after the last answer are dropped and counted") {
  Reading reading("conversations",
                  R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", )"
                  R"("content": "b"}, {"role": "user", "content": "thanks"}]})");
  const auto rows = reading.rows();
  CHECK(shown(rows.at(0).turns) == "user=a|assistant=b|");
  CHECK(reading.report.notes ==
        std::vector<std::string>{"data: 1 conversations lost turns after the last answer"});
}

TEST_CASE("conversations: an empty system turn is none, an answer without a question is one") {
  const auto rows = Reading("conversations", R"({"messages": [{"role": "system", "content": ""}, )"
                                             R"({"role": "assistant", "content": "b"}]})")
                        .rows();
  CHECK(shown(rows.at(0).turns) == "assistant=b|");
  CHECK(rows[0].instruction.empty());
  CHECK(rows[0].context.empty());
}

TEST_CASE("conversations: what cannot be learned is a bad row that says why") {
  CHECK(turns_error(R"({"role": "user", "content": "a"})") ==
        "data:1: no turn is the assistant's; there is nothing to learn");
  CHECK(turns_error("") == "data:1: no turn is the assistant's; there is nothing to learn");
  CHECK(turns_error(R"({"role": "user", "content": "a"}, {"role": "assistant", "content": ""})") ==
        "data:1: turn 2: is empty; a text that the model is to learn was expected");
  CHECK(turns_error(R"({"role": "narrator", "content": "a"})") ==
        "data:1: turn 1: has the role \"narrator\"; allowed: system (developer), user (human), "
        "assistant (gpt, chatgpt, bard, bing)");
  CHECK(turns_error(R"({"role": "tool", "content": "a"})")
            .starts_with("data:1: turn 1: has the role \"tool\""));
  CHECK(turns_error(R"({"role": "assistant", "content": null, "tool_calls": [{}]})") ==
        "data:1: turn 1: calls a tool, which is not learned");
  CHECK(turns_error(R"({"role": "assistant", "content": "a", "train": "perhaps"})") ==
        "data:1: turn 1: \"train\" is \"perhaps\"; true or false, or 1 or 0, was expected");
  CHECK(turns_error(R"({"role": "assistant", "content": "a", "weight": [1]})") ==
        "data:1: turn 1: \"weight\" is an array; true or false, or 1 or 0, was expected");
  CHECK(turns_error(R"({"role": "user"})") == "data:1: turn 1: has no \"content\"");
  CHECK(turns_error(R"({"content": "a"})") ==
        "data:1: turn 1: has no role; \"role\" and \"content\", or \"from\" and \"value\", were "
        "expected");
  CHECK(turns_error(R"({"role": "user", "content": {}})") ==
        "data:1: turn 1: \"content\" is an object; a string, or an array of parts of text, was "
        "expected");
  CHECK(turns_error("3") == "data:1: turn 1: is a number; an object was expected");
  CHECK(Reading("conversations", R"({"text": "a"})").error() ==
        "data:1: field \"messages\" is missing; turns were expected there, or under "
        "\"conversations\"");
  CHECK(Reading("conversations", R"({"messages": "a"})").error() ==
        "data:1: the turns are a string; an array of objects was expected");
}

TEST_CASE("conversations: answers marked as not to be learned are so, whatever the mark") {
  const auto marked = [](const std::string& mark) {
    return R"({"messages": [{"role": "system", "content": "s", )" + mark +
           R"(}, {"role": "user", "content": "a", )" + mark +
           R"(}, {"role": "assistant", "content": "b", )" + mark +
           R"(}, {"role": "user", "content": "c"}, {"role": "assistant", "content": "d"}]})";
  };
  for (const char* mark : {R"("weight": 0)", R"("weight": 0.0)", R"("weight": "0")",
                           R"("weight": false)", R"("train": false)", R"("train": "False")",
                           R"("loss": false)", R"("loss": "no", "weight": 1)"}) {
    CAPTURE(mark);
    Reading reading("conversations", marked(mark));
    const auto rows = reading.rows();
    REQUIRE(rows.at(0).turns.size() == 5);
    CHECK_FALSE(rows[0].turns[2].learned);
    CHECK(rows[0].turns[4].learned);
    CHECK(reading.report.notes ==
          std::vector<std::string>{
              "data: 1 conversations have answers that are marked as not to be learned"});
  }
  for (const char* mark : {R"("weight": 1)", R"("weight": 0.5)", R"("weight": "1")",
                           R"("train": true)", R"("loss": null)", R"("loss": "yes")"}) {
    CAPTURE(mark);
    Reading reading("conversations", marked(mark));
    CHECK(reading.rows().at(0).turns[2].learned);
    CHECK(reading.report.notes.empty());
  }
}

TEST_CASE("conversations: the last turn is one that is learned; without any the row is left out") {
  const std::string first = R"({"messages": [{"role": "user", "content": "a"}, {"role": )"
                            R"("assistant", "content": "b"}, {"role": "user", "content": "c"}, )"
                            R"({"role": "assistant", "content": "d", "weight": 0}]})";
  const std::string none = R"({"messages": [{"role": "system", "content": "s"}, {"role": )"
                           R"("assistant", "content": "b", "train": false}]})";
  Reading reading("conversations", first + "\n" + none);
  const auto rows = reading.rows();
  REQUIRE(rows.size() == 1);
  CHECK(shown(rows[0].turns) == "user=a|assistant=b|");
  CHECK(rows[0].target == "b");
  CHECK(reading.report.left_out == 1);
  CHECK(reading.report.notes ==
        std::vector<std::string>{
            "data: left out 1 conversations whose answers are all marked as not to be learned",
            "data: 1 conversations lost turns after the last answer"});
}

TEST_CASE("conversations: keys of turns that nothing reads are named once") {
  Reading reading(
      "conversations",
      R"({"messages": [{"role": "user", "content": "a", "name": "ann", "tool_calls": )"
      R"(null}, {"role": "assistant", "content": "b", "reasoning": "r", "name": null}]})"
      "\n"
      R"({"messages": [{"role": "assistant", "content": "c", "reasoning": "r"}]})");
  CHECK(reading.rows().size() == 2);
  CHECK(reading.report.notes ==
        std::vector<std::string>{"data: nothing reads the keys of turns name, reasoning"});
}

TEST_CASE("conversations: the user's names for the owner, the turns and attributes") {
  Reading reading("conversations",
                  R"({"uid": 7, "who": "ann", "doc": "d", "meta": {"lang": "de", "n": 2}, "chat": )"
                  R"([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]})");
  reading.config.fields.id = "uid";
  reading.config.fields.client = "who";
  reading.config.fields.group = "doc";
  reading.config.fields.messages = "chat";
  reading.config.fields.attributes = {"meta.lang", "meta.n"};
  const auto rows = reading.rows();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].id == "7");
  CHECK(rows[0].client == std::optional<std::string>("ann"));
  CHECK(rows[0].group == "d");
  CHECK(rows[0].attributes ==
        std::map<std::string, std::string>{{"meta.lang", "de"}, {"meta.n", "2"}});
  CHECK(reading.report.notes.empty());
  reading.config.fields.client = "whom";
  CHECK(
      reading.error() ==
      "data.fields.client: no row of data has the field \"whom\"; the rows have: chat, doc, meta, "
      "uid, who; did you mean who?");
}
