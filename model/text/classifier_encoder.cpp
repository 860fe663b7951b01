#include "model/text/classifier_encoder.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

using Ids = std::vector<std::int32_t>;

std::int32_t class_of(const partition::Example& example, const std::string& target) {
  const std::vector<std::string>& classes = partition::classes_of(example);
  const auto found = std::find(classes.begin(), classes.end(), target);
  if (found != classes.end()) return static_cast<std::int32_t>(found - classes.begin());
  throw InputError("data", "the target \"" + target + "\" is none of the classes: " +
                               (classes.empty() ? "there are none" : join(classes)));
}

std::string listed(const Ids& ids) {
  std::vector<std::string> texts;
  for (const std::int32_t id : ids)
    texts.push_back(std::to_string(id));
  return join(texts);
}

void cut(Ids& ids, std::size_t kept, Truncation truncation) {
  const auto gone = static_cast<std::ptrdiff_t>(ids.size() - kept);
  if (truncation == Truncation::cut_context_left) {
    ids.erase(ids.begin(), ids.begin() + gone);
  } else {
    ids.resize(kept);
  }
}

}  // namespace

KeptTokens longest_first(std::size_t first, std::size_t second, std::size_t limit) {
  if (first + second <= limit) return {first, second};
  const bool swapped = first > second;
  std::size_t shorter = std::min(first, second);
  std::size_t longer = shorter > limit ? shorter : std::max(shorter, limit - shorter);
  if (shorter + longer > limit) {
    shorter = limit / 2;
    longer = shorter + limit % 2;
  }
  return swapped ? KeptTokens{longer, shorter} : KeptTokens{shorter, longer};
}

std::vector<std::int32_t> framed(const ClassifierShape& shape, std::span<const Ids> texts) {
  Ids ids = {shape.first};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) ids.push_back(shape.separator);
    ids.insert(ids.end(), texts[i].begin(), texts[i].end());
    ids.push_back(shape.separator);
  }
  return ids;
}

ClassifierEncoder::ClassifierEncoder(TokenizerPtr tokenizer, ClassifierShape shape,
                                     Truncation truncation)
    : tokenizer_(std::move(tokenizer)), shape_(std::move(shape)), truncation_(truncation) {}

std::optional<EncodedSequence> ClassifierEncoder::encode(const partition::Example& example,
                                                         const std::string& target,
                                                         std::size_t limit) const {
  std::vector<Ids> texts;
  for (const std::string& text : partition::classified_texts(example))
    texts.push_back(tokenizer_->encode(text));
  if (texts.empty() || texts.size() > 2) {
    throw InputError(
        "data", "has " + std::to_string(texts.size()) + " texts; a classifier reads one or two");
  }
  EncodedSequence sequence;
  sequence.label = class_of(example, target);
  for (const Ids& text : texts)
    sequence.context_tokens += text.size();
  const std::size_t frame = framed(shape_, std::vector<Ids>(texts.size())).size();
  if (frame > limit) return std::nullopt;
  const std::size_t room = limit - frame;
  if (sequence.context_tokens > room) {
    if (truncation_ == Truncation::drop) return std::nullopt;
    const KeptTokens kept = texts.size() == 1
                                ? KeptTokens{room, 0}
                                : longest_first(texts[0].size(), texts[1].size(), room);
    cut(texts[0], kept.first, truncation_);
    if (texts.size() == 2) cut(texts[1], kept.second, truncation_);
    sequence.tokens_cut = sequence.context_tokens - room;
  }
  sequence.tokens = framed(shape_, texts);
  return sequence;
}

std::vector<std::string> ClassifierEncoder::warnings() const {
  const Ids own = framed(shape_, std::vector<Ids>(2));
  const EncodedPair pair = tokenizer_->encode_pair("", "");
  Ids theirs;
  for (std::size_t i = 0; i < pair.ids.size(); ++i) {
    if (pair.specials[i]) theirs.push_back(pair.ids[i]);
  }
  if (theirs.empty() || theirs == own) return {};
  return {"around two texts the tokenizer's post-processor puts " + tokenizer_->decode(theirs) +
          " (" + listed(theirs) + "), and config.json's bos_token_id and eos_token_id make it " +
          tokenizer_->decode(own) + " (" + listed(own) + "), which is used"};
}

}  // namespace lorafleet::model
