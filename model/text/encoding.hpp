#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.hpp"
#include "model/shape.hpp"
#include "model/text/chat_template.hpp"
#include "model/text/classifier_encoder.hpp"
#include "model/text/conversation_encoder.hpp"
#include "model/text/encoded_data.hpp"
#include "model/text/encoded_sequence.hpp"
#include "model/text/prompt_template.hpp"
#include "model/text/tokenizer.hpp"
#include "partition/examples/example.hpp"

namespace lorafleet::model {

/// What the limit on tokens and the chat template did to the examples.
struct EncodingReport {
  std::int64_t truncated = 0;
  std::int64_t tokens_cut = 0;  ///< off the contexts of those
  std::int64_t dropped = 0;     ///< too long
  std::int64_t refused = 0;     ///< conversations that the chat template refuses
  std::string first_refusal;    ///< which one, and why
  std::int64_t unlabelled = 0;  ///< earlier answers not found in the chat template's text
  /// Indices of the dropped examples, dropped or refused, ascending: their entries are empty and
  /// must not be used.
  std::vector<std::uint32_t> dropped_examples;
};

struct EncodedExamples {
  EncodedData data;  ///< entry i belongs to example i
  EncodingReport report;
};

/// Turns examples into token sequences: [what the tokenizer puts in front, such as `</s>`] prompt,
/// [the same again, with encoding.separator "prefix"] target, eos. Labels begin with the target's
/// first token and include eos; the very first token of a sequence is never one, as nothing
/// precedes it. Prompt and target are tokenised apart, so that the border between them never lies
/// inside a token; so are, for the same reason, the context and what the template puts before and
/// after it: cutting tokens off the context leaves the others as they were. Added tokens spelled
/// out in the template become one id each, in the data they are ordinary text.
///
/// An example with turns is a conversation: ConversationEncoder makes its sequence. For a
/// classifier ClassifierEncoder makes all of them.
///
/// A sequence has at most min(encoding.max_tokens, shape.positions) tokens. A longer
/// one loses context tokens from the left or right end ("cut_context_left", "cut_context_right"),
/// or is dropped ("drop"); "auto" is "cut_context_left". One that does not fit without any context
/// is dropped: instruction and target are never cut.
class ExampleEncoder {
 public:
  /// Throws InputError for an unknown truncation or template, a limit below 2, or a tokenizer with
  /// more tokens than the model. `encoding.prompt_template` must not be "auto" any more. `chat` is
  /// for conversations; without it an example with turns throws std::logic_error.
  ExampleEncoder(TokenizerPtr tokenizer, const EncodingConfig& encoding, const ModelShape& shape,
                 ChatTemplatePtr chat = nullptr);

  /// Nothing where it is dropped. `unlabelled`: as Conversation has it, where it is one.
  [[nodiscard]] std::optional<EncodedSequence> encode(const partition::Example& example,
                                                      std::size_t* unlabelled = nullptr) const;
  /// With another target; of a conversation, another last answer.
  [[nodiscard]] std::optional<EncodedSequence> encode(const partition::Example& example,
                                                      const std::string& target,
                                                      std::size_t* unlabelled = nullptr) const;
  /// The same with that target as the only label, for example one of its choices.
  [[nodiscard]] std::optional<EncodedSequence> encode_choice(const partition::Example& example,
                                                             const std::string& target) const;
  /// All before the target, cut so that it has at most encoding.max_tokens tokens and `room` more
  /// fit into the model's positions.
  [[nodiscard]] std::optional<std::vector<std::int32_t>> prompt(const partition::Example& example,
                                                                std::size_t room) const;
  /// The measure of context length, as EncodedData::context_tokens has it: of the context alone; of
  /// a classifier's texts together.
  [[nodiscard]] std::size_t context_tokens(const partition::Example& example) const;
  [[nodiscard]] const Tokenizer& tokenizer() const { return *tokenizer_; }
  /// How the model ends its answers in conversations; nothing without a chat template.
  [[nodiscard]] EndOfTurn end_of_turn() const;
  /// What a user should know of the templates: what looks like a special token and is none, and
  /// tokens that would stand twice. For a classifier ClassifierEncoder's.
  [[nodiscard]] std::vector<std::string> warnings() const;

 private:
  [[nodiscard]] const ConversationEncoder& conversations() const;
  void require_language_model() const;
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
  std::optional<ConversationEncoder> conversations_;
  std::optional<ClassifierEncoder> classifier_;
};

/// All of `examples`, in order. Throws InputError that names the example.
EncodedExamples encode_examples(const std::vector<partition::Example>& examples,
                                const ExampleEncoder& encoder);

/// Tokens of `text` alone.
std::size_t count_tokens(const Tokenizer& tokenizer, std::string_view text);

}  // namespace lorafleet::model
