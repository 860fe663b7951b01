#include "model/text/prompt_template.hpp"

#include <doctest/doctest.h>

#include "partition/support/error.hpp"

using namespace lorafleet;
using model::PromptTemplate;

namespace {

std::string prompt(const PromptTemplate& prompt_template, const std::string& instruction,
                   const std::string& context) {
  partition::Example example;
  example.instruction = instruction;
  example.context = context;
  const auto frame = prompt_template.apply(example);
  return frame.before + "<" + frame.context + ">" + frame.after;
}

std::string template_error(const std::string& text, const std::string& without = "") {
  try {
    const PromptTemplate parsed(text, without);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("alpaca is Stanford's prompt, with and without an input") {
  const PromptTemplate alpaca("alpaca");
  const std::string with = prompt(alpaca, "Do it.", "Now.");
  CHECK(with.starts_with("Below is an instruction that describes a task, paired with an input"));
  CHECK(with.ends_with(
      "request.\n\n### Instruction:\nDo it.\n\n### Input:\n<Now.>\n\n### Response:"));
  const std::string without = prompt(alpaca, "Do it.", "");
  CHECK(without.starts_with("Below is an instruction that describes a task. Write"));
  CHECK(without.ends_with("request.\n\n### Instruction:\nDo it.\n\n### Response:<>"));
}

TEST_CASE("a text of one's own puts the context where it stands") {
  CHECK(prompt(PromptTemplate("{context} | {instruction}? {{x}} {target}"), "i", "c") ==
        "<c> | i? {x} ");
  CHECK(prompt(PromptTemplate("Q: {instruction}\nA:"), "i", "c") == "Q: i\nA:<>");
  CHECK(prompt(PromptTemplate("{context}!", "{instruction}."), "i", "") == "i.<>");
  CHECK(prompt(PromptTemplate("[{context}]"), "i", "") == "[<>]");
}

TEST_CASE("what is no template is refused with what is allowed") {
  CHECK(template_error("chat") ==
        "data.template: \"chat\" is neither a known template (plain, alpaca) nor a text with "
        "{instruction} or {context}");
  CHECK(template_error("{contxt}") ==
        "data.template: {contxt} is not known; allowed: {instruction}, {context}, {target}; did "
        "you mean {context}?");
  CHECK(template_error("{target} x {context}") ==
        "data.template: {target} must stand at the end: nothing is trained after it");
  CHECK(template_error("{context") == "data.template: a '{' without its '}'; write {{ for a brace");
  CHECK(template_error("{context}}") ==
        "data.template: a '}' without its '{'; write }} for a brace");
  CHECK(template_error("{context}{context}") == "data.template: {context} stands there twice");
  CHECK(template_error("{context}", "{x}").starts_with("data.template_without_context: {x}"));
}
