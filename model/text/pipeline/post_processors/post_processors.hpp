#pragma once

#include <memory>

#include "model/text/pipeline/post_processor.hpp"
#include "model/text/pipeline/setting.hpp"

namespace lorafleet::model {

using PostProcessorPtr = std::unique_ptr<const PostProcessor>;

/// The post-processor that tokenizer.json describes; for null one that adds nothing. Throws
/// InputError.
PostProcessorPtr make_post_processor(const Setting& setting);

PostProcessorPtr make_template_processing(const Setting& setting);
PostProcessorPtr make_roberta_processing(const Setting& setting);
PostProcessorPtr make_bert_processing(const Setting& setting);
/// Changes offsets only.
PostProcessorPtr make_byte_level_processor(const Setting& setting);
PostProcessorPtr make_post_processor_sequence(const Setting& setting);

}  // namespace lorafleet::model
