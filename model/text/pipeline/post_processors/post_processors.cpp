#include "model/text/pipeline/post_processors/post_processors.hpp"

#include <utility>
#include <vector>

#include "model/text/pipeline/registry.hpp"

namespace lorafleet::model {

namespace {

constexpr PartEntry<PostProcessor> kPostProcessors[] = {
    {"ByteLevel", make_byte_level_processor},
    {"TemplateProcessing", make_template_processing},
    {"RobertaProcessing", make_roberta_processing},
    {"BertProcessing", make_bert_processing},
    {"Sequence", make_post_processor_sequence},
};

bool adds_nothing(const PostProcessor& processor) {
  return processor.single.size() == 1 && processor.pair.size() == 2;
}

}  // namespace

PostProcessorPtr make_post_processor(const Setting& setting) {
  if (setting.is_null()) return std::make_unique<const PostProcessor>();
  return make_part<PostProcessor>(setting, kPostProcessors);
}

PostProcessorPtr make_byte_level_processor(const Setting& /*setting*/) {
  return std::make_unique<const PostProcessor>();
}

PostProcessorPtr make_post_processor_sequence(const Setting& setting) {
  PostProcessorPtr one = std::make_unique<const PostProcessor>();
  for (auto& part : make_parts<PostProcessor>(setting.at("processors"), make_post_processor)) {
    if (adds_nothing(*part)) continue;
    if (!adds_nothing(*one)) setting.refuse("only one of the steps may add tokens");
    one = std::move(part);
  }
  return one;
}

}  // namespace lorafleet::model
