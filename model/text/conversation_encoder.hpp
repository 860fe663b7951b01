#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/text/chat_template.hpp"
#include "model/text/encoded_sequence.hpp"
#include "model/text/tokenizer.hpp"
#include "partition/examples/example.hpp"

namespace lorafleet::model {

/// Turns conversations into token sequences: the chat template's rendering, tokenised as a whole.
/// Added tokens are recognised in the template's own words only. What the tokenizer puts in front
/// of a text comes there only with a template that leaves it to us, and eos only where the template
/// writes it. A token that holds a byte of what the assistant says is a label.
///
/// A conversation that is too long loses whole exchanges (a user's turn and what follows it), never
/// the system's turn nor the last exchange: the oldest ones first ("cut_context_left"), or those
/// before the last one ("cut_context_right"); what is left is rendered anew.
class ConversationEncoder {
 public:
  ConversationEncoder(TokenizerPtr tokenizer, ChatTemplatePtr chat, Truncation truncation);

  /// Nothing where it does not fit into `limit` tokens. Throws jinja::Refusal and InputError as
  /// ChatTemplate::render. `context_tokens` is left 0. `unlabelled`: as Conversation has it.
  [[nodiscard]] std::optional<EncodedSequence> encode(std::span<const partition::Turn> turns,
                                                      std::size_t limit,
                                                      std::size_t* unlabelled = nullptr) const;
  /// All before the last answer.
  [[nodiscard]] std::optional<std::vector<std::int32_t>> prompt(
      std::span<const partition::Turn> turns, std::size_t limit) const;
  [[nodiscard]] const ChatTemplate& chat() const { return *chat_; }

 private:
  enum class Part { all, prompt };
  struct Encoded {
    EncodedSequence sequence;
    std::size_t unlabelled = 0;
  };
  [[nodiscard]] std::optional<Encoded> fit(std::span<const partition::Turn> turns, Part part,
                                           std::size_t limit) const;
  [[nodiscard]] Encoded encode_whole(std::span<const partition::Turn> turns, Part part) const;

  TokenizerPtr tokenizer_;
  ChatTemplatePtr chat_;
  Truncation truncation_;
};

}  // namespace lorafleet::model
