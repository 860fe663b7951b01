#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "model/text/pipeline/text_span.hpp"

namespace lorafleet::model {

/// Part of a text on its way through the pipeline; well-formed UTF-8.
struct Piece {
  std::string_view text;
  const TextSpan* origins = nullptr;  ///< of each byte in the original; nullptr: not asked for
  bool first = false;                 ///< begins where the original does

  [[nodiscard]] Piece part(std::size_t begin, std::size_t end) const;
};

/// Text that owns its bytes and, where it is asked for, knows of each where it comes from.
class AlignedText {
 public:
  AlignedText() = default;
  /// Bytes of an original from `begin` on.
  AlignedText(std::string_view text, std::size_t begin, bool tracks);
  explicit AlignedText(const Piece& piece);

  [[nodiscard]] const std::string& str() const { return text_; }
  [[nodiscard]] std::string_view view() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  [[nodiscard]] Piece piece(bool first) const;

 private:
  friend class TextWriter;
  std::string text_;
  std::vector<TextSpan> origins_;
  bool tracks_ = false;
};

/// Writes what a step of the pipeline makes of a text.
class TextWriter {
 public:
  /// `source` must outlive the writer.
  explicit TextWriter(const Piece& source);
  /// Bytes begin to end (exclusive) of the source, as they are.
  void keep(std::size_t begin, std::size_t end);
  /// `text` in place of bytes begin to end of the source; inserted where there are none.
  void put(std::string_view text, std::size_t begin, std::size_t end);
  [[nodiscard]] AlignedText take() { return std::move(made_); }

 private:
  Piece source_;
  AlignedText made_;
};

}  // namespace lorafleet::model
