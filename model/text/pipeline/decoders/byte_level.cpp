#include "model/text/pipeline/byte_alphabet.hpp"
#include "model/text/pipeline/decoders/decoders.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::model {

namespace {

/// Tokens are bytes, written in the byte alphabet. One that is not (an added one with a space) is
/// text.
class ByteLevelDecoder final : public Decoder {
 public:
  void apply(std::vector<std::string>& tokens) const override {
    std::string bytes;
    for (const std::string& token : tokens)
      bytes += bytes_of(token);
    tokens = {replace_invalid_utf8(bytes)};
  }

  [[nodiscard]] std::string bytes_of(std::string token) const override {
    auto bytes = bytes_from_alphabet(token);
    return bytes ? std::move(*bytes) : std::move(token);
  }
};

}  // namespace

DecoderPtr make_byte_level_decoder(const Setting& /*setting*/) {
  return std::make_unique<const ByteLevelDecoder>();
}

}  // namespace lorafleet::model
