#include "model/text/pipeline/byte_tokens.hpp"
#include "model/text/pipeline/decoders/decoders.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::model {

namespace {

/// "<0xE2>" is a byte. Of a run that is no UTF-8, each becomes one U+FFFD.
class ByteFallback final : public Decoder {
 public:
  void apply(std::vector<std::string>& tokens) const override {
    std::vector<std::string> texts;
    std::string run;
    const auto flush = [&] {
      if (valid_utf8_prefix(run) == run.size()) {
        if (!run.empty()) texts.push_back(run);
      } else {
        texts.insert(texts.end(), run.size(), "\ufffd");
      }
      run.clear();
    };
    for (std::string& token : tokens) {
      if (const auto byte = byte_of_token(token)) {
        run.push_back(*byte);
      } else {
        flush();
        texts.push_back(std::move(token));
      }
    }
    flush();
    tokens = std::move(texts);
  }

  [[nodiscard]] std::string bytes_of(std::string token) const override {
    const auto byte = byte_of_token(token);
    return byte ? std::string(1, *byte) : std::move(token);
  }
};

}  // namespace

DecoderPtr make_byte_fallback(const Setting& /*setting*/) {
  return std::make_unique<const ByteFallback>();
}

}  // namespace lorafleet::model
