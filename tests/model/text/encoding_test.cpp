#include "model/text/encoding.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/model/opt_shape.hpp"
#include "tests/model/text/joined_ids.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using model::EncodingConfig;
using partition::Example;
using Ids = std::vector<std::int32_t>;

namespace {

model::TokenizerPtr tokenizer_pointer() {
  static const auto loaded =
      model::Tokenizer::load(tests::source_folder() / "scenarios" / "base" / "opt-mini");
  return loaded;
}

const model::Tokenizer& tokenizer() {
  return *tokenizer_pointer();
}

Example example(std::string instruction, std::string context, std::string target) {
  Example row;
  row.instruction = std::move(instruction);
  row.context = std::move(context);
  row.target = std::move(target);
  return row;
}

model::EncodedExamples encode_as(const std::vector<Example>& examples, const EncodingConfig& config,
                                 const model::ModelShape& shape = tests::encoder_shape(4096, 512)) {
  return model::encode_examples(examples,
                                model::ExampleEncoder(tokenizer_pointer(), config, shape));
}

model::EncodedExamples encode(const std::vector<Example>& examples, std::int64_t max_tokens = 256,
                              const std::string& truncation = "cut_context_left") {
  return encode_as(examples, {max_tokens, truncation, "none", "plain"});
}

Ids tokens(const model::EncodedExamples& encoded, std::size_t i = 0) {
  const auto ids = encoded.data.tokens(i);
  return {ids.begin(), ids.end()};
}

std::size_t label_count(const model::EncodedData& data, std::size_t i = 0) {
  std::size_t count = 0;
  for (const model::LabelSpan& span : data.labels(i))
    count += span.end - span.begin;
  return count;
}

Ids mini_ids(const std::string& text) {
  return tokenizer().encode(text);
}

const Example kRow = example("Define the noun \"fox\".",
                             "A kind of canine: a dog\nRelated: vulpine", "a red animal");

}  // namespace

TEST_CASE("a sequence is bos, prompt, target and eos, with the target and eos as labels") {
  const auto encoded = encode({kRow});
  const Ids prompt =
      mini_ids("Define the noun \"fox\".\nA kind of canine: a dog\nRelated: vulpine\n\n");
  CHECK(tokens(encoded) == tests::joined({{2}, prompt, mini_ids("a red animal"), {2}}));
  CHECK(encoded.data.label_start(0) == 1 + prompt.size());
  CHECK(label_count(encoded.data) == mini_ids("a red animal").size() + 1);
  CHECK(encoded.data.context_tokens(0) == model::count_tokens(tokenizer(), kRow.context));
  CHECK(encoded.report.truncated == 0);
  CHECK(encoded.report.dropped == 0);
}

TEST_CASE("a separator is the tokenizer's prefix again, scored with the target") {
  const auto encoded = encode_as({kRow}, {256, "drop", "prefix", "plain"});
  const Ids prompt =
      mini_ids("Define the noun \"fox\".\nA kind of canine: a dog\nRelated: vulpine\n\n");
  CHECK(tokens(encoded) == tests::joined({{2}, prompt, {2}, mini_ids("a red animal"), {2}}));
  CHECK(encoded.data.label_start(0) == 1 + prompt.size());
  CHECK_THROWS_WITH_AS(encode_as({kRow}, {256, "drop", "eos", "plain"}),
                       "data.separator: \"eos\" is unknown; allowed: none, prefix", InputError);
}

TEST_CASE("empty parts of a prompt leave no line ends behind") {
  const model::PromptTemplate plain("plain");
  const auto text = [&](const Example& row) {
    const auto frame = plain.apply(row);
    return frame.before + frame.context + frame.after;
  };
  CHECK(text(example("i", "c", "t")) == "i\nc\n\n");
  CHECK(text(example("i", "", "t")) == "i\n\n");
  CHECK(text(example("", "c", "t")) == "c\n\n");
  CHECK(text(example("", "", "t")).empty());
  const auto encoded = encode({example("", "", "t"), example("", "", "")});
  CHECK(tokens(encoded, 0) == tests::joined({{2}, mini_ids("t"), {2}}));
  CHECK(tokens(encoded, 1) == Ids{2, 2});
  CHECK(label_count(encoded.data, 1) == 1);
}

TEST_CASE("an example that is too long loses the chosen end of its context, and nothing else") {
  const Ids before = mini_ids("Define the noun \"fox\".\n");
  const Ids context = mini_ids(kRow.context);
  const Ids after = mini_ids("\n\n");
  const Ids target = mini_ids("a red animal");
  const auto full = static_cast<std::int64_t>(tokens(encode({kRow})).size());
  const std::size_t kept = context.size() - 5;

  const auto left = encode({kRow}, full - 5);
  CHECK(tokens(left) ==
        tests::joined({{2}, before, Ids(context.end() - kept, context.end()), after, target, {2}}));
  CHECK(left.report.truncated == 1);
  CHECK(left.data.context_tokens(0) == context.size());
  CHECK(label_count(left.data) == target.size() + 1);

  const auto right = encode({kRow}, full - 5, "cut_context_right");
  CHECK(tokens(right) ==
        tests::joined(
            {{2}, before, Ids(context.begin(), context.begin() + kept), after, target, {2}}));

  const auto dropped = encode({kRow, example("a", "b", "c")}, full - 5, "drop");
  CHECK(dropped.report.dropped == 1);
  CHECK(dropped.report.truncated == 0);
  CHECK(dropped.report.dropped_examples == std::vector<std::uint32_t>{0});
  CHECK(dropped.data.length(0) == 0);
  CHECK(dropped.data.context_tokens(0) == context.size());
  CHECK(dropped.data.length(1) > 0);
}

