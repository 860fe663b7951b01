#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/text/jinja/marked_text.hpp"
#include "model/text/jinja/template.hpp"
#include "model/text/tokenizer.hpp"
#include "partition/examples/example.hpp"

namespace lorafleet::model {

/// A conversation as text.
struct Conversation {
  MarkedText text;              ///< origin i + 1: the content of turn i
  std::vector<TextSpan> spans;  ///< what is learned: answers, with the end of each turn; ascending
  std::size_t prompt_end = 0;   ///< the last answer begins here; the end, where the user is last
  std::size_t unlabelled = 0;   ///< earlier answers that were not found in the text
};

/// How text ends that the model writes as its answer.
struct EndOfTurn {
  std::optional<std::int32_t> token;
  std::string text;  ///< where it is no token: the template's text after an answer; may be empty
};

/// How the turns of a conversation become one text: a chat template as Hugging Face's tokenizers
/// have it (docs/data.md). Immutable, so thread-safe.
class ChatTemplate {
 public:
  /// `specials`: "bos_token", "eos_token", …, which the template may use. `adds_prefix`: what the
  /// tokenizer puts in front of a text comes in front of the rendering too.
  ChatTemplate(jinja::Template program, std::map<std::string, std::string> specials,
               bool adds_prefix, TokenizerPtr tokenizer);

  /// What the assistant says is what stands in the template's {% generation %} blocks. Without
  /// these, an answer begins where the rendering of the turns before it, with the generation
  /// prompt, ends, or else where its content does, with a blank that the template writes before it;
  /// it ends with the first added token that the template writes after it, or with the text there,
  /// without white space at its end. Throws jinja::Refusal where the template refuses the
  /// conversation, InputError for a broken template, and where it leaves out the last answer.
  [[nodiscard]] Conversation render(std::span<const partition::Turn> turns) const;
  /// The rendering alone; where it `asks`, with the header of an answer behind it.
  [[nodiscard]] MarkedText text(std::span<const partition::Turn> turns, bool asks) const;
  [[nodiscard]] bool adds_prefix() const { return adds_prefix_; }
  [[nodiscard]] EndOfTurn end_of_turn() const;
  /// The template's own words in a small conversation.
  [[nodiscard]] std::vector<std::string> literals() const;
  [[nodiscard]] const std::string& place() const { return program_.place(); }

 private:
  [[nodiscard]] std::optional<MarkedText> try_render(std::span<const partition::Turn> turns,
                                                     bool asks) const;
  /// Where the last answer begins, by the template's {% generation %} blocks.
  [[nodiscard]] std::size_t generated_answer(std::span<const partition::Turn> turns,
                                             const Conversation& conversation) const;
  [[nodiscard]] std::optional<TextSpan> find_answer(std::span<const partition::Turn> turns,
                                                    std::size_t turn,
                                                    const MarkedText& whole) const;
  [[nodiscard]] std::size_t end_of_answer(std::span<const partition::Turn> turns, std::size_t turn,
                                          const MarkedText& whole, std::size_t begin,
                                          std::size_t content_end) const;

  jinja::Template program_;
  std::map<std::string, std::string> specials_;
  bool adds_prefix_;
  TokenizerPtr tokenizer_;
};

using ChatTemplatePtr = std::shared_ptr<const ChatTemplate>;

/// The template that [data] chat_template names: "model", the one in `folder`
/// (`chat_template.jinja`, else `chat_template` of tokenizer_config.json, else chat_template.json);
/// "plain", one of ours that needs no special token but eos; "auto", the model's where it has one,
/// else plain; or a file. `eos_token_id` is the model's. Throws InputError.
ChatTemplatePtr load_chat_template(const std::string& choice, const std::filesystem::path& folder,
                                   TokenizerPtr tokenizer, std::int32_t eos_token_id);

}  // namespace lorafleet::model
