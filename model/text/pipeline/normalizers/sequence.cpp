#include <utility>
#include <vector>

#include "model/text/pipeline/normalizers/normalizers.hpp"
#include "model/text/pipeline/registry.hpp"

namespace lorafleet::model {

namespace {

class SequenceNormalizer final : public Normalizer {
 public:
  explicit SequenceNormalizer(std::vector<NormalizerPtr> parts) : parts_(std::move(parts)) {}

  void apply(AlignedText& text) const override {
    for (const auto& part : parts_)
      part->apply(text);
  }

 private:
  std::vector<NormalizerPtr> parts_;
};

}  // namespace

NormalizerPtr make_normalizer_sequence(const Setting& setting) {
  return std::make_unique<const SequenceNormalizer>(
      make_parts<Normalizer>(setting.at("normalizers"), make_normalizer));
}

}  // namespace lorafleet::model
