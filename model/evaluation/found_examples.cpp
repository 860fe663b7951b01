#include "model/evaluation/found_examples.hpp"

#include "partition/support/printable.hpp"

namespace lorafleet::model {

using partition::Example;

FoundExamples::FoundExamples(const ScoredExamples& examples,
                             const std::function<bool(const Example&)>& is) {
  for (const Example* example : examples) {
    if (!is(*example)) continue;
    ++count;
    if (first == nullptr) first = example;
  }
}

std::string FoundExamples::of(const ScoredExamples& examples) const {
  return std::to_string(count) + " of " + std::to_string(examples.size()) + " examples";
}

std::string FoundExamples::example() const {
  constexpr std::size_t kLongest = 40;
  return "the first is \"" + short_name(first->id, kLongest) + "\", \"" +
         short_name(first->target, kLongest) + "\"";
}

}  // namespace lorafleet::model
