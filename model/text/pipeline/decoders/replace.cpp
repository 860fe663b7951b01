#include "model/text/pipeline/decoders/decoders.hpp"
#include "model/text/pipeline/pattern.hpp"

namespace lorafleet::model {

namespace {

class ReplaceDecoder final : public Decoder {
 public:
  explicit ReplaceDecoder(const Setting& setting)
      : pattern_(setting.at("pattern")), content_(setting.at("content").text()) {}

  void apply(std::vector<std::string>& tokens) const override {
    for (std::string& token : tokens)
      token = bytes_of(std::move(token));
  }

  [[nodiscard]] std::string bytes_of(std::string token) const override {
    std::string text;
    std::size_t done = 0;
    for_each_match(pattern_, token, [&](const TextSpan& match) {
      text.append(token, done, match.begin - done);
      text += content_;
      done = match.end;
    });
    return text.append(token, done);
  }

 private:
  Pattern pattern_;
  std::string content_;
};

}  // namespace

DecoderPtr make_replace_decoder(const Setting& setting) {
  return std::make_unique<const ReplaceDecoder>(setting);
}

}  // namespace lorafleet::model
