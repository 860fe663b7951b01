#include <utility>

#include "model/text/pipeline/decoders/decoders.hpp"

namespace lorafleet::model {

namespace {

/// What BERT's tokenizer tidies up, in this order.
constexpr std::pair<std::string_view, std::string_view> kTidied[] = {
    {" .", "."},   {" ?", "?"},     {" !", "!"},    {" ,", ","},
    {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},  {" do not", " don't"},
    {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};

std::string tidied(std::string text) {
  for (const auto& [from, to] : kTidied) {
    for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  }
  return text;
}

/// A space before each token but the first, and before none that continues a word.
class WordPieceDecoder final : public Decoder {
 public:
  explicit WordPieceDecoder(const Setting& setting)
      : prefix_(setting.at("prefix").text_or("##")),
        cleanup_(setting.at("cleanup").flag_or(true)) {}

  void apply(std::vector<std::string>& tokens) const override {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (i > 0) tokens[i] = spaced(tokens[i]);
      if (cleanup_) tokens[i] = tidied(std::move(tokens[i]));
    }
  }

  [[nodiscard]] std::string bytes_of(std::string token) const override { return spaced(token); }

 private:
  [[nodiscard]] std::string spaced(const std::string& token) const {
    return token.starts_with(prefix_) ? token.substr(prefix_.size()) : ' ' + token;
  }

  std::string prefix_;
  bool cleanup_;
};

}  // namespace

DecoderPtr make_word_piece_decoder(const Setting& setting) {
  return std::make_unique<const WordPieceDecoder>(setting);
}

}  // namespace lorafleet::model
