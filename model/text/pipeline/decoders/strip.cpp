#include "model/text/pipeline/decoders/decoders.hpp"

namespace lorafleet::model {

namespace {

/// Up to so many of one character off the front and the end of each token.
class StripDecoder final : public Decoder {
 public:
  explicit StripDecoder(const Setting& setting)
      : content_(setting.at("content").character_or(" ")),
        start_(setting.at("start").count_or(0)),
        stop_(setting.at("stop").count_or(0)) {}

  void apply(std::vector<std::string>& tokens) const override {
    for (std::string& token : tokens) {
      std::string_view rest = token;
      for (std::size_t i = 0; i < start_ && rest.starts_with(content_); ++i)
        rest.remove_prefix(content_.size());
      for (std::size_t i = 0; i < stop_ && rest.ends_with(content_); ++i)
        rest.remove_suffix(content_.size());
      token = std::string(rest);
    }
  }

 private:
  std::string content_;
  std::size_t start_;
  std::size_t stop_;
};

}  // namespace

DecoderPtr make_strip_decoder(const Setting& setting) {
  return std::make_unique<const StripDecoder>(setting);
}

}  // namespace lorafleet::model
