#pragma once

#include <functional>
#include <memory>
#include <string_view>

namespace lorafleet::model {

/// Cuts text into the pieces that BPE merges never cross, with GPT-2's pattern
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`, where `\s` is
/// Unicode's White_Space. Thread-safe.
class Pretokenizer {
 public:
  Pretokenizer();
  ~Pretokenizer();
  Pretokenizer(const Pretokenizer&) = delete;
  Pretokenizer& operator=(const Pretokenizer&) = delete;

  /// Calls `piece` for each piece of `text`, in order; together they are the text. `text` must be
  /// well-formed UTF-8.
  void split(std::string_view text, const std::function<void(std::string_view)>& piece) const;

 private:
  struct Pattern;
  std::unique_ptr<Pattern> pattern_;
};

}  // namespace lorafleet::model
