#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "model/text/pipeline/text_span.hpp"

namespace lorafleet::model {

/// A compiled regular expression of tokenizer.json. Immutable, so thread-safe.
class Regex {
 public:
  /// Throws InputError at `place` where it cannot be compiled.
  Regex(std::string_view pattern, const std::string& place);
  ~Regex();
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  /// The first match from the byte `from` on, which may be empty. `text` must be well-formed UTF-8.
  /// Throws InputError for a pattern that takes too long on it.
  [[nodiscard]] std::optional<TextSpan> find(std::string_view text, std::size_t from) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace lorafleet::model
