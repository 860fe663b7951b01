#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.hpp"
#include "model/encoded_data.hpp"
#include "model/opt_config.hpp"
#include "model/tokenizer.hpp"
#include "partition/example.hpp"

namespace lorafleet::model {

/// What the limit on tokens did to the examples.
struct EncodingReport {
  std::int64_t truncated = 0;
  std::int64_t dropped = 0;
  /// Indices of the dropped examples, ascending: their entries are empty and must not be used.
  std::vector<std::uint32_t> dropped_examples;
};

struct EncodedExamples {
  EncodedData data;  ///< entry i belongs to example i
  EncodingReport report;
};

/// The text before the target: those of instruction and context that are not empty, joined by a
/// line end, and then a blank line ("instruction\ncontext\n\n"); "" where both are empty.
std::string prompt_text(const partition::Example& example);

/// Turns examples into token sequences: [what the tokenizer puts in front, OPT: `</s>`] prompt,
/// [the same again, with encoding.separator "prefix"] target, eos. Labels begin with the target's
/// first token and include eos; the very first token of a sequence is never one, as nothing
/// precedes it. Prompt and target are tokenised apart, so that the border between them never lies
/// inside a token; so are, for the same reason, the instruction with its line end, the context and
/// the blank line: cutting tokens off the context leaves the others as they were. Special tokens
/// spelled out in the data are ordinary text.
///
/// A sequence has at most min(encoding.max_tokens, opt.max_position_embeddings) tokens. A longer
/// one loses context tokens from the left or right end ("cut_context_left", "cut_context_right"),
/// or is dropped ("drop"). One that does not fit without any context is dropped: instruction and
/// target are never cut. Throws InputError for an unknown truncation, a limit below 2, or a
/// tokenizer with more tokens than the model.
EncodedExamples encode_examples(const std::vector<partition::Example>& examples,
                                const Tokenizer& tokenizer, const EncodingConfig& encoding,
                                const OptConfig& opt);

/// Tokens of `text` alone: the measure of context length, as EncodedData::context_tokens has it.
std::size_t count_tokens(const Tokenizer& tokenizer, std::string_view text);

}  // namespace lorafleet::model
