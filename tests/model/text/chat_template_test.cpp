#include "model/text/chat_template.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/text/jinja/text.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using nlohmann::json;
using partition::Turn;

namespace {

TokenizerPtr mini_tokenizer() {
  static const auto loaded =
      Tokenizer::load(tests::source_folder() / "scenarios" / "base" / "opt-mini");
  return loaded;
}

ChatTemplate template_of(const std::string& source, const std::string& eos = "</s>") {
  return {jinja::Template(source, "t.jinja"),
          {{"eos_token", eos}, {"bos_token", "<s>"}},
          false,
          mini_tokenizer()};
}

std::vector<Turn> turns_of(const json& messages) {
  std::vector<Turn> turns;
  for (const json& message : messages)
    turns.push_back({message["role"].get<std::string>(), message["content"].get<std::string>()});
  return turns;
}

/// The texts of the spans.
std::vector<std::string> answers(const Conversation& conversation) {
  std::vector<std::string> texts;
  for (const TextSpan& span : conversation.spans)
    texts.push_back(conversation.text.str().substr(span.begin, span.end - span.begin));
  return texts;
}

std::vector<std::string> answers(const std::string& source, const std::vector<Turn>& turns) {
  return answers(template_of(source).render(turns));
}

const std::vector<Turn> kFourTurns = {
    {"user", "one"}, {"assistant", "two"}, {"user", "three"}, {"assistant", "four"}};
using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE(
    "conversations of six families render, with and without generation blocks, as the reference") {
  std::size_t count = 0;
  for (const std::string family : {"llama3", "qwen2", "gemma3", "smollm2", "zephyr", "mistral"}) {
    const auto folder = tests::golden_folder() / "chat";
    const json golden = json::parse(read_file(folder / (family + ".json")));
    std::map<std::string, std::string> specials;
    for (const char* key : {"bos_token", "eos_token"}) {
      if (golden[key].is_string()) specials[key] = golden[key].get<std::string>();
    }
    for (const std::string kind : {".jinja", ".generation.jinja"}) {
      const ChatTemplate chat(jinja::Template(read_file(folder / (family + kind)), family + kind),
                              specials, false, mini_tokenizer());
      for (const json& row : golden["conversations"]) {
        CAPTURE(family + kind);
        CAPTURE(row["id"].get<int>());
        const auto turns = turns_of(row["messages"]);
        if (row.contains("error")) {
          CHECK_THROWS_WITH_AS(chat.render(turns),
                               doctest::Contains(row["error"].get<std::string>().c_str()),
                               jinja::Refusal);
          continue;
        }
        ++count;
        const Conversation conversation = chat.render(turns);
        CHECK(conversation.text.str() == row["rendered"].get<std::string>());
        CHECK(chat.text(turns, true).str() == row["rendered_prompt"].get<std::string>());
        std::vector<std::pair<std::size_t, std::size_t>> spans;
        for (const TextSpan& span : conversation.spans) {
          spans.emplace_back(jinja::length(conversation.text.view().substr(0, span.begin)),
                             jinja::length(conversation.text.view().substr(0, span.end)));
        }
        CHECK(spans == row["spans"].get<std::vector<std::pair<std::size_t, std::size_t>>>());
        if (turns.back().role == "assistant") {
          CHECK(conversation.prompt_end == conversation.spans.back().begin);
          CHECK(conversation.text.str().substr(0, conversation.prompt_end) ==
                chat.text(std::span(turns).first(turns.size() - 1), true).str());
        }
      }
    }
  }
  CHECK(count == 2 * (5 * 10 + 7));
}

TEST_CASE("answers are found in templates that know no generation prompt") {
  const std::string source =
      "{% for m in messages %}{{ '<' + m.role + '>' + m.content + '|' }}{% endfor %}";
  CHECK(answers(source, kFourTurns) == Texts{"two|", "four|"});
}

TEST_CASE(
    "an answer that the template moves apart from its header belongs to the assistant whole") {
  const std::string source =
      "{% for m in messages %}{% if m.role == 'user' %}{{ bos_token + '[INST] ' + m.content + ' "
      "[/INST]' }}{% else %}{{ ' ' + m.content + ' ' + eos_token }}{% endif %}{% endfor %}";
  CHECK(answers(source, kFourTurns) == Texts{" two </s>", " four </s>"});
}

TEST_CASE("answers are found where the template looks ahead") {
  // Only the last answer keeps its reasoning; the header of an answer begins it.
  const std::string source =
      "{% for m in messages %}{% if m.role == 'user' %}{{ 'U:' + m.content + '\\n' }}{% else %}"
      "{{ 'A:' + (m.content if loop.last else m.content.split('</think>')[-1]) + '</s>\\n' }}"
      "{% endif %}{% endfor %}{% if add_generation_prompt %}{{ 'A:<think>' }}{% endif %}";
  const std::vector<Turn> turns = {{"user", "q"},
                                   {"assistant", "<think>a</think>b"},
                                   {"user", "r"},
                                   {"assistant", "<think>c</think>d"}};
  CHECK(answers(source, turns) == Texts{"b</s>", "c</think>d</s>"});
}

TEST_CASE("what a template writes once behind everything is no end of a turn") {
  const std::string source =
      "{% for m in messages %}{{ m.role + ': ' + m.content + '\\n' }}{% endfor %}{{ '[END]' }}";
  CHECK(answers(source, kFourTurns) == Texts{" two", " four\n[END]"});
}

TEST_CASE("an answer is found though its words stand elsewhere too") {
  const std::string source =
      "{% for m in messages %}{{ m.role + ' two four ' + m.content + '</s>' }}{% endfor %}";
  CHECK(answers(source, kFourTurns) == Texts{" two</s>", " four</s>"});
}

TEST_CASE("a template that leaves out the last answer is refused") {
  CHECK_THROWS_WITH_AS(
      answers("{% for m in messages %}{{ m.content if m.role == 'user' }}{% endfor %}", kFourTurns),
      doctest::Contains("t.jinja: the last answer cannot be found"), InputError);
  CHECK_THROWS_WITH_AS(
      answers(
          "{% generation %}x{% endgeneration %}{% for m in messages %}{{ m.content }}{% endfor %}",
          kFourTurns),
      doctest::Contains("the last answer is not in a {% generation %} block"), InputError);
}

TEST_CASE("a generation block that trims a blank last answer away has no answer of before") {
  const ChatTemplate chat = template_of(
      "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% else %}"
      "{% generation %}{{ m.content | trim }}{% endgeneration %}{% endif %}{% endfor %}");
  auto turns = kFourTurns;
  turns.back().content = " \n";
  const Conversation conversation = chat.render(turns);
  CHECK(answers(conversation) == Texts{"two"});
  CHECK(conversation.prompt_end == conversation.text.size());
  turns.erase(turns.begin(), turns.begin() + 2);
  CHECK(chat.render(turns).prompt_end == 5);
  const ChatTemplate ended = template_of(
      "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% else %}{% generation %}"
      "{{ m.content | trim + eos_token }}{% endgeneration %}{% endif %}{% endfor %}");
  CHECK(ended.render(turns).prompt_end == 5);
}

TEST_CASE("earlier answers that the template leaves out are counted") {
  const std::string source =
      "{% for m in messages %}{{ m.content if m.role == 'user' or loop.last }}|{% endfor %}";
  const Conversation conversation = template_of(source).render(kFourTurns);
  CHECK(answers(conversation) == Texts{"four|"});
  CHECK(conversation.unlabelled == 1);
}

TEST_CASE("answers that are not to be learned are read and are no labels") {
  auto turns = kFourTurns;
  turns[1].learned = false;
  for (const char* source :
       {"{% for m in messages %}{{ '<' + m.role + '>' + m.content + '</s>' }}{% endfor %}",
        "{% for m in messages %}{{ '<' + m.role + '>' }}{% generation %}{{ m.content + '</s>' }}"
        "{% endgeneration %}{% endfor %}"}) {
    const Conversation conversation = template_of(source).render(turns);
    CHECK(conversation.text.str() ==
          "<user>one</s><assistant>two</s><user>three</s><assistant>four</s>");
    CHECK(answers(conversation).back() == "four</s>");
    for (const auto& answer : answers(conversation))
      CHECK(answer != "two</s>");
    CHECK(conversation.prompt_end == conversation.text.str().find("four"));
  }
  // Two answers in a row, in what the template marks as one.
  const std::vector<Turn> answered = {
      {"user", "one"}, {"assistant", "two", false}, {"assistant", "three"}};
  CHECK(answers("{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% else %}"
                "{% generation %}{{ m.content }}{% endgeneration %}{% endif %}{% endfor %}",
                answered) == Texts{"three"});
  // One that the template leaves out is not missed.
  CHECK(template_of("{% for m in messages %}{{ m.content if m.role == 'user' or loop.last }}|"
                    "{% endfor %}")
            .render(turns)
            .unlabelled == 0);
}

TEST_CASE("the plain template needs no special token but eos") {
  const auto chat = load_chat_template("plain", tests::source_folder() / "scenarios/base/opt-mini",
                                       mini_tokenizer(), 2);
  const std::vector<Turn> turns = {{"system", "Be kind."},
                                   {"user", "Hi"},
                                   {"assistant", "Ho"},
                                   {"user", "Bye"},
                                   {"assistant", ""}};
  const Conversation conversation = chat->render(turns);
  CHECK(conversation.text.str() ==
        "Be kind.\n\nUser: Hi\nAssistant: Ho</s>\nUser: Bye\nAssistant: </s>");
  CHECK(answers(conversation) == Texts{" Ho</s>", " </s>"});
  CHECK(chat->adds_prefix());
  CHECK(chat->end_of_turn().token == std::optional<std::int32_t>(2));
}

TEST_CASE("how answers end is known, by token or by text") {
  const auto with_eos =
      template_of("{% for m in messages %}{{ m.content + eos_token }}{% endfor %}");
  CHECK(with_eos.end_of_turn().token == std::optional<std::int32_t>(2));
  const auto plain =
      template_of("{% for m in messages %}{{ m.role + ': ' + m.content + '\\n' }}{% endfor %}");
  CHECK(!plain.end_of_turn().token);
  CHECK(plain.end_of_turn().text == "\nuser: ");
}

TEST_CASE("the model's folder says which template it is") {
  const tests::TemporaryFolder folder;
  const auto load = [&](const std::string& choice) {
    return load_chat_template(choice, folder.path(), mini_tokenizer(), 2)
        ->text(kFourTurns, false)
        .str();
  };
  CHECK(load("auto") == load("plain"));
  CHECK_THROWS_WITH_AS(load("model"), doctest::Contains("data.chat_template: \"model\", but"),
                       InputError);
  CHECK_THROWS_WITH_AS(
      load("nowhere.jinja"),
      doctest::Contains("\"nowhere.jinja\" is no file; allowed: auto, plain, model"), InputError);
  write_file(folder / "chat_template.json", R"({"chat_template": "json"})");
  CHECK(load("auto") == "json");
  write_file(folder / "tokenizer_config.json",
             R"({"chat_template": [{"name": "tool_use", "template": "a"},
                 {"name": "default", "template": "list {{ eos_token }}"}],
                 "eos_token": {"content": "<end>"}})");
  CHECK(load("model") == "list <end>");
  write_file(folder / "chat_template.jinja", "file");
  CHECK(load("auto") == "file");
  write_file(folder / "own.jinja", "own");
  CHECK(load((folder / "own.jinja").string()) == "own");
  CHECK_THROWS_AS((write_file(folder / "chat_template.jinja", "{% bad %}"), load("auto")),
                  InputError);
}

TEST_CASE("a list of templates without a default is refused with the names") {
  const tests::TemporaryFolder folder;
  write_file(
      folder / "tokenizer_config.json",
      R"({"chat_template": [{"name": "rag", "template": "a"}, {"name": "x", "template": ""}]})");
  CHECK_THROWS_WITH_AS(
      load_chat_template("auto", folder.path(), mini_tokenizer(), 2),
      doctest::Contains("none of the templates is called \"default\"; there are: rag, x"),
      InputError);
}
