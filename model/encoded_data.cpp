#include "model/encoded_data.hpp"

namespace lorafleet::model {

EncodedData::Entry EncodedData::append(std::span<const std::int32_t> tokens,
                                       std::size_t label_start, std::size_t context_tokens) {
  const Entry entry{tokens_.size(), static_cast<std::uint32_t>(tokens.size()),
                    static_cast<std::uint32_t>(label_start),
                    static_cast<std::uint32_t>(context_tokens)};
  tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
  return entry;
}

void EncodedData::add(std::span<const std::int32_t> tokens, std::size_t label_start,
                      std::size_t context_tokens) {
  entries_.push_back(append(tokens, label_start, context_tokens));
}

void EncodedData::replace(std::size_t i, std::span<const std::int32_t> tokens,
                          std::size_t label_start, std::size_t context_tokens) {
  entries_[i] = append(tokens, label_start, context_tokens);
}

std::span<const std::int32_t> EncodedData::tokens(std::size_t i) const {
  return std::span(tokens_).subspan(entries_[i].offset, entries_[i].length);
}

}  // namespace lorafleet::model
