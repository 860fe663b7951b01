#include "model/text/pipeline/post_processors/post_processors.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "partition/support/error.hpp"

using namespace lorafleet;
using nlohmann::json;
using Ids = std::vector<std::int32_t>;
using Kind = model::PostProcessor::Kind;

namespace {

model::PostProcessor make_around(const json& setting) {
  const json parsed = json::parse(setting.dump());  // as from a file
  return *model::make_post_processor(model::Setting(parsed, "t"));
}

/// Ids of the tokens, -1 and -2 for the texts.
Ids pair_of(const model::PostProcessor& processor) {
  Ids ids;
  for (const auto& part : processor.pair)
    ids.push_back(part.kind == Kind::special ? part.id : part.kind == Kind::first ? -1 : -2);
  return ids;
}

std::string post_processor_refusal(const json& setting) {
  try {
    make_around(setting);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

json text(const char* id) {
  return {{"Sequence", {{"id", id}, {"type_id", 0}}}};
}

json with_single(const json& single) {
  return {{"type", "TemplateProcessing"},
          {"single", single},
          {"special_tokens", {{"x", {{"ids", {7, 8}}}}}}};
}

const json kToken = {{"SpecialToken", {{"id", "x"}, {"type_id", 0}}}};
const json kBert = {{"type", "BertProcessing"}, {"cls", {"[CLS]", 5}}, {"sep", {"[SEP]", 6}}};

}  // namespace

TEST_CASE("tokens stand in front of a text and behind it") {
  const auto made = make_around(with_single(json::array({kToken, text("A"), kToken})));
  CHECK(made.prefix() == Ids{7, 8});
  CHECK(made.suffix() == Ids{7, 8});
  CHECK(pair_of(made) == Ids{-1, -2});
  CHECK(make_around(nullptr).prefix().empty());
}

TEST_CASE("what stands around can be replaced") {
  auto made = make_around(kBert);
  made.replace_prefix({1, 2});
  CHECK(made.prefix() == Ids{1, 2});
  CHECK(made.suffix() == Ids{6});
  made.replace_suffix({});
  CHECK(made.suffix().empty());
  CHECK(made.prefix() == Ids{1, 2});
}

TEST_CASE("BERT and RoBERTa part two texts in their ways") {
  CHECK(pair_of(make_around(kBert)) == Ids{5, -1, 6, -2, 6});
  CHECK(make_around(kBert).pair.back().type == 1);
  json roberta = kBert;
  roberta["type"] = "RobertaProcessing";
  CHECK(pair_of(make_around(roberta)) == Ids{5, -1, 6, 6, -2, 6});
  CHECK(make_around(roberta).pair.back().type == 0);
}

TEST_CASE("of several steps one may add tokens") {
  const json byte_level = {{"type", "ByteLevel"}};
  CHECK(make_around({{"type", "Sequence"}, {"processors", json::array({byte_level, kBert})}})
            .prefix() == Ids{5});
  CHECK(
      post_processor_refusal({{"type", "Sequence"}, {"processors", json::array({kBert, kBert})}}) ==
      "t: only one of the steps may add tokens");
}

TEST_CASE("a broken template is refused") {
  CHECK(post_processor_refusal(with_single(json::array({kToken}))) == "t: single has no sequence");
  CHECK(post_processor_refusal(with_single(json::array({text("A"), text("A")}))) ==
        "t: single must have the sequence once");
  CHECK(post_processor_refusal(with_single(json::array({text("B")})))
            .find("t: single must hold special tokens and one "
                  "sequence, not {\"Sequence\"") == 0);
  CHECK(post_processor_refusal(with_single("A")) == "t: single must be an array");
  json unnamed = with_single(json::array({kToken, text("A")}));
  unnamed["special_tokens"].clear();
  CHECK(post_processor_refusal(unnamed) == "t: the ids of \"x\" are missing");
  json pair = with_single(json::array({text("A")}));
  pair["pair"] = json::array({text("A")});
  CHECK(post_processor_refusal(pair) == "t: pair must have the sequences A and B once each");
  CHECK(post_processor_refusal({{"type", "BertProcessing"}, {"cls", "x"}, {"sep", {"y", 1}}}) ==
        "t: cls must be a token and its id, not \"x\"");
}