TEST_CASE("what does not fit without any context is dropped under every policy") {
  const auto others =
      static_cast<std::int64_t>(tokens(encode({kRow})).size() - mini_ids(kRow.context).size());
  for (const char* truncation : {"cut_context_left", "cut_context_right"}) {
    const auto without = encode({kRow}, others, truncation);
    CHECK(without.report.truncated == 1);
    CHECK(without.data.length(0) == static_cast<std::size_t>(others));
    const auto dropped = encode({kRow}, others - 1, truncation);
    CHECK(dropped.report.dropped == 1);
    CHECK(dropped.data.length(0) == 0);
  }
}

TEST_CASE("the model's positions limit the length too") {
  Example row = kRow;
  for (int i = 0; i < 8; ++i) {
    row.context += row.context;
  }
  const auto encoded = encode({row}, 100000);
  CHECK(encoded.data.length(0) == 512);
  CHECK(encoded.report.truncated == 1);
}

TEST_CASE("entries keep the indices, the limit and the labels of their examples") {
  CHECK(rc::check("any examples", [](const std::vector<std::array<std::string, 3>>& texts) {
    std::vector<Example> examples;
    for (const auto& text : texts) {
      examples.push_back(example(text[0], text[1], text[2]));
    }
    const std::int64_t limit = *rc::gen::inRange<std::int64_t>(2, 200);
    const auto encoded = encode(examples, limit, "cut_context_right");
    RC_ASSERT(encoded.data.size() == examples.size());
    const auto& dropped = encoded.report.dropped_examples;
    RC_ASSERT(static_cast<std::size_t>(encoded.report.dropped) == dropped.size());
    for (std::uint32_t i = 0; i < examples.size(); ++i) {
      if (std::find(dropped.begin(), dropped.end(), i) != dropped.end()) {
        RC_ASSERT(encoded.data.length(i) == 0u);
        continue;
      }
      RC_ASSERT(encoded.data.length(i) <= static_cast<std::size_t>(limit));
      RC_ASSERT(label_count(encoded.data, i) == mini_ids(examples[i].target).size() + 1);
      const auto labels = encoded.data.tokens(i).subspan(encoded.data.label_start(i));
      RC_ASSERT(labels.back() == 2);
    }
  }));
}

TEST_CASE("special tokens spelled out in the data are ordinary text") {
  const auto encoded = encode({example("a</s>", "", "b")});
  const Ids all = tokens(encoded);
  CHECK(std::count(all.begin(), all.end(), 2) == 2);
}

TEST_CASE("special tokens spelled out in the template are one id each, in the data they are text") {
  const auto encoded =
      encode_as({example("q</s>", "c</s>", "t</s>")},
                {256, "drop", "none", "{context}</s>{instruction}</s>Answer:{target}"});
  CHECK(tokens(encoded) == tests::joined({{2},
                                          mini_ids("c</s>"),
                                          {2},
                                          mini_ids("q</s>"),
                                          {2},
                                          mini_ids("Answer:"),
                                          mini_ids("t</s>"),
                                          {2}}));
  // Neither a literal and data, nor two literals around empty data, spell a token together.
  const auto halves = encode_as({example("/s", "", "t"), example("", "", "t")},
                                {256, "drop", "none", "<{instruction}>", "<{instruction}/s>"});
  CHECK(tokens(halves, 0) == tests::joined({{2}, mini_ids("</s/s>"), mini_ids("t"), {2}}));
  CHECK(tokens(halves, 1) == tests::joined({{2}, mini_ids("</s>"), mini_ids("t"), {2}}));
}

TEST_CASE("cutting tokens of the context leaves the template's special tokens") {
  const Ids context = mini_ids(kRow.context);
  const EncodingConfig config = {256, "cut_context_left", "none",
                                 "</s>{context}<pad>{instruction}"};
  const auto full = static_cast<std::int64_t>(tokens(encode_as({kRow}, config)).size());
  EncodingConfig shorter = config;
  shorter.max_tokens = full - 5;
  CHECK(tokens(encode_as({kRow}, shorter)) ==
        tests::joined({{2, 2},
                       Ids(context.begin() + 5, context.end()),
                       {1},
                       mini_ids(kRow.instruction),
                       mini_ids(kRow.target),
                       {2}}));
}

