#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/text/pipeline/normalizer.hpp"
#include "model/text/pipeline/text_span.hpp"
#include "model/text/pipeline/trie.hpp"

namespace lorafleet::model {

/// A token that is cut out of the text before all else.
struct AddedToken {
  std::string content;
  std::int32_t id = 0;
  bool special = true;       ///< may be left out when decoding
  bool everywhere = false;   ///< ordinary vocabulary: found in data too, not only in templates
  bool of_model = false;     ///< the model has it as well
  bool single_word = false;  ///< not beside a letter or the like
  bool lstrip = false;       ///< swallows the white space before it
  bool rstrip = false;       ///< and behind it
  bool normalized = false;   ///< is sought in normalized text, and normalized itself
};

/// An added token that stands in a text.
struct FoundToken {
  std::size_t begin;
  std::size_t end;
  std::int32_t id;
};

/// Finds added tokens: leftmost first, of those that begin together the longest. Immutable.
class AddedTokens {
 public:
  AddedTokens(std::vector<AddedToken> tokens, const Normalizer* normalizer);

  /// Text that is no token, or one.
  struct Segment {
    TextSpan span;
    const AddedToken* token;
  };
  enum Stage { raw, normalized };
  /// Whether a token that is not `everywhere` may stand there.
  using Allowed = std::function<bool(const TextSpan&)>;

  /// Cuts `text`, raw or normalized, at the tokens that are sought there.
  void cut(std::string_view text, Stage stage, const Allowed& allowed,
           const std::function<void(const Segment&)>& sink) const;
  /// The first one in text as it is; where `reserved`, none that is `everywhere`.
  [[nodiscard]] std::optional<FoundToken> find(std::string_view text, bool reserved) const;

  /// Whether there are any for this stage; where `everywhere`, such alone.
  [[nodiscard]] bool any(Stage stage, bool everywhere) const;
  /// nullptr where it is none.
  [[nodiscard]] const AddedToken* by_id(std::int32_t id) const;

 private:
  [[nodiscard]] std::vector<std::pair<std::string, std::int32_t>> contents(
      Stage stage, const Normalizer* normalizer) const;

  std::vector<AddedToken> tokens_;
  std::unordered_map<std::int32_t, std::size_t> by_id_;
  bool any_[2][2] = {};  ///< by stage, and for those that are `everywhere`
  Trie raw_;
  Trie normalized_;
  Trie all_;
};

}  // namespace lorafleet::model
