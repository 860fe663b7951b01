#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace lorafleet::model {

/// Tokens begin to end (exclusive) of a sequence that are scored.
struct LabelSpan {
  std::uint32_t begin;
  std::uint32_t end;
  bool operator==(const LabelSpan&) const = default;
};

/// Token sequences of many examples in one block of memory; shared by all clients, never changed.
/// Of each example the tokens in its label spans are scored (each predicted from its left
/// neighbour): the target, or each of the assistant's turns. The tokens before the first span are
/// read only. For a classifier each example has a class instead, and no label spans.
class EncodedData {
 public:
  /// `labels`: ascending and apart.
  void add(std::span<const std::int32_t> tokens, std::span<const LabelSpan> labels,
           std::size_t context_tokens);
  /// Of a class, for a classifier.
  void add_class(std::span<const std::int32_t> tokens, std::int32_t label,
                 std::size_t context_tokens);
  /// With all tokens from `label_start` on as labels.
  void add(std::span<const std::int32_t> tokens, std::size_t label_start,
           std::size_t context_tokens);
  /// Gives entry i other tokens; before the data is shared. The blocks keep what it had.
  void replace(std::size_t i, std::span<const std::int32_t> tokens,
               std::span<const LabelSpan> labels, std::size_t context_tokens);
  void replace_class(std::size_t i, std::int32_t label) { classes_.at(i) = label; }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::span<const std::int32_t> tokens(std::size_t i) const;
  [[nodiscard]] std::size_t length(std::size_t i) const { return entries_[i].length; }
  [[nodiscard]] std::span<const LabelSpan> labels(std::size_t i) const;
  /// The first label; the length where there is none.
  [[nodiscard]] std::size_t label_start(std::size_t i) const;
  /// The class of an example; nothing where it has label spans.
  [[nodiscard]] std::optional<std::int32_t> label(std::size_t i) const;
  /// Tokens of the example's context before any truncation: the measure of context length.
  [[nodiscard]] std::size_t context_tokens(std::size_t i) const {
    return entries_[i].context_tokens;
  }

 private:
  struct Entry {
    std::size_t offset;
    std::uint32_t length;
    std::uint32_t first_label;  ///< in labels_
    std::uint32_t label_spans;
    std::uint32_t context_tokens;
  };
  Entry append(std::span<const std::int32_t> tokens, std::span<const LabelSpan> labels,
               std::size_t context_tokens);

  std::vector<std::int32_t> tokens_;
  std::vector<LabelSpan> labels_;
  std::vector<Entry> entries_;
  std::vector<std::int32_t> classes_;  ///< of a classifier's examples; else empty
};

using EncodedDataPtr = std::shared_ptr<const EncodedData>;

}  // namespace lorafleet::model