TEST_CASE("by default contexts lose their beginnings, and a classifier's texts their ends") {
  const EncodingConfig usual;
  CHECK(usual.truncation == "auto");
  const auto sequence_of = [&](const std::string& truncation, bool classifies) {
    EncodingConfig config = {24, truncation, "none", "plain"};
    model::ModelShape shape = tests::encoder_shape(4096, 512);
    if (classifies) shape.classifier = model::ClassifierShape{2, 0, 2, "classifier", {}};
    Example row = kRow;
    for (int i = 0; i < 5; ++i)
      row.context += ' ' + std::to_string(i) + kRow.context;
    row.choices = {row.target, "other"};
    const auto sequence = model::ExampleEncoder(tokenizer_pointer(), config, shape).encode(row);
    REQUIRE(sequence);
    REQUIRE(sequence->tokens_cut > 0);
    return sequence->tokens;
  };
  for (const bool classifies : {false, true}) {
    CHECK(sequence_of("auto", classifies) ==
          sequence_of(classifies ? "cut_context_right" : "cut_context_left", classifies));
    CHECK(sequence_of("cut_context_right", classifies) !=
          sequence_of("cut_context_left", classifies));
  }
}

TEST_CASE("the context of a classifier's example is all of its texts, cut, dropped or not") {
  model::ModelShape shape = tests::encoder_shape(4096, 512);
  Example row = kRow;
  row.choices = {row.target, "other"};
  const std::size_t context = mini_ids(row.context).size();
  const std::size_t both = mini_ids(row.instruction).size() + context;
  const auto tokens_of = [&](std::int64_t max_tokens, const std::string& truncation) {
    const model::ExampleEncoder encoder(tokenizer_pointer(),
                                        {max_tokens, truncation, "none", "plain"}, shape);
    const auto encoded = model::encode_examples({row}, encoder);
    CHECK(encoder.context_tokens(row) == encoded.data.context_tokens(0));
    CHECK(encoded.report.dropped == (max_tokens == 8 && truncation == "drop" ? 1 : 0));
    return encoded.data.context_tokens(0);
  };
  CHECK(tokens_of(256, "drop") == context);
  CHECK(tokens_of(8, "drop") == context);
  shape.classifier = model::ClassifierShape{2, 0, 2, "classifier", {}};
  CHECK(tokens_of(256, "drop") == both);
  CHECK(tokens_of(8, "drop") == both);
  CHECK(tokens_of(8, "auto") == both);
}

TEST_CASE("labels may be several spans of a sequence") {
  model::EncodedData data;
  const std::vector<model::LabelSpan> spans = {{0, 1}, {2, 4}};
  data.add(Ids{5, 6, 7, 8, 9}, spans, 0);
  data.add(Ids{1, 2}, std::size_t{2}, 0);
  CHECK(data.label_start(0) == 0);
  CHECK(label_count(data) == 3);
  CHECK(std::ranges::equal(data.labels(0), spans));
  CHECK(data.labels(1).empty());
  CHECK(data.label_start(1) == 2);
}

TEST_CASE("an entry of encoded data can be replaced, and the others stay") {
  model::EncodedData data;
  data.add(Ids{1, 2, 3}, 2, 1);
  data.add(Ids{4, 5}, 1, 0);
  data.replace(0, Ids{7, 8, 9, 10}, std::vector<model::LabelSpan>{{3, 4}}, 2);
  CHECK(data.size() == 2);
  CHECK(Ids(data.tokens(0).begin(), data.tokens(0).end()) == Ids{7, 8, 9, 10});
  CHECK(label_count(data) == 1);
  CHECK(data.context_tokens(0) == 2);
  CHECK(Ids(data.tokens(1).begin(), data.tokens(1).end()) == Ids{4, 5});
}

TEST_CASE("a tokenizer may have more special tokens than the model") {
  const tests::TemporaryFolder folder;
  auto file = nlohmann::json::parse(
      read_file(tests::source_folder() / "scenarios" / "base" / "opt-mini" / "tokenizer.json"));
  const nlohmann::json image = {{"id", 4096}, {"content", "<image>"}, {"special", true}};
  file["added_tokens"].push_back(image);
  write_file(folder / "tokenizer.json", file.dump());
  const auto larger = model::Tokenizer::load(folder.path());
  CHECK(larger->vocab_size() == 4097);
  CHECK(larger->ordinary_size() == 4096);
  const EncodingConfig config = {256, "drop", "none", "plain"};
  const model::ExampleEncoder encoder(larger, config, tests::encoder_shape(4096, 512));
  CHECK(model::encode_examples({kRow}, encoder).data.size() == 1);
}

TEST_CASE("an impossible encoding is refused") {
  CHECK_THROWS_WITH_AS(encode({}, 256, "cut"),
                       doctest::Contains("\"cut\" is unknown; allowed: auto, cut_context_left"),
                       InputError);
  CHECK_THROWS_WITH_AS(encode({}, 1), doctest::Contains("at least 2 are needed"), InputError);
  const auto small = tests::encoder_shape(4095, 512);
  CHECK_THROWS_WITH_AS(encode_as({}, {256, "drop", "none", "plain"}, small),
                       doctest::Contains("has 4096 tokens, the model only 4095"), InputError);
}
