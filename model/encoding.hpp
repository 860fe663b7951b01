#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.hpp"
#include "model/encoded_data.hpp"
#include "model/opt_config.hpp"
#include "model/prompt_template.hpp"
#include "model/tokenizer.hpp"
#include "partition/example.hpp"

namespace lorafleet::model {

/// What the limit on tokens did to the examples.
struct EncodingReport {
  std::int64_t truncated = 0;
  std::int64_t tokens_cut = 0;  ///< off the contexts of those
  std::int64_t dropped = 0;
  /// Indices of the dropped examples, ascending: their entries are empty and must not be used.
  std::vector<std::uint32_t> dropped_examples;
};

struct EncodedExamples {
  EncodedData data;  ///< entry i belongs to example i
  EncodingReport report;
};

/// One example as tokens; those from `label_start` on are scored.
struct EncodedSequence {
  std::vector<std::int32_t> tokens;
  std::size_t label_start = 0;
  std::size_t context_tokens = 0;  ///< before cutting
  std::size_t tokens_cut = 0;
};

/// Turns examples into token sequences: [what the tokenizer puts in front, OPT: `</s>`] prompt,
/// [the same again, with encoding.separator "prefix"] target, eos. Labels begin with the target's
/// first token and include eos; the very first token of a sequence is never one, as nothing
/// precedes it. Prompt and target are tokenised apart, so that the border between them never lies
/// inside a token; so are, for the same reason, the context and what the template puts before and
/// after it: cutting tokens off the context leaves the others as they were. Special tokens spelled
/// out in the data are ordinary text.
///
/// A sequence has at most min(encoding.max_tokens, opt.max_position_embeddings) tokens. A longer
/// one loses context tokens from the left or right end ("cut_context_left", "cut_context_right"),
/// or is dropped ("drop"). One that does not fit without any context is dropped: instruction and
/// target are never cut.
class ExampleEncoder {
 public:
  /// Throws InputError for an unknown truncation or template, a limit below 2, or a tokenizer with
  /// more tokens than the model. `encoding.prompt_template` must not be "auto" any more.
  ExampleEncoder(TokenizerPtr tokenizer, const EncodingConfig& encoding, const OptConfig& opt);

  /// Nothing where it is dropped.
  [[nodiscard]] std::optional<EncodedSequence> encode(const partition::Example& example) const;
  /// With another target, for example one of its choices.
  [[nodiscard]] std::optional<EncodedSequence> encode(const partition::Example& example,
                                                      const std::string& target) const;
  /// All before the target, cut so that it has at most encoding.max_tokens tokens and `room` more
  /// fit into the model's positions.
  [[nodiscard]] std::optional<std::vector<std::int32_t>> prompt(const partition::Example& example,
                                                                std::size_t room) const;
  [[nodiscard]] const Tokenizer& tokenizer() const { return *tokenizer_; }

 private:
  enum class Truncation { cut_context_left, cut_context_right, drop };
  [[nodiscard]] std::optional<EncodedSequence> encode_prompt(const partition::Example& example,
                                                             std::size_t room,
                                                             std::size_t limit) const;

  TokenizerPtr tokenizer_;
  PromptTemplate template_;
  Truncation truncation_;
  bool separates_;
  std::int32_t eos_;
  std::size_t limit_;
  std::size_t positions_;
};

/// All of `examples`, in order.
EncodedExamples encode_examples(const std::vector<partition::Example>& examples,
                                const ExampleEncoder& encoder);

/// Tokens of `text` alone: the measure of context length, as EncodedData::context_tokens has it.
std::size_t count_tokens(const Tokenizer& tokenizer, std::string_view text);

}  // namespace lorafleet::model
