#include "partition/examples/measures.hpp"

#include <algorithm>

#include "partition/examples/words.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::partition {

std::size_t count_words(std::string_view text) {
  return split_words(text).size();
}

std::size_t count_sentences(std::string_view text) {
  std::size_t sentences = 0;
  bool open = false;
  const auto close = [&] {
    sentences += open ? 1 : 0;
    open = false;
  };
  for (std::size_t line = 0; line < text.size();) {
    const std::size_t end = std::min(text.find('\n', line), text.size());
    for (auto word : split_words(text.substr(line, end - line))) {
      open = true;
      while (!word.empty() && std::string_view("\"')]}").find(word.back()) != word.npos) {
        word.remove_suffix(1);
      }
      if (!word.empty() && std::string_view(".!?").find(word.back()) != word.npos) close();
    }
    close();
    line = end + 1;
  }
  return sentences;
}

double coverage(std::string_view target, std::string_view context) {
  const auto wanted = content_stems(target);
  if (wanted.empty()) return 0.0;
  const auto given = content_stems(context);
  const auto found = std::count_if(wanted.begin(), wanted.end(),
                                   [&](const std::string& stem) { return given.count(stem) > 0; });
  return static_cast<double>(found) / static_cast<double>(wanted.size());
}

const NamedValues<LengthFn>& length_units() {
  static const NamedValues<LengthFn> kRegistry(
      "partition.skew.unit",
      {{"tokens",
        [](const Example& example, const CountFn& tokens) {
          if (!tokens) {
            throw InputError(
                "partition.skew.unit",
                "\"tokens\" needs a tokenizer and none is at hand; allowed without one: "
                "words, sentences");
          }
          return tokens(example);
        }},
       {"words",
        [](const Example& example, const CountFn&) { return count_words(example.context); }},
       {"sentences",
        [](const Example& example, const CountFn&) { return count_sentences(example.context); }}});
  return kRegistry;
}

double context_length(const Example& example, std::string_view unit, const CountFn& tokens) {
  return static_cast<double>(length_units().at(std::string(unit)).value(example, tokens));
}

double quality_score(const Example& example, const std::string& name) {
  const auto score = example.quality.find(name);
  if (score != example.quality.end()) return score->second;
  if (name == kCoverage) return coverage(example.target, example.context);
  std::vector<std::string> names;
  for (const auto& [known, value] : example.quality) {
    names.push_back(known);
  }
  if (example.quality.count(kCoverage) == 0) names.emplace_back(kCoverage);
  throw InputError("partition.skew.quality", "example \"" + example.id + "\" has no score \"" +
                                                 name + "\"; it has: " + join(names));
}

}  // namespace lorafleet::partition
