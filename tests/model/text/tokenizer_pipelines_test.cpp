#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/text/tokenizer.hpp"
#include "partition/support/files.hpp"
#include "partition/support/utf8.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using model::TextSpan;
using model::Tokenizer;
using nlohmann::json;
using Ids = std::vector<std::int32_t>;

namespace {

std::filesystem::path folder_of(const std::string& pipeline) {
  return tests::golden_folder() / "tokenizers" / pipeline;
}

const Tokenizer& tokenizer(const std::string& pipeline) {
  static std::map<std::string, model::TokenizerPtr> loaded;
  auto& one = loaded[pipeline];
  if (!one) one = Tokenizer::load(folder_of(pipeline));
  return *one;
}

std::vector<json> rows(const std::string& pipeline, const std::string& name) {
  std::vector<json> all;
  for_each_line(folder_of(pipeline) / name, [&](std::string_view line, std::size_t) {
    all.push_back(json::parse(line.begin(), line.end()));
  });
  return all;
}

/// What Hugging Face gives with add_special_tokens = false.
Ids encoded(const Tokenizer& tokenizer, const std::string& text) {
  const TextSpan all = {0, text.size()};
  return tokenizer.encode_template_text(text, {&all, 1});
}

const std::vector<std::string> kPipelines = {
    "llama3",    "qwen2",        "gpt2",        "gpt_neox", "llama2_prepend",
    "roberta",   "bpe_fuse_unk", "gemma3",      "smollm2",  "llama2_metaspace",
    "wordpiece", "unigram",      "added_tokens"};

}  // namespace

TEST_CASE("13 pipelines give the reference's ids, with special tokens and without") {
  for (const std::string& pipeline : kPipelines) {
    CAPTURE(pipeline);
    const auto all = rows(pipeline, "golden.jsonl");
    REQUIRE(all.size() == (pipeline == "added_tokens" ? 68 : 182));
    for (const json& row : all) {
      CAPTURE(row["text"].dump());
      const auto text = row["text"].get<std::string>();
      CHECK(encoded(tokenizer(pipeline), text) == row["ids"].get<Ids>());
      CHECK(tokenizer(pipeline).encode_with_specials(text) == row["ids_special"].get<Ids>());
    }
  }
}

TEST_CASE("13 pipelines decode to the reference's text") {
  for (const std::string& pipeline : kPipelines) {
    CAPTURE(pipeline);
    auto all = rows(pipeline, "decode.jsonl");
    REQUIRE(all.size() == 36);
    for (json& row : rows(pipeline, "golden.jsonl")) {
      row["ids"] = row["ids_special"];
      all.push_back(row);
    }
    for (const json& row : all) {
      CAPTURE(row["ids"].dump());
      const auto ids = row["ids"].get<Ids>();
      if (row["decoded"].is_string()) {
        CHECK(tokenizer(pipeline).decode(ids) == row["decoded"].get<std::string>());
      }
      if (row["decoded_skip"].is_string()) {
        CHECK(tokenizer(pipeline).decode(ids, true) == row["decoded_skip"].get<std::string>());
      }
    }
  }
}

TEST_CASE("pairs of texts have the reference's ids, types and special tokens") {
  for (const std::string pipeline :
       {"gemma3", "llama2_prepend", "llama3", "roberta", "wordpiece"}) {
    CAPTURE(pipeline);
    const auto all = rows(pipeline, "pairs.jsonl");
    REQUIRE(all.size() == 30);
    for (const json& row : all) {
      CAPTURE(row["a"].dump());
      CAPTURE(row["b"].dump());
      const auto pair =
          tokenizer(pipeline).encode_pair(row["a"].get<std::string>(), row["b"].get<std::string>());
      CHECK(pair.ids == row["ids"].get<Ids>());
      CHECK(pair.types == row["type_ids"].get<Ids>());
      CHECK(Ids(pair.specials.begin(), pair.specials.end()) ==
            row["special_tokens_mask"].get<Ids>());
      CHECK(tokenizer(pipeline).decode(pair.ids, true) == row["decoded_skip"].get<std::string>());
    }
  }
}

TEST_CASE("tokens stand in the text, one after the other, whoever asks") {
  for (const std::string& pipeline : kPipelines) {
    CAPTURE(pipeline);
    for (const json& row : rows(pipeline, "golden.jsonl")) {
      const auto text = row["text"].get<std::string>();
      CAPTURE(row["text"].dump());
      const TextSpan all = {0, text.size()};
      std::vector<TextSpan> spans;
      CHECK(tokenizer(pipeline).encode_template_text(text, {&all, 1}, &spans) ==
            row["ids"].get<Ids>());
      REQUIRE(spans.size() == row["ids"].size());
      std::size_t last = 0;
      for (const TextSpan& span : spans) {
        CHECK(span.begin >= last);
        CHECK(span.end >= span.begin);
        CHECK(span.end <= text.size());
        last = span.begin;
      }
    }
  }
}

TEST_CASE("tokens of bytes cover the text, and decode to it") {
  for (const std::string pipeline : {"llama3", "gpt2", "smollm2"}) {
    CAPTURE(pipeline);
    CHECK(tokenizer(pipeline).keeps_bytes());
    CHECK(rc::check("any bytes", [&](const std::string& bytes) {
      const Tokenizer& one = tokenizer(pipeline);
      const std::string text = replace_invalid_utf8(bytes);
      std::vector<TextSpan> spans;
      const Ids ids = one.encode_template_text(text, {}, &spans);
      RC_ASSERT(one.decode(ids) == text);
      std::size_t end = 0;
      for (std::size_t i = 0; i < ids.size(); ++i) {
        RC_ASSERT(spans[i].begin == end);
        end = spans[i].end;
        RC_ASSERT(*one.token_bytes(ids[i]) ==
                  text.substr(spans[i].begin, spans[i].end - spans[i].begin));
      }
      RC_ASSERT(end == text.size());
    }));
  }
}

TEST_CASE("special tokens spelled in data stay text, ordinary added tokens are found") {
  for (const std::string& pipeline : kPipelines) {
    if (pipeline == "added_tokens") continue;  // has one that its merges make
    CAPTURE(pipeline);
    const json file = json::parse(read_file(folder_of(pipeline) / "tokenizer.json"));
    for (const json& token : file["added_tokens"]) {
      const auto content = token["content"].get<std::string>();
      const bool special = token["special"].get<bool>();
      if (content == "<unk>" || content == "[UNK]" || (pipeline == "gemma3" && !special)) continue;
      CAPTURE(content);
      const Ids ids = tokenizer(pipeline).encode("x" + content + "y");
      CHECK(std::count(ids.begin(), ids.end(), token["id"].get<std::int32_t>()) ==
            (special ? 0 : 1));
    }
  }
  CHECK(tokenizer("gemma3").encode("x\n\n\ny") == encoded(tokenizer("gemma3"), "x\n\n\ny"));
}

TEST_CASE("special tokens in normalized text are found in a template's own words only") {
  const Tokenizer& one = tokenizer("added_tokens");
  const std::string text = "e\u0301 <NORM> <NORM>";
  const std::vector<TextSpan> literal = {{10, text.size()}};
  std::vector<TextSpan> spans;
  const Ids ids = one.encode_template_text(text, literal, &spans);
  CHECK(std::count(ids.begin(), ids.end(), 708) == 1);
  CHECK(ids.back() == 708);
  CHECK(spans.back() == TextSpan{11, 17});
  CHECK(spans.front() == TextSpan{0, 3});
}
