#include "model/text/conversation_encoder.hpp"

#include <algorithm>
#include <utility>

namespace lorafleet::model {

namespace {

using partition::Turn;

std::vector<TextSpan> literals_of(const MarkedText& text) {
  std::vector<TextSpan> literals;
  std::size_t begin = 0;
  for (const auto& run : text.runs()) {
    if (run.mark.origin == 0) {
      if (!literals.empty() && literals.back().end == begin) {
        literals.back().end = run.end;
      } else {
        literals.push_back({begin, run.end});
      }
    }
    begin = run.end;
  }
  return literals;
}

/// The tokens that hold a byte of a span; `tokens` are the bytes of each in the text.
std::vector<LabelSpan> labels_of(const std::vector<TextSpan>& spans,
                                 const std::vector<TextSpan>& tokens) {
  std::vector<LabelSpan> labels;
  std::size_t first = 0;
  for (const TextSpan& span : spans) {
    if (span.begin == span.end) continue;
    while (first < tokens.size() && tokens[first].end <= span.begin)
      ++first;
    std::size_t last = first;
    while (last < tokens.size() && tokens[last].begin < span.end)
      ++last;
    if (first == last) continue;
    const LabelSpan label{static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last)};
    if (!labels.empty() && labels.back().end >= label.begin) {
      labels.back().end = label.end;
    } else {
      labels.push_back(label);
    }
  }
  return labels;
}

/// The conversation in pieces that are only left out whole.
struct Exchanges {
  std::span<const Turn> system;
  std::vector<std::span<const Turn>> exchanges;
};

Exchanges split(std::span<const Turn> turns) {
  Exchanges result;
  std::size_t first = 0;
  while (first < turns.size() && turns[first].role == "system")
    ++first;
  result.system = turns.first(first);
  for (std::size_t i = first + 1; i <= turns.size(); ++i) {
    const bool begins =
        i == turns.size() || (turns[i].role == "user" && turns[i - 1].role != "user");
    if (!begins) continue;
    result.exchanges.push_back(turns.subspan(first, i - first));
    first = i;
  }
  return result;
}

/// Without `gone` of the exchanges before the last.
std::vector<Turn> shortened(const Exchanges& all, std::size_t gone, bool oldest) {
  std::vector<Turn> turns(all.system.begin(), all.system.end());
  const std::size_t last = all.exchanges.size() - 1;
  for (std::size_t i = 0; i <= last; ++i) {
    const bool kept = i == last || (oldest ? i >= gone : i < last - gone);
    if (kept) turns.insert(turns.end(), all.exchanges[i].begin(), all.exchanges[i].end());
  }
  return turns;
}

}  // namespace

ConversationEncoder::ConversationEncoder(TokenizerPtr tokenizer, ChatTemplatePtr chat,
                                         Truncation truncation)
    : tokenizer_(std::move(tokenizer)), chat_(std::move(chat)), truncation_(truncation) {}

ConversationEncoder::Encoded ConversationEncoder::encode_whole(std::span<const Turn> turns,
                                                               Part part) const {
  Conversation conversation = chat_->render(turns);
  if (part == Part::prompt) {
    conversation.text = conversation.text.part(0, conversation.prompt_end);
    conversation.spans.clear();
  }
  Encoded encoded{{}, conversation.unlabelled};
  EncodedSequence& sequence = encoded.sequence;
  std::vector<TextSpan> places;
  sequence.tokens = tokenizer_->encode_template_text(conversation.text.view(),
                                                     literals_of(conversation.text), &places);
  sequence.labels = labels_of(conversation.spans, places);
  if (!chat_->adds_prefix()) return encoded;
  const auto prefix = tokenizer_->prefix();
  sequence.tokens.insert(sequence.tokens.begin(), prefix.begin(), prefix.end());
  for (LabelSpan& label : sequence.labels) {
    label.begin += static_cast<std::uint32_t>(prefix.size());
    label.end += static_cast<std::uint32_t>(prefix.size());
  }
  return encoded;
}

std::optional<ConversationEncoder::Encoded> ConversationEncoder::fit(std::span<const Turn> turns,
                                                                     Part part,
                                                                     std::size_t limit) const {
  Encoded whole = encode_whole(turns, part);
  const std::size_t size = whole.sequence.tokens.size();
  if (size <= limit) return whole;
  const Exchanges all = split(turns);
  if (truncation_ == Truncation::drop || all.exchanges.size() < 2) return std::nullopt;
  const auto without = [&](std::size_t gone) {
    return encode_whole(shortened(all, gone, truncation_ == Truncation::cut_context_left), part);
  };
  std::size_t too_few = 0;
  std::size_t enough = all.exchanges.size() - 1;
  Encoded best = without(enough);
  if (best.sequence.tokens.size() > limit) return std::nullopt;
  while (enough - too_few > 1) {
    const std::size_t middle = too_few + (enough - too_few) / 2;
    Encoded shorter = without(middle);
    if (shorter.sequence.tokens.size() <= limit) {
      enough = middle;
      best = std::move(shorter);
    } else {
      too_few = middle;
    }
  }
  best.sequence.tokens_cut = size - std::min(size, best.sequence.tokens.size());
  return best;
}

std::optional<EncodedSequence> ConversationEncoder::encode(std::span<const Turn> turns,
                                                           std::size_t limit,
                                                           std::size_t* unlabelled) const {
  auto encoded = fit(turns, Part::all, limit);
  if (!encoded) return std::nullopt;
  if (unlabelled != nullptr) *unlabelled = encoded->unlabelled;
  return std::move(encoded->sequence);
}

std::optional<std::vector<std::int32_t>> ConversationEncoder::prompt(std::span<const Turn> turns,
                                                                     std::size_t limit) const {
  auto encoded = fit(turns, Part::prompt, limit);
  if (!encoded) return std::nullopt;
  return std::move(encoded->sequence.tokens);
}

}  // namespace lorafleet::model
