#include "model/text/pipeline/metaspace.hpp"

#include "model/text/pipeline/decoders/decoders.hpp"

namespace lorafleet::model {

namespace {

/// Marks become spaces; those of the first token, where one may have been put in front, vanish.
class MetaspaceDecoder final : public Decoder {
 public:
  explicit MetaspaceDecoder(const Setting& setting) : metaspace_(setting) {}

  void apply(std::vector<std::string>& tokens) const override {
    const bool drops = metaspace_.prepend != Metaspace::Prepend::never;
    for (std::size_t i = 0; i < tokens.size(); ++i)
      tokens[i] = without_marks(tokens[i], i == 0 && drops ? "" : " ");
  }

  [[nodiscard]] std::string bytes_of(std::string token) const override {
    return without_marks(token, " ");
  }

 private:
  [[nodiscard]] std::string without_marks(const std::string& token, std::string_view space) const {
    const std::string& mark = metaspace_.replacement;
    std::string text;
    std::size_t done = 0;
    for (std::size_t at = token.find(mark); at != token.npos; at = token.find(mark, done)) {
      text.append(token, done, at - done);
      text += space;
      done = at + mark.size();
    }
    return text.append(token, done);
  }

  Metaspace metaspace_;
};

}  // namespace

DecoderPtr make_metaspace_decoder(const Setting& setting) {
  return std::make_unique<const MetaspaceDecoder>(setting);
}

}  // namespace lorafleet::model
