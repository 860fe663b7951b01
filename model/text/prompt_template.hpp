#pragma once

#include <string>
#include <vector>

#include "model/text/tokenizer.hpp"
#include "partition/examples/example.hpp"

namespace lorafleet::model {

/// A prompt around its context: the context is what may be cut.
struct PromptFrame {
  std::string before;
  std::string context;
  std::string after;
  /// The template's own words in `before` and `after`, as it has them between its placeholders.
  std::vector<TextSpan> before_literals = {};
  std::vector<TextSpan> after_literals = {};
};

/// How an example becomes a prompt ([data] template). A text with the placeholders {instruction}
/// and {context}; {target} may stand at its end, where the target follows in any case. "{{" and
/// "}}" stand for braces.
class PromptTemplate {
 public:
  /// `text` is "plain", "alpaca" or a text of one's own; `without_context` is for rows without
  /// context, empty: the same text. Throws InputError naming the key and what is allowed.
  explicit PromptTemplate(const std::string& text, const std::string& without_context = "");

  [[nodiscard]] PromptFrame apply(const partition::Example& example) const;
  /// The template's own words, between its placeholders, for rows with and without context.
  [[nodiscard]] std::vector<std::string> literals() const;

 private:
  enum class Field { none, instruction, context };
  struct Piece {
    std::string text;
    Field field = Field::none;  ///< that follows the text
  };
  static std::vector<Piece> parse(const std::string& text, const std::string& key);

  bool plain_ = false;
  std::vector<Piece> with_context_;
  std::vector<Piece> without_context_;
};

}  // namespace lorafleet::model
