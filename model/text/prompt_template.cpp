#include "model/text/prompt_template.hpp"

#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

// The prompts of Stanford Alpaca (github.com/tatsu-lab/stanford_alpaca, train.py).
constexpr const char* kAlpaca =
    "Below is an instruction that describes a task, paired with an input that provides further "
    "context. Write a response that appropriately completes the request.\n\n"
    "### Instruction:\n{instruction}\n\n### Input:\n{context}\n\n### Response:";
constexpr const char* kAlpacaWithoutContext =
    "Below is an instruction that describes a task. Write a response that appropriately completes "
    "the request.\n\n### Instruction:\n{instruction}\n\n### Response:";

/// Those of instruction and context that are not empty, joined by a line end, and a blank line.
PromptFrame plain_frame(const partition::Example& example) {
  if (example.context.empty()) {
    return {example.instruction, "", example.instruction.empty() ? "" : "\n\n"};
  }
  return {example.instruction.empty() ? "" : example.instruction + '\n', example.context, "\n\n"};
}

}  // namespace

PromptTemplate::PromptTemplate(const std::string& text, const std::string& without_context)
    : plain_(text == "plain") {
  if (plain_) return;
  if (text != "alpaca" && text.find('{') == std::string::npos) {
    throw InputError("data.template",
                     "\"" + text +
                         "\" is neither a known template (plain, alpaca) nor a text with "
                         "{instruction} or {context}");
  }
  with_context_ = parse(text == "alpaca" ? kAlpaca : text, "data.template");
  if (!without_context.empty()) {
    without_context_ = parse(without_context, "data.template_without_context");
  } else {
    without_context_ =
        text == "alpaca" ? parse(kAlpacaWithoutContext, "data.template") : with_context_;
  }
}

std::vector<PromptTemplate::Piece> PromptTemplate::parse(const std::string& text,
                                                         const std::string& key) {
  std::vector<Piece> pieces(1);
  bool has_context = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char letter = text[at];
    if ((letter == '{' || letter == '}') && at + 1 < text.size() && text[at + 1] == letter) {
      pieces.back().text += letter;
      ++at;
      continue;
    }
    if (letter == '}') throw InputError(key, "a '}' without its '{'; write }} for a brace");
    if (letter != '{') {
      pieces.back().text += letter;
      continue;
    }
    const std::size_t end = text.find('}', at);
    if (end == std::string::npos)
      throw InputError(key, "a '{' without its '}'; write {{ for a brace");
    const std::string name = text.substr(at + 1, end - at - 1);
    at = end;
    if (name == "target") {
      if (end + 1 != text.size()) {
        throw InputError(key, "{target} must stand at the end: nothing is trained after it");
      }
      break;
    }
    if (name != "instruction" && name != "context") {
      const std::vector<std::string> known = {"instruction", "context", "target"};
      const std::string nearest = nearest_name(name, known);
      throw InputError(key, "{" + name +
                                "} is not known; allowed: {instruction}, {context}, {target}" +
                                (nearest.empty() ? "" : "; did you mean {" + nearest + "}?"));
    }
    if (name == "context" && has_context) throw InputError(key, "{context} stands there twice");
    has_context = has_context || name == "context";
    pieces.back().field = name == "context" ? Field::context : Field::instruction;
    pieces.emplace_back();
  }
  return pieces;
}

PromptFrame PromptTemplate::apply(const partition::Example& example) const {
  if (plain_) return plain_frame(example);
  PromptFrame frame;
  std::string* part = &frame.before;
  std::vector<TextSpan>* literals = &frame.before_literals;
  for (const Piece& piece : example.context.empty() ? without_context_ : with_context_) {
    if (!piece.text.empty()) literals->push_back({part->size(), part->size() + piece.text.size()});
    *part += piece.text;
    if (piece.field == Field::instruction) *part += example.instruction;
    if (piece.field == Field::context) {
      frame.context = example.context;
      part = &frame.after;
      literals = &frame.after_literals;
    }
  }
  return frame;
}

std::vector<std::string> PromptTemplate::literals() const {
  std::vector<std::string> texts;
  for (const auto* pieces : {&with_context_, &without_context_}) {
    for (const Piece& piece : *pieces)
      texts.push_back(piece.text);
  }
  return texts;
}

}  // namespace lorafleet::model
