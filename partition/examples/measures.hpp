#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "partition/examples/example.hpp"
#include "partition/support/registry.hpp"

namespace lorafleet::partition {

/// Counts something of an example, usually the tokens of its context. Passed in from above:
/// partition/ knows no tokenizer.
using CountFn = std::function<std::size_t(const Example&)>;

/// Runs of characters between white space.
std::size_t count_words(std::string_view text);

/// Stretches that end in `.`, `!` or `?` (several in a row count once, also before a closing quote
/// or bracket) followed by white space or the end, and a last stretch without such an end. A line
/// break also ends a sentence. At least 1 for a text with a word, 0 for one without.
std::size_t count_sentences(std::string_view text);

/// The quality that is there for any example: where the data do not give it, it is computed.
inline constexpr const char* kCoverage = "coverage";

/// Share of the distinct content-word stems of `target` that occur among the stems of `context`, in
/// [0, 1]; 0 for a target without content words. Content words and stems: see words.hpp.
double coverage(std::string_view target, std::string_view context);

/// Length of an example's context; `tokens` counts tokens, where they are wanted.
using LengthFn = std::size_t (*)(const Example& example, const CountFn& tokens);

/// `unit` of a context_length skew.
const NamedValues<LengthFn>& length_units();

/// Length of the example's context in `unit`; `tokens` counts for unit "tokens" and may be empty
/// otherwise. Throws InputError for an unknown unit.
double context_length(const Example& example, std::string_view unit, const CountFn& tokens);

/// The score `name` of the example: `quality[name]`, or, where the data do not give
/// kCoverage, the one computed from target and context. Throws InputError naming the example and
/// the scores it has.
double quality_score(const Example& example, const std::string& name);

}  // namespace lorafleet::partition
