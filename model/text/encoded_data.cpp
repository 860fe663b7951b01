#include "model/text/encoded_data.hpp"

namespace lorafleet::model {

EncodedData::Entry EncodedData::append(std::span<const std::int32_t> tokens,
                                       std::span<const LabelSpan> labels,
                                       std::size_t context_tokens) {
  const Entry entry{tokens_.size(), static_cast<std::uint32_t>(tokens.size()),
                    static_cast<std::uint32_t>(labels_.size()),
                    static_cast<std::uint32_t>(labels.size()),
                    static_cast<std::uint32_t>(context_tokens)};
  tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
  labels_.insert(labels_.end(), labels.begin(), labels.end());
  return entry;
}

void EncodedData::add(std::span<const std::int32_t> tokens, std::span<const LabelSpan> labels,
                      std::size_t context_tokens) {
  entries_.push_back(append(tokens, labels, context_tokens));
}

void EncodedData::add_class(std::span<const std::int32_t> tokens, std::int32_t label,
                            std::size_t context_tokens) {
  add(tokens, std::span<const LabelSpan>(), context_tokens);
  classes_.resize(entries_.size(), -1);
  classes_.back() = label;
}

std::optional<std::int32_t> EncodedData::label(std::size_t i) const {
  if (i >= classes_.size() || classes_[i] < 0) return std::nullopt;
  return classes_[i];
}

void EncodedData::add(std::span<const std::int32_t> tokens, std::size_t label_start,
                      std::size_t context_tokens) {
  const LabelSpan span{static_cast<std::uint32_t>(label_start),
                       static_cast<std::uint32_t>(tokens.size())};
  add(tokens, {&span, span.begin < span.end ? std::size_t{1} : std::size_t{0}}, context_tokens);
}

void EncodedData::replace(std::size_t i, std::span<const std::int32_t> tokens,
                          std::span<const LabelSpan> labels, std::size_t context_tokens) {
  entries_[i] = append(tokens, labels, context_tokens);
}

std::span<const std::int32_t> EncodedData::tokens(std::size_t i) const {
  return std::span(tokens_).subspan(entries_[i].offset, entries_[i].length);
}

std::span<const LabelSpan> EncodedData::labels(std::size_t i) const {
  return std::span(labels_).subspan(entries_[i].first_label, entries_[i].label_spans);
}

std::size_t EncodedData::label_start(std::size_t i) const {
  const auto spans = labels(i);
  return spans.empty() ? length(i) : spans.front().begin;
}

}  // namespace lorafleet::model
