#include "partition/examples/example.hpp"

namespace lorafleet::partition {

std::vector<std::string> classified_texts(const Example& example) {
  if (!example.texts.empty()) return example.texts;
  std::vector<std::string> texts;
  for (const std::string* text : {&example.instruction, &example.context}) {
    if (!text->empty()) texts.push_back(*text);
  }
  return texts;
}

const std::vector<std::string>& classes_of(const Example& example) {
  return example.classes.empty() ? example.choices : example.classes;
}

}  // namespace lorafleet::partition
