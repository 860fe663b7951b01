#include <utility>

#include "model/text/pipeline/decoders/decoders.hpp"
#include "model/text/pipeline/registry.hpp"

namespace lorafleet::model {

namespace {

class SequenceDecoder final : public Decoder {
 public:
  explicit SequenceDecoder(std::vector<DecoderPtr> parts) : parts_(std::move(parts)) {}

  void apply(std::vector<std::string>& tokens) const override {
    for (const auto& part : parts_)
      part->apply(tokens);
  }

  [[nodiscard]] std::string bytes_of(std::string token) const override {
    for (const auto& part : parts_)
      token = part->bytes_of(std::move(token));
    return token;
  }

 private:
  std::vector<DecoderPtr> parts_;
};

}  // namespace

DecoderPtr make_decoder_sequence(const Setting& setting) {
  return std::make_unique<const SequenceDecoder>(
      make_parts<Decoder>(setting.at("decoders"), make_decoder));
}

}  // namespace lorafleet::model
