#include "model/text/pipeline/decoders/decoders.hpp"

namespace lorafleet::model {

namespace {

/// All tokens become one.
class Fuse final : public Decoder {
 public:
  void apply(std::vector<std::string>& tokens) const override {
    std::string text;
    for (const std::string& token : tokens)
      text += token;
    tokens = {std::move(text)};
  }
};

}  // namespace

DecoderPtr make_fuse(const Setting& /*setting*/) {
  return std::make_unique<const Fuse>();
}

}  // namespace lorafleet::model
