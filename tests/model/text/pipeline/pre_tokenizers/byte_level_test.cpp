#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/text/pipeline/pre_tokenizers/pre_tokenizers.hpp"
#include "partition/support/utf8.hpp"

using namespace lorafleet;

namespace {

std::vector<std::string> pieces(std::string_view text) {
  static const nlohmann::json setting = {{"type", "ByteLevel"}, {"add_prefix_space", false}};
  static const auto gpt2 = model::make_pre_tokenizer(model::Setting(setting, "test"));
  std::vector<std::string> all;
  gpt2->split({text}, [&](const model::Piece& piece) { all.emplace_back(piece.text); });
  return all;
}

using Pieces = std::vector<std::string>;

}  // namespace

TEST_CASE("text is cut as GPT-2 cuts it") {
  CHECK(pieces("I'll say it's 42nd!") == Pieces{"I", "'ll", " say", " it", "'s", " 42", "nd", "!"});
  CHECK(pieces("a  b\n\nc\n") == Pieces{"a", " ", " b", "\n", "\n", "c", "\n"});
  CHECK(pieces("trailing   ") == Pieces{"trailing", "   "});
  CHECK(pieces(" été ²³ …") == Pieces{" été", " ²³", " …"});
  CHECK(pieces("").empty());
}

TEST_CASE("white space is Unicode's: the no-break space is, the Mongolian separator is not") {
  CHECK(pieces("a\u00a0b") == Pieces{"a", "\u00a0", "b"});
  CHECK(pieces("a\u0085\u3000 b") == Pieces{"a", "\u0085\u3000", " b"});
  CHECK(pieces("a \u180e") == Pieces{"a", " \u180e"});
  CHECK(pieces("a \u001f") == Pieces{"a", " \u001f"});
}

TEST_CASE("the pieces together are the text") {
  CHECK(rc::check("any text", [](const std::string& bytes) {
    const std::string text = replace_invalid_utf8(bytes);
    std::string together;
    for (const auto& piece : pieces(text)) {
      RC_ASSERT(!piece.empty());
      together += piece;
    }
    RC_ASSERT(together == text);
  }));
}

TEST_CASE("runs of any length are one piece") {
  const auto repeated = [](std::string_view part) {
    std::string text;
    for (int i = 0; i < 300'000; ++i) {
      text += part;
    }
    return text;
  };
  for (const char* part : {"x", "é", "語", "7", "!", "😀"}) {
    CHECK(pieces(repeated(part)).size() == 1);
  }
  for (const char* space : {" ", "\n", "\u3000"}) {
    CHECK(pieces(repeated(space)).size() == 1);
    const Pieces before_a_word = pieces(repeated(space) + "x");  // the last one stands apart
    REQUIRE(before_a_word.size() == (*space == ' ' ? 2 : 3));
    CHECK(before_a_word[1] == (*space == ' ' ? " x" : space));
  }
}
