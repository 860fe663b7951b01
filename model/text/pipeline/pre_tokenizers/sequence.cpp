#include <utility>
#include <vector>

#include "model/text/pipeline/pre_tokenizers/pre_tokenizers.hpp"

namespace lorafleet::model {

namespace {

class SequenceSplit final : public PreTokenizer {
 public:
  explicit SequenceSplit(std::vector<PreTokenizerPtr> parts) : parts_(std::move(parts)) {}

  void split(const Piece& piece, const PieceSink& sink) const override {
    split_from(0, piece, sink);
  }

  [[nodiscard]] bool keeps_text() const override {
    for (const auto& part : parts_) {
      if (!part->keeps_text()) return false;
    }
    return true;
  }

 private:
  void split_from(std::size_t index, const Piece& piece, const PieceSink& sink) const {
    if (index == parts_.size()) {
      sink(piece);
    } else if (index + 1 == parts_.size()) {
      parts_[index]->split(piece, sink);
    } else {
      const std::size_t next = index + 1;
      parts_[index]->split(piece, [&](const Piece& word) { split_from(next, word, sink); });
    }
  }

  std::vector<PreTokenizerPtr> parts_;
};

}  // namespace

PreTokenizerPtr make_pre_tokenizer_sequence(const Setting& setting) {
  const Setting list = setting.at("pretokenizers");
  std::vector<PreTokenizerPtr> parts;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Setting part = list.item(i);
    const bool more = i + 1 < list.size();
    if (!more || !ends_with_byte_level(part)) {
      parts.push_back(make_pre_tokenizer(part));
    } else if (part.at("type").name() == "ByteLevel") {
      parts.push_back(make_byte_level_alphabet(part));
    } else {
      part.refuse("a Sequence that ends with ByteLevel must be the last step");
    }
    if (!parts.back()) part.refuse("a pre-tokenizer was expected, not null");
  }
  return std::make_unique<const SequenceSplit>(std::move(parts));
}

}  // namespace lorafleet::model
