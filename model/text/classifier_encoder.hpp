#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/shape.hpp"
#include "model/text/encoded_sequence.hpp"
#include "model/text/tokenizer.hpp"
#include "partition/examples/example.hpp"

namespace lorafleet::model {

/// How many tokens of a pair of `first` and `second` of them are kept where `limit` fit: the longer
/// text loses tokens, and both where half of the limit is too little for the shorter one
/// ("longest_first" of Hugging Face's tokenizers). Of the first and of the second text.
struct KeptTokens {
  std::size_t first = 0;
  std::size_t second = 0;
};
KeptTokens longest_first(std::size_t first, std::size_t second, std::size_t limit);

/// One text or two as a classifier reads them, as Hugging Face writes a RoBERTa's:
/// "<s> A </s>", "<s> A </s></s> B </s>".
std::vector<std::int32_t> framed(const ClassifierShape& shape,
                                 std::span<const std::vector<std::int32_t>> texts);

/// Turns examples into what a classifier reads, and their classes. Texts that are too long together
/// are cut by longest_first at their ends ("cut_context_right", Hugging Face's default) or their
/// beginnings ("cut_context_left"), or dropped.
class ClassifierEncoder {
 public:
  ClassifierEncoder(TokenizerPtr tokenizer, ClassifierShape shape, Truncation truncation);

  /// Nothing where it is dropped. `target` names the class. Throws InputError for an example
  /// without texts, or whose target is none of its classes.
  [[nodiscard]] std::optional<EncodedSequence> encode(const partition::Example& example,
                                                      const std::string& target,
                                                      std::size_t limit) const;

  /// Whether the tokenizer's own post-processor stands otherwise around two texts.
  [[nodiscard]] std::vector<std::string> warnings() const;

 private:
  TokenizerPtr tokenizer_;
  ClassifierShape shape_;
  Truncation truncation_;
};

}  // namespace lorafleet::model
