#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/text/pipeline/added_tokens.hpp"
#include "model/text/pipeline/text_span.hpp"

namespace lorafleet::model {

/// Two texts that belong together, as ids.
struct EncodedPair {
  std::vector<std::int32_t> ids;
  std::vector<std::int32_t> types;  ///< which text, as the post-processor numbers them
  std::vector<bool> specials;       ///< what the post-processor added
};

/// Text to ids and back, by the steps that the files name: added tokens, normalizer,
/// pre-tokenizer, model, post-processor; decoder. Encoding is thread-safe and deterministic.
class Tokenizer {
 public:
  /// From a Hugging Face directory: `tokenizer.json`, else `vocab.json` + `merges.txt` (then with
  /// `special_tokens_map.json` / `tokenizer_config.json` where present). Throws InputError.
  static std::shared_ptr<const Tokenizer> load(const std::filesystem::path& directory);
  ~Tokenizer();
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  /// Plain text to ids, no special tokens added or parsed; added tokens that are not special (runs
  /// of spaces, as a rule) are found. Invalid UTF-8 is first replaced by U+FFFD as Python's
  /// `errors="replace"` does.
  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text) const;
  /// Special tokens in the text are recognised, and those that the tokenizer's post-processor puts
  /// around a sequence are added (OPT: `</s>` in front): what Hugging Face's `tokenizer(text)`
  /// returns, with which tests compare it.
  [[nodiscard]] std::vector<std::int32_t> encode_with_specials(std::string_view text) const;
  /// Text that a template made. `literals`, ascending and apart, are the template's own words:
  /// added tokens that lie in one of them become one id each, as with Hugging Face; all else is
  /// text as for `encode`, whatever it spells. Where no token stands between, words are not cut at
  /// the border of a literal. `spans` gets, of each id, the bytes of `text` (invalid UTF-8
  /// replaced) that it stands for: where a step changed the text, those that it made of it; an
  /// empty span for what it put in.
  [[nodiscard]] std::vector<std::int32_t> encode_template_text(
      std::string_view text, std::span<const TextSpan> literals,
      std::vector<TextSpan>* spans = nullptr) const;
  /// Special tokens as in encode_with_specials.
  [[nodiscard]] EncodedPair encode_pair(std::string_view first, std::string_view second) const;
  /// The bytes that one token stands for; nothing where there is none of that id.
  [[nodiscard]] std::optional<std::string> token_bytes(std::int32_t id) const;
  /// The first added token in the text; where `reserved`, none that is ordinary vocabulary.
  [[nodiscard]] std::optional<FoundToken> find_added(std::string_view text,
                                                     bool reserved = false) const;
  /// Whether the tokens of any text stand for its bytes, all of them: for tests.
  [[nodiscard]] bool keeps_bytes() const;
  /// Text, as the files' decoder makes it, with invalid UTF-8 replaced by U+FFFD; special tokens
  /// are left out if asked. Unknown ids throw std::out_of_range.
  [[nodiscard]] std::string decode(std::span<const std::int32_t> ids,
                                   bool skip_special = false) const;
  /// What encode_with_specials puts in front.
  [[nodiscard]] std::span<const std::int32_t> prefix() const;
  /// The largest id + 1.
  [[nodiscard]] std::size_t vocab_size() const;
  /// The same without special tokens that only a template can write. Some tokenizers have a few of
  /// these more than their models.
  [[nodiscard]] std::size_t ordinary_size() const;
  /// What a user should know of its files: contradictions, and how they were decided.
  [[nodiscard]] const std::vector<std::string>& warnings() const;

 private:
  struct State;
  explicit Tokenizer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

using TokenizerPtr = std::shared_ptr<const Tokenizer>;

}  // namespace lorafleet::model
