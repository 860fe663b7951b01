#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/text/pipeline/post_processors/post_processors.hpp"

namespace lorafleet::model {

namespace {

using Kind = PostProcessor::Kind;

class TemplateReader {
 public:
  explicit TemplateReader(const Setting& setting) : setting_(setting) {}

  [[nodiscard]] std::vector<PostProcessor::Part> read(const char* key, bool pair) const {
    const Setting pieces = setting_.at(key);
    if (!pieces.is_array()) setting_.refuse(std::string(key) + " must be an array");
    std::vector<PostProcessor::Part> parts;
    std::size_t texts = 0;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const Setting piece = pieces.item(i);
      const Setting token = piece.at("SpecialToken");
      const Setting text = piece.at("Sequence");
      if (token.is_object()) {
        add_token(token, parts);
      } else if (const auto kind = kind_of(text, pair)) {
        parts.push_back({*kind, 0, type_of(text)});
        texts += *kind == Kind::first ? 1 : 2;
      } else {
        refuse_piece(key, pair, piece);
      }
    }
    if (texts == (pair ? 3u : 1u)) return parts;
    setting_.refuse(std::string(key) + (texts == 0 ? " has no sequence"
                                        : pair     ? " must have the sequences A and B once each"
                                                   : " must have the sequence once"));
  }

 private:
  [[noreturn]] void refuse_piece(const char* key, bool pair, const Setting& piece) const {
    setting_.refuse(std::string(key) + " must hold special tokens and " +
                    (pair ? "the sequences A and B" : "one sequence") + ", not " + piece.shown());
  }

  static std::optional<Kind> kind_of(const Setting& text, bool pair) {
    if (!text.is_object()) return std::nullopt;
    const std::string id = text.at("id").name();
    if (id == "B") return pair ? std::optional(Kind::second) : std::nullopt;
    return id == "A" || !pair ? std::optional(Kind::first) : std::nullopt;
  }

  [[nodiscard]] std::int32_t type_of(const Setting& piece) const {
    const Setting type = piece.at("type_id");
    return type.is_null() ? 0 : type.id(setting_);
  }

  void add_token(const Setting& token, std::vector<PostProcessor::Part>& parts) const {
    const std::string name = token.at("id").text();
    const Setting ids = setting_.at("special_tokens").at(name).at("ids");
    if (!ids.is_array()) setting_.refuse("the ids of \"" + name + "\" are missing");
    for (std::size_t i = 0; i < ids.size(); ++i)
      parts.push_back({Kind::special, ids.item(i).id(setting_), type_of(token)});
  }

  const Setting& setting_;
};

}  // namespace

PostProcessorPtr make_template_processing(const Setting& setting) {
  const TemplateReader reader(setting);
  PostProcessor processor;
  processor.single = reader.read("single", false);
  if (!setting.at("pair").is_null()) processor.pair = reader.read("pair", true);
  return std::make_unique<const PostProcessor>(std::move(processor));
}

}  // namespace lorafleet::model
