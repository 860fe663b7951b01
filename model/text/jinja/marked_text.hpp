#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lorafleet::model {

/// Where a byte comes from.
struct TextMark {
  std::uint32_t origin = 0;  ///< 0: the template's own; above: what was put in, by number
  bool generated = false;    ///< inside the template's {% generation %}
  bool operator==(const TextMark&) const = default;
};

/// Text that remembers of each byte where it comes from: a template's own words may hold special
/// tokens, what was put into it may not.
class MarkedText {
 public:
  using Mark = TextMark;
  /// Bytes up to `end` (exclusive) from where the run before ends.
  struct Run {
    std::size_t end;
    Mark mark;
  };

  MarkedText() = default;
  explicit MarkedText(std::string text, std::uint32_t origin = 0);

  [[nodiscard]] const std::string& str() const { return text_; }
  [[nodiscard]] std::string_view view() const { return text_; }
  [[nodiscard]] std::size_t size() const { return text_.size(); }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  /// Neighbours differ in their marks.
  [[nodiscard]] const std::vector<Run>& runs() const { return runs_; }
  /// Of the byte `at`.
  [[nodiscard]] Mark mark_at(std::size_t at) const;
  /// The only origin, or that of the first data where there are several.
  [[nodiscard]] std::uint32_t main_origin() const;

  void append(const MarkedText& more);
  void append(std::string_view more, Mark mark = {});
  /// Bytes begin to end (exclusive).
  [[nodiscard]] MarkedText part(std::size_t begin, std::size_t end) const;
  /// Another text of the same length with the same marks.
  [[nodiscard]] MarkedText with_bytes(std::string text) const;
  void mark_generated();

 private:
  std::string text_;
  std::vector<Run> runs_;
};

}  // namespace lorafleet::model
