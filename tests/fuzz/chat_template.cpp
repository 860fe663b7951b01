#include <stdexcept>
#include <string>

#include "model/text/jinja/template.hpp"
#include "partition/support/utf8.hpp"
#include "tests/fuzz/targets.hpp"

namespace lorafleet::fuzz {

void read_chat_template(std::string_view input) {
  using namespace model::jinja;
  const auto cut = input.find('\x1e');
  const std::string content =
      replace_invalid_utf8(cut == input.npos ? "Hi" : input.substr(cut + 1));
  List messages;
  std::uint32_t origin = 0;
  for (const char* role : {"system", "user", "assistant", "user", "assistant"}) {
    messages.push_back(Value(
        Dict{{"role", Value(role)}, {"content", Value(model::MarkedText(content, ++origin))}}));
  }
  const Template program(input.substr(0, cut), "template");
  const auto text = program.render({{"messages", Value(messages)},
                                    {"add_generation_prompt", Value(true)},
                                    {"bos_token", Value("<s>")},
                                    {"eos_token", Value("</s>")}});
  if (valid_utf8_prefix(text.view()) != text.size()) {
    throw std::logic_error("well-formed text became ill-formed");
  }
  if (!text.runs().empty() && text.runs().back().end != text.size()) {
    throw std::logic_error("the marks do not cover the text");
  }
}

}  // namespace lorafleet::fuzz
