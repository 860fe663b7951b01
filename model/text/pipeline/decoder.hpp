#pragma once

#include <string>
#include <vector>

namespace lorafleet::model {

/// Makes text of tokens. Immutable, so thread-safe.
class Decoder {
 public:
  virtual ~Decoder() = default;
  /// `tokens`: texts as the vocabulary has them; what becomes of them, joined, is the text.
  virtual void apply(std::vector<std::string>& tokens) const = 0;
  /// The bytes that one token stands for in the midst of a text.
  [[nodiscard]] virtual std::string bytes_of(std::string token) const { return token; }
};

}  // namespace lorafleet::model
