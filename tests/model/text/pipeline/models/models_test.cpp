#include "model/text/pipeline/models/models.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "partition/support/error.hpp"

using namespace lorafleet;
using nlohmann::json;
using Ids = std::vector<std::int32_t>;

namespace {

model::ModelParts make_parts(const json& setting, const model::ModelSurroundings& around = {}) {
  const json parsed = json::parse(setting.dump());  // as from a file
  return model::make_model(model::Setting(parsed, "t"), around);
}

Ids encode(const model::ModelParts& parts, const std::string& word) {
  Ids ids;
  model::TokenSink sink(ids);
  parts.model->encode(word, sink);
  return ids;
}

std::string model_refusal(const json& setting, const model::ModelSurroundings& around = {}) {
  try {
    make_parts(setting, around);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

const json kWordPiece = {{"type", "WordPiece"},
                         {"unk_token", "[UNK]"},
                         {"max_input_chars_per_word", 5},
                         {"vocab", {{"[UNK]", 0}, {"un", 1}, {"##a", 2}, {"##af", 3}, {"##", 4}}}};

/// `vocabulary`: an array of tokens with their scores.
json unigram(const json& vocabulary) {
  return {{"type", "Unigram"}, {"unk_id", 0}, {"vocab", vocabulary}};
}

json unigram(const char* vocabulary) {
  return unigram(json::parse(vocabulary));
}

}  // namespace

TEST_CASE("WordPiece takes the longest token again and again, or knows nothing") {
  const auto model = make_parts(kWordPiece);
  CHECK(encode(model, "una") == Ids{1, 2});
  CHECK(encode(model, "unafa") == Ids{1, 3, 2});
  CHECK(encode(model, "unx") == Ids{0});
  CHECK(encode(model, "unaaaa") == Ids{0});  // six characters
  CHECK(encode(model, "##a") == Ids{2});
}

TEST_CASE("no text becomes a reserved token by spelling it") {
  const model::ModelSurroundings around = {false, {"[UNK]", "un"}, {"[UNK]", "un"}};
  CHECK(encode(make_parts(kWordPiece, around), "un") == Ids{0});
  const json pieces = unigram(R"([["?", 0], ["<s>", 0], ["s", -1], ["<", -1], [">", -1]])");
  CHECK(encode(make_parts(pieces), "<s>") == Ids{1});
  CHECK(encode(make_parts(pieces, {false, {"<s>"}, {"<s>"}}), "<s>") == Ids{3, 2, 4});
}

TEST_CASE("Unigram finds the likeliest way to cut a word") {
  CHECK(rc::check("against all ways", [] {
    json pieces = json::parse(R"([["?", -9.0]])");
    const auto names = *rc::gen::container<std::set<std::string>>(
        rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::element('a', 'b'))));
    for (const auto& name : names)
      pieces.push_back(json::array({name, -1.0 * *rc::gen::inRange(1, 64)}));
    const auto unigram_model = make_parts(unigram(pieces));
    const auto word =
        *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::element('a', 'b', 'c')));
    if (word.size() > 12) return;
    double least = 0.0;
    for (const auto& piece : pieces)
      least = std::min(least, piece[1].get<double>());
    const auto score_of = [&](const std::string& part) {
      for (std::size_t i = 1; i < pieces.size(); ++i) {
        if (pieces[i][0] == part) return pieces[i][1].get<double>();
      }
      return part.size() == 1 ? least - 10.0 : -std::numeric_limits<double>::infinity();
    };
    std::vector<double> best(word.size() + 1, -std::numeric_limits<double>::infinity());
    best[0] = 0.0;
    for (std::size_t end = 1; end <= word.size(); ++end) {
      for (std::size_t begin = 0; begin < end; ++begin)
        best[end] = std::max(best[end], best[begin] + score_of(word.substr(begin, end - begin)));
    }
    // A run of unknown characters is one token, whose score is that of its characters.
    const model::AlignedText aligned(word, 0, true);
    Ids ids;
    std::vector<model::TextSpan> spans;
    model::TokenSink sink(ids, &spans);
    sink.start(aligned.piece(true));
    unigram_model.model->encode(word, sink);
    double score = 0.0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      RC_ASSERT(spans[i].begin == at);
      at = spans[i].end;
      const std::string part = word.substr(spans[i].begin, at - spans[i].begin);
      // RapidCheck takes an expression apart, and all of it is computed.
      const bool alone = ids[i] != 0 || i == 0 || ids[i - 1] != 0;
      RC_ASSERT(alone);
      const bool spelled = ids[i] == 0 || pieces[static_cast<std::size_t>(ids[i])][0] == part;
      RC_ASSERT(spelled);
      score += ids[i] != 0 ? score_of(part) : static_cast<double>(part.size()) * (least - 10.0);
    }
    RC_ASSERT(at == word.size());
    RC_ASSERT(score == best.back());
  }));
}

TEST_CASE("Unigram's unknown characters become bytes where all of them are tokens") {
  json setting = unigram(R"([["?", 0], ["a", -1], ["<0xC3>", -5], ["<0xA9>", -5]])");
  CHECK(encode(make_parts(setting), "aéé") == Ids{1, 0});
  setting["byte_fallback"] = true;
  CHECK(encode(make_parts(setting), "aé") == Ids{1, 2, 3});
  CHECK(encode(make_parts(setting), "ü") == Ids{0});
}

TEST_CASE("models whose settings contradict themselves are refused with the place") {
  CHECK(model_refusal(unigram(R"([["a", 0], ["a", 1]])")) == "t: vocab[1]: the token occurs twice");
  CHECK(model_refusal(unigram(R"([["a", "b"]])")) ==
        "t: vocab[0][1]: a number was expected, not \"b\"");
  CHECK(model_refusal(unigram("[1]")) == "t: vocab[0]: must be a token and its score, not 1");
  CHECK(model_refusal(unigram("[]")) == "t: unk_id: there is no token with the id 0");
  CHECK(model_refusal({{"type", "Unigram"}, {"vocab", json::array()}}) ==
        "t: unk_id: an id must be an integer from 0 to 2147483647, not null");
  json word_piece = kWordPiece;
  word_piece["unk_token"] = "[X]";
  CHECK(model_refusal(word_piece) == "t: unk_token: the vocabulary has no token \"[X]\"");
  CHECK(model_refusal(kWordPiece, {true, {}, {}}) ==
        "t: WordPiece after ByteLevel is not supported");
  json bpe = {
      {"type", "BPE"}, {"unk_token", "<u>"}, {"vocab", {{"a", 0}}}, {"merges", json::array()}};
  CHECK(model_refusal(bpe) == "t: unk_token: the vocabulary has no token \"<u>\"");
  bpe.erase("unk_token");
  bpe["merges"] = json::parse(R"([["a", ""]])");
  CHECK(model_refusal(bpe) == "t: merges[0]: a token of the merge is empty");
}
