#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "model/text/pipeline/regex.hpp"
#include "model/text/pipeline/setting.hpp"

namespace lorafleet::model {

/// What Replace and Split look for: {"String": "…"} or {"Regex": "…"}.
class Pattern {
 public:
  explicit Pattern(const Setting& setting);
  /// The first match from `from` on; it may be empty where it is a regular expression.
  [[nodiscard]] std::optional<TextSpan> find(std::string_view text, std::size_t from) const;

 private:
  std::string string_;
  std::unique_ptr<const Regex> regex_;
};

/// Calls visit(match) for each match, from left to right; after an empty one the search goes on
/// behind the next character. An empty one where another has just ended is none.
void for_each_match(const Pattern& pattern, std::string_view text,
                    const std::function<void(const TextSpan&)>& visit);

}  // namespace lorafleet::model
