#include "model/text/special_names.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace lorafleet::model {

namespace {

/// Names that tokenizers give their special tokens, beside those in "<|" and "|>".
constexpr std::array<std::string_view, 26> kNames = {
    "<s>",           "</s>",       "<bos>",  "<eos>", "<pad>",  "<unk>",
    "<sep>",         "<cls>",      "<mask>", "<eod>", "<eot>",  "<start_of_turn>",
    "<end_of_turn>", "<im_end>",   "[CLS]",  "[SEP]", "[MASK]", "[PAD]",
    "[UNK]",         "[BOS]",      "[EOS]",  "[EOT]", "<turn>", "<start_of_text>",
    "<end_of_text>", "<endoftext>"};

/// The name that begins `text`; "" where none does.
std::string_view name_at(std::string_view text) {
  if (text.starts_with("<|")) {
    const std::size_t end = text.find("|>", 2);
    const auto name = text.substr(2, end == text.npos ? 0 : end - 2);
    const bool is_word =
        !name.empty() && name.size() <= 40 && std::all_of(name.begin(), name.end(), [](char c) {
          return static_cast<unsigned char>(c) > ' ' && c != '|' && c != '<';
        });
    return is_word ? text.substr(0, end + 2) : std::string_view();
  }
  for (const auto name : kNames) {
    if (text.starts_with(name)) return name;
  }
  return {};
}

}  // namespace

std::vector<std::string> unknown_special_names(const std::vector<std::string>& literals,
                                               const Tokenizer& tokenizer) {
  std::vector<std::string> unknown;
  for (const std::string_view literal : literals) {
    for (std::size_t i = literal.find_first_of("<["); i != literal.npos;
         i = literal.find_first_of("<[", i + 1)) {
      const std::string_view name = name_at(literal.substr(i));
      if (name.empty()) continue;
      const auto token = tokenizer.find_added(literal.substr(i));
      if (token && token->begin == 0) continue;
      if (std::find(unknown.begin(), unknown.end(), name) == unknown.end()) {
        unknown.emplace_back(name);
      }
    }
  }
  return unknown;
}

}  // namespace lorafleet::model
