#include "partition/formats/choices.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>

#include "partition/formats/row_collector.hpp"
#include "partition/support/error.hpp"
#include "partition/support/printable.hpp"

namespace lorafleet::partition {

namespace {

/// For messages: no page of text.
std::string shown(const std::string& text) {
  return short_name(text, 60);
}

std::string listed(const std::vector<std::string>& texts) {
  std::vector<std::string> short_texts;
  short_texts.reserve(texts.size());
  for (const auto& text : texts)
    short_texts.push_back(shown(text));
  return join_some(short_texts);
}

std::string folded(std::string text) {
  for (char& letter : text) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

/// The number of a boolean; none where the labels use these words otherwise.
std::optional<std::int64_t> boolean(const std::string& target,
                                    const std::vector<std::string>& labels) {
  const auto value = truth_of(target);
  if (labels.size() != 2 || !value) return std::nullopt;
  if (truth_of(labels[0]) == true || truth_of(labels[1]) == false) return std::nullopt;
  return *value ? 1 : 0;
}

/// A whole number, as data have it: "3", "-1", "3.0" (pandas, where a column has gaps).
std::optional<std::int64_t> whole_number(std::string_view text) {
  if (text.ends_with(".0")) text.remove_suffix(2);
  std::int64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<bool> truth_of(const std::string& text) {
  const std::string word = folded(text);
  if (word != "false" && word != "true") return std::nullopt;
  return word == "true";
}

std::string nearest_choice(const std::string& target, const std::vector<std::string>& choices) {
  for (const auto& choice : choices) {
    if (folded(choice) == folded(target)) return choice;
  }
  // Short words are near to each other by chance.
  return target.size() < 4 || target.size() > 200 ? "" : nearest_name(target, choices);
}

std::string wrong_with_choices(const Example& example, const std::vector<std::string>& labels) {
  const auto& choices = example.choices;
  if (choices.empty()) return "";
  const bool checked = choices == labels;
  for (auto choice = choices.begin(); !checked && choice != choices.end(); ++choice) {
    if (choice->empty()) return "one of the choices is empty";
    if (std::find(choices.begin(), choice, *choice) != choice) {
      return "the choice \"" + shown(*choice) + "\" is there twice";
    }
  }
  if (std::find(choices.begin(), choices.end(), example.target) != choices.end()) return "";
  return "the target \"" + shown(example.target) +
         "\" is not one of its choices: " + listed(choices) +
         did_you_mean(shown(nearest_choice(example.target, choices)), "\"");
}

void apply_labels(Example& example, const std::vector<std::string>& labels) {
  if (labels.empty()) return;
  auto& target = example.target;
  if (std::find(labels.begin(), labels.end(), target) == labels.end()) {
    auto index = whole_number(target);
    if (!index) index = boolean(target, labels);
    if (!index || *index < 0 || *index >= static_cast<std::int64_t>(labels.size())) {
      throw BadRow("the target \"" + shown(target) + "\" is no label; allowed: 0 to " +
                   std::to_string(labels.size() - 1) +
                   ", or one of data.labels: " + listed(labels) +
                   (index == -1 ? "; -1 stands for rows without label, as in test data" : "") +
                   did_you_mean(shown(nearest_choice(target, labels)), "\""));
    }
    target = labels[static_cast<std::size_t>(*index)];
  }
  if (example.choices.empty()) example.choices = labels;
}

void check_labels(const std::vector<std::string>& labels) {
  if (labels.empty()) return;
  constexpr const char* kKey = "data.labels";
  if (labels.size() < 2) throw InputError(kKey, "is only one; allowed: two or more");
  std::set<std::string> distinct;
  for (const auto& label : labels) {
    if (label.empty()) throw InputError(kKey, "one of them is empty; allowed: texts");
    if (whole_number(label)) {
      throw InputError(kKey, "\"" + label +
                                 "\" is a number, and numbers of targets count the "
                                 "labels; allowed: words");
    }
    if (!distinct.insert(label).second) {
      throw InputError(kKey, "\"" + label + "\" is there twice; allowed: each once");
    }
  }
}

}  // namespace lorafleet::partition
