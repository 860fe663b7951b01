#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lorafleet::model {

/// Token sequences of many examples in one block of memory; shared by all clients, never changed.
/// Of each example the tokens from `label_start` on are scored (each predicted from its left
/// neighbour); the tokens before it are the prompt.
class EncodedData {
 public:
  void add(std::span<const std::int32_t> tokens, std::size_t label_start,
           std::size_t context_tokens);
  /// Gives entry i other tokens; before the data is shared. The block keeps those that it had.
  void replace(std::size_t i, std::span<const std::int32_t> tokens, std::size_t label_start,
               std::size_t context_tokens);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::span<const std::int32_t> tokens(std::size_t i) const;
  [[nodiscard]] std::size_t length(std::size_t i) const { return entries_[i].length; }
  [[nodiscard]] std::size_t label_start(std::size_t i) const { return entries_[i].label_start; }
  [[nodiscard]] std::size_t label_count(std::size_t i) const {
    return entries_[i].length - entries_[i].label_start;
  }
  /// Tokens of the example's context before any truncation: the measure of context length.
  [[nodiscard]] std::size_t context_tokens(std::size_t i) const {
    return entries_[i].context_tokens;
  }

 private:
  struct Entry {
    std::size_t offset;
    std::uint32_t length;
    std::uint32_t label_start;
    std::uint32_t context_tokens;
  };
  Entry append(std::span<const std::int32_t> tokens, std::size_t label_start,
               std::size_t context_tokens);

  std::vector<std::int32_t> tokens_;
  std::vector<Entry> entries_;
};

}  // namespace lorafleet::model
