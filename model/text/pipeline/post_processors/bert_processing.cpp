// BERT's and RoBERTa's: a token in front, another behind each text.

#include <string>
#include <utility>

#include "model/text/pipeline/post_processors/post_processors.hpp"

namespace lorafleet::model {

namespace {

using Kind = PostProcessor::Kind;

/// ["</s>", 2]
std::int32_t token_id(const Setting& setting, const char* key) {
  const Setting token = setting.at(key);
  if (!token.is_array() || token.size() != 2 || !token.item(0).is_string()) {
    setting.refuse(std::string(key) + " must be a token and its id, not " + token.shown());
  }
  return token.item(1).id(setting);
}

}  // namespace

PostProcessorPtr make_roberta_processing(const Setting& setting) {
  const std::int32_t cls = token_id(setting, "cls");
  const std::int32_t sep = token_id(setting, "sep");
  PostProcessor made;
  made.single = {{Kind::special, cls, 0}, {Kind::first, 0, 0}, {Kind::special, sep, 0}};
  made.pair = made.single;
  made.pair.push_back({Kind::special, sep, 0});
  made.pair.push_back({Kind::second, 0, 0});
  made.pair.push_back({Kind::special, sep, 0});
  return std::make_unique<const PostProcessor>(std::move(made));
}

PostProcessorPtr make_bert_processing(const Setting& setting) {
  const std::int32_t cls = token_id(setting, "cls");
  const std::int32_t sep = token_id(setting, "sep");
  PostProcessor made;
  made.single = {{Kind::special, cls, 0}, {Kind::first, 0, 0}, {Kind::special, sep, 0}};
  made.pair = made.single;
  made.pair.push_back({Kind::second, 0, 1});
  made.pair.push_back({Kind::special, sep, 1});
  return std::make_unique<const PostProcessor>(std::move(made));
}

}  // namespace lorafleet::model
