#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "model/text/pipeline/aligned_text.hpp"

namespace lorafleet::model {

/// Where a model puts the tokens of words.
class TokenSink {
 public:
  /// `spans`: gets the bytes of the original that each token stands for; may be nullptr.
  explicit TokenSink(std::vector<std::int32_t>& ids, std::vector<TextSpan>* spans = nullptr)
      : ids_(ids), spans_(spans) {}

  [[nodiscard]] bool wants_spans() const { return spans_ != nullptr; }
  /// The word that the tokens from now on are of; it has origins where spans are wanted.
  void start(const Piece& word) {
    origins_ = word.origins;
    at_ = 0;
  }
  /// A token of the next `size` bytes of the word.
  void add(std::int32_t id, std::size_t size) {
    ids_.push_back(id);
    if (spans_ == nullptr) return;
    spans_->push_back({origins_[at_].begin, origins_[at_ + size - 1].end});
    at_ += size;
  }
  /// The next bytes of the word become no token.
  void skip(std::size_t size) { at_ += size; }
  /// A token that is no part of a word.
  void add_alone(std::int32_t id, const TextSpan& span) {
    ids_.push_back(id);
    if (spans_ != nullptr) spans_->push_back(span);
  }

 private:
  std::vector<std::int32_t>& ids_;
  std::vector<TextSpan>* spans_;
  const TextSpan* origins_ = nullptr;
  std::size_t at_ = 0;
};

/// Makes tokens of a word. Immutable, so thread-safe.
class TokenModel {
 public:
  virtual ~TokenModel() = default;
  /// `word` is not empty. Each token has at least a byte of it.
  virtual void encode(std::string_view word, TokenSink& sink) const = 0;
};

}  // namespace lorafleet::model
