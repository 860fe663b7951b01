#include "model/text/conversation_encoder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/text/encoding.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/model/opt_shape.hpp"
#include "tests/model/text/joined_ids.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using nlohmann::json;
using partition::Example;
using partition::Turn;
using Ids = std::vector<std::int32_t>;

namespace {

std::filesystem::path mini_folder() {
  return tests::source_folder() / "scenarios" / "base" / "opt-mini";
}

/// The shipped tokenizer with ChatML's two tokens, 4096 and 4097.
TokenizerPtr chatml() {
  static const TokenizerPtr loaded = [] {
    const tests::TemporaryFolder folder;
    json tokenizer = json::parse(read_file(mini_folder() / "tokenizer.json"));
    for (const auto& [content, id] : {std::pair("<|im_start|>", 4096), {"<|im_end|>", 4097}}) {
      tokenizer["added_tokens"].push_back(
          {{"id", id}, {"content", content}, {"special", true}, {"normalized", false}});
    }
    write_file(folder / "tokenizer.json", tokenizer.dump());
    return Tokenizer::load(folder.path());
  }();
  return loaded;
}

constexpr const char* kChatml =
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

ChatTemplatePtr chat_of(const std::string& source) {
  return std::make_shared<const ChatTemplate>(
      jinja::Template(source, "t.jinja"), std::map<std::string, std::string>(), false, chatml());
}

ConversationEncoder encoder(const std::string& source = kChatml,
                            Truncation truncation = Truncation::cut_context_left) {
  return {chatml(), chat_of(source), truncation};
}

Ids chatml_ids(const std::string& text) {
  return chatml()->encode(text);
}

/// What the labels are, one text a span.
std::vector<std::string> labelled(const EncodedSequence& sequence) {
  std::vector<std::string> texts;
  for (const LabelSpan& span : sequence.labels) {
    texts.push_back(
        chatml()->decode(std::span(sequence.tokens).subspan(span.begin, span.end - span.begin)));
  }
  return texts;
}

/// All tokens as text.
std::string text(const std::optional<EncodedSequence>& sequence) {
  return sequence ? chatml()->decode(sequence->tokens) : "none";
}

const std::vector<Turn> kTurns = {{"system", "Be brief."},
                                  {"user", "What is red?"},
                                  {"assistant", "a colour"},
                                  {"user", "And blue?"},
                                  {"assistant", "the same"}};
using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("the template's tokens become one id each, and the assistant's turns are the labels") {
  const auto sequence = encoder().encode(std::span(kTurns).subspan(1, 2), 100);
  REQUIRE(sequence);
  CHECK(sequence->tokens == tests::joined({{4096},
                                           chatml_ids("user\nWhat is red?"),
                                           {4097},
                                           chatml_ids("\n"),
                                           {4096},
                                           chatml_ids("assistant\na colour"),
                                           {4097},
                                           chatml_ids("\n")}));
  CHECK(labelled(*sequence) == Texts{"a colour<|im_end|>"});
  const auto all = encoder().encode(kTurns, 100);
  CHECK(labelled(*all) == Texts{"a colour<|im_end|>", "the same<|im_end|>"});
  CHECK(all->tokens_cut == 0);
}

TEST_CASE("special tokens in what is said stay text, whoever says it") {
  const std::vector<Turn> turns = {{"user", "<|im_end|></s>"}, {"assistant", "<|im_start|>"}};
  const auto sequence = encoder().encode(turns, 100);
  CHECK(text(sequence) ==
        "<|im_start|>user\n<|im_end|></"
        "s><|im_end|>\n<|im_start|>assistant\n<|im_start|><|im_end|>\n");
  CHECK(std::count(sequence->tokens.begin(), sequence->tokens.end(), 4096) == 2);
  CHECK(std::count(sequence->tokens.begin(), sequence->tokens.end(), 4097) == 2);
  CHECK(std::count(sequence->tokens.begin(), sequence->tokens.end(), 2) == 0);
}

TEST_CASE("template and data together spell no token") {
  const auto sequence =
      encoder("{% for m in messages %}{{ '<|im_' + m.content + '|>' }}{% endfor %}")
          .encode(std::vector<Turn>{{"user", "end"}, {"assistant", "end"}}, 100);
  CHECK(std::count(sequence->tokens.begin(), sequence->tokens.end(), 4097) == 0);
}

TEST_CASE("a token that the assistant's text begins in counts whole") {
  const std::vector<Turn> turns = {{"user", "a"}, {"assistant", "b"}};
  const auto sequence =
      encoder(
          "{% for m in messages %}{{ m.role + ': ' + m.content + '<|im_end|>' }}{% endfor %}"
          "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}")
          .encode(turns, 100);
  CHECK(labelled(*sequence) == Texts{" b<|im_end|>"});
}

TEST_CASE("the prompt is all before the last answer") {
  const auto prompt = encoder().prompt(kTurns, 100);
  const auto whole = encoder().encode(kTurns, 100);
  REQUIRE(prompt);
  CHECK(std::equal(prompt->begin(), prompt->end(), whole->tokens.begin()));
  CHECK(prompt->size() == whole->labels.back().begin);
  CHECK(!encoder().prompt(std::span(kTurns).last(2), 3));
}

TEST_CASE("a blank of the template before an answer belongs to it, in the prompt as in training") {
  const ConversationEncoder chat = encoder(
      "{% for m in messages %}{% if m.role == 'user' %}{{ '[INST] ' + m.content + ' [/INST]' }}"
      "{% else %}{{ ' ' + m.content + ' <|im_end|>' }}{% endif %}{% endfor %}");
  for (const char* answer : {"b", "\nb", " b"}) {
    const std::vector<Turn> turns = {
        {"user", "a"}, {"assistant", "b"}, {"user", "c"}, {"assistant", answer}};
    const auto whole = chat.encode(turns, 100);
    CHECK(labelled(*whole) == Texts{" b <|im_end|>", std::string(" ") + answer + " <|im_end|>"});
    const auto begin = static_cast<std::ptrdiff_t>(whole->labels.back().begin);
    CHECK(*chat.prompt(turns, 100) == Ids(whole->tokens.begin(), whole->tokens.begin() + begin));
  }
}

TEST_CASE("a conversation that is too long loses whole exchanges, and is rendered anew") {
  std::vector<Turn> turns = {{"system", "S"}};
  for (const char* letter : {"A", "B", "C", "D", "E"}) {  // a token each
    turns.push_back({"user", letter});
    turns.push_back({"assistant", letter});
  }
  const auto whole = encoder().encode(turns, 1000);
  const auto exchange = [](const std::string& letter) {
    return "<|im_start|>user\n" + letter + "<|im_end|>\n<|im_start|>assistant\n" + letter +
           "<|im_end|>\n";
  };
  const std::string system = "<|im_start|>system\nS<|im_end|>\n";
  const std::size_t one =
      (whole->tokens.size() - encoder().encode(std::span(turns).first(1), 100)->tokens.size()) / 5;
  const auto left = encoder().encode(turns, whole->tokens.size() - 1);
  CHECK(text(left) == system + exchange("B") + exchange("C") + exchange("D") + exchange("E"));
  CHECK(left->tokens_cut == one);
  CHECK(left->labels.size() == 4);
  const auto right =
      encoder(kChatml, Truncation::cut_context_right).encode(turns, whole->tokens.size() - one - 1);
  CHECK(text(right) == system + exchange("A") + exchange("B") + exchange("E"));
  const std::size_t least = whole->tokens.size() - 4 * one;
  CHECK(text(encoder().encode(turns, least)) == system + exchange("E"));
  CHECK(!encoder().encode(turns, least - 1));
  CHECK(!encoder(kChatml, Truncation::drop).encode(turns, whole->tokens.size() - 1));
  CHECK(encoder(kChatml, Truncation::drop).encode(turns, whole->tokens.size()));
}

TEST_CASE("examples with turns are conversations, and what the template refuses is left out") {
  const ModelShape shape = tests::encoder_shape(4098, 512);
  EncodingConfig config;
  config.prompt_template = "plain";
  const std::string picky =
      "{% if messages[0].role != 'user' %}{{ raise_exception('no system') }}{% endif %}" +
      std::string(kChatml);
  const ExampleEncoder examples(chatml(), config, shape, chat_of(picky));
  Example good;
  good.id = "good";
  good.context = "User: earlier";
  good.turns.assign(kTurns.begin() + 1, kTurns.end());
  Example refused = good;
  refused.id = "refused";
  refused.turns = kTurns;
  Example plain;
  plain.instruction = "i";
  plain.target = "t";
  const auto encoded = encode_examples({good, refused, plain}, examples);
  CHECK(encoded.report.refused == 1);
  CHECK(encoded.report.dropped == 0);
  CHECK(encoded.report.dropped_examples == std::vector<std::uint32_t>{1});
  CHECK(encoded.report.first_refusal == "example refused, t.jinja:1: no system");
  CHECK(encoded.data.labels(0).size() == 2);
  CHECK(encoded.data.context_tokens(0) == chatml_ids("User: earlier").size());
  CHECK(encoded.data.length(1) == 0);
  CHECK(encoded.data.labels(2).size() == 1);

  const auto other = examples.encode(good, "another");
  CHECK(labelled(*other) == Texts{"a colour<|im_end|>", "another<|im_end|>"});
  CHECK(labelled(*examples.encode_choice(good, "x")) == Texts{"x<|im_end|>"});
  CHECK(examples.end_of_turn().token == std::optional<std::int32_t>(4097));
  CHECK(examples.prompt(good, 10)->size() == examples.encode(good)->labels.back().begin);
  CHECK(!examples.prompt(good, 508));
}

TEST_CASE("what goes wrong with an example names it, and unlabelled answers are counted") {
  const ModelShape shape = tests::encoder_shape(4098, 512);
  EncodingConfig config;
  config.prompt_template = "plain";
  Example row;
  row.id = "seven";
  row.turns = kTurns;
  const ExampleEncoder last_only(
      chatml(), config, shape,
      chat_of("{% for m in messages %}{{ m.content if m.role == 'user' or loop.last }}|"
              "{% endfor %}"));
  CHECK(encode_examples({row, row}, last_only).report.unlabelled == 2);
  const ExampleEncoder upper(chatml(), config, shape,
                             chat_of("{% for m in messages %}{{ m.content | upper }}{% endfor %}"));
  row.target = "é";
  CHECK_THROWS_WITH_AS(encode_examples({row}, upper),
                       doctest::Contains("example seven: t.jinja:1: the filter upper: letters"),
                       InputError);
}

TEST_CASE("the plain template has the tokenizer's prefix once, and eos behind each answer") {
  const auto tokenizer = Tokenizer::load(mini_folder());
  const ConversationEncoder plain(
      tokenizer, load_chat_template("plain", mini_folder(), tokenizer, 2), Truncation::drop);
  const auto sequence = plain.encode(std::span(kTurns).subspan(1, 2), 100);
  const Ids expected =
      tests::joined({{2}, chatml_ids("User: What is red?\nAssistant: a colour"), {2}});
  CHECK(sequence->tokens == expected);
  REQUIRE(sequence->labels.size() == 1);
  CHECK(sequence->labels[0].begin == 1 + chatml_ids("User: What is red?\nAssistant:").size());
  CHECK(sequence->labels[0].end == expected.size());
}

TEST_CASE("a conversation without a chat template is a fault of the program") {
  const ModelShape shape = tests::encoder_shape(4098, 512);
  EncodingConfig config;
  config.prompt_template = "plain";
  Example example;
  example.turns = kTurns;
  CHECK_THROWS_AS(static_cast<void>(ExampleEncoder(chatml(), config, shape).encode(example)),
                  std::logic_error);
}

TEST_CASE("names of special tokens that the tokenizer has not are reported once") {
  const ModelShape shape = tests::encoder_shape(4098, 512);
  const auto warnings = [&](const std::string& text, const std::string& separator = "none") {
    EncodingConfig config;
    config.prompt_template = text;
    config.separator = separator;
    return ExampleEncoder(chatml(), config, shape).warnings();
  };
  CHECK(warnings("plain").empty());
  CHECK(warnings("<|im_start|>{context}<|im_end|>{instruction}<p>[1]").empty());
  CHECK(
      warnings("<sep>{instruction}<|user|><sep>") ==
      Texts{"data.template: <sep>, <|user|> look like a special token, but the tokenizer has none "
            "of that name: it is tokenised as text"});
  CHECK(warnings("</s>{instruction}") ==
        Texts{"data.template: it begins with </s>, which stands there by itself: twice, then"});
  CHECK(warnings("{instruction}</s>").empty());
  CHECK(warnings("{instruction}</s>", "prefix") ==
        Texts{"data.template: it ends with </s>, which stands there by itself: twice, then"});

  EncodingConfig config;
  config.prompt_template = "plain";
  const ExampleEncoder chat(chatml(), config, shape,
                            chat_of("{% for m in messages %}{{ '<|' + m.role + '|>' + m.content + "
                                    "'<|im_end|>' }}{% endfor %}"));
  REQUIRE(chat.warnings().size() == 1);
  CHECK(chat.warnings()[0].find("t.jinja: <|system|>, <|user|>, <|assistant|> look like") == 0);
}

TEST_CASE("conversations of six families have the reference's ids and labels") {
  std::size_t count = 0;
  for (const std::string family : {"llama3", "qwen2", "gemma3", "smollm2", "zephyr", "mistral"}) {
    const auto folder = tests::golden_folder() / "chat";
    const json golden = json::parse(read_file(folder / (family + ".json")));
    const TokenizerPtr tokenizer = Tokenizer::load(tests::golden_folder() / "tokenizers" /
                                                   golden["tokenizer"].get<std::string>());
    std::map<std::string, std::string> specials;
    for (const char* key : {"bos_token", "eos_token"}) {
      if (golden[key].is_string()) specials[key] = golden[key].get<std::string>();
    }
    for (const std::string kind : {".jinja", ".generation.jinja"}) {
      const auto chat = std::make_shared<const ChatTemplate>(
          jinja::Template(read_file(folder / (family + kind)), family + kind), specials, false,
          tokenizer);
      const ConversationEncoder encoder(tokenizer, chat, Truncation::drop);
      for (const json& row : golden["conversations"]) {
        if (row.contains("error")) continue;
        CAPTURE(family + kind);
        CAPTURE(row["id"].get<int>());
        const auto ids = row["ids"].get<Ids>();
        std::vector<Turn> turns;
        for (const json& message : row["messages"])
          turns.push_back(
              {message["role"].get<std::string>(), message["content"].get<std::string>()});
        ++count;
        const auto sequence = encoder.encode(turns, 100'000);
        REQUIRE(sequence);
        if (row["id"] == 7) {  // the user writes special tokens, which stay text with us
          const auto text = row["rendered"].get<std::string>();
          const TextSpan all = {0, text.size()};
          CHECK(tokenizer->encode_template_text(text, {&all, 1}) == ids);
          CHECK(sequence->tokens != ids);
          continue;
        }
        CHECK(sequence->tokens == ids);
        Ids mask(ids.size(), 0);
        for (const LabelSpan& span : sequence->labels)
          std::fill(mask.begin() + span.begin, mask.begin() + span.end, 1);
        CHECK(mask == row["mask"].get<Ids>());
      }
    }
  }
  CHECK(count == 2 * (5 * 10 + 7));
}
