#pragma once

#include <memory>
#include <set>
#include <string>

#include "model/text/pipeline/models/token_ids.hpp"
#include "model/text/pipeline/setting.hpp"
#include "model/text/pipeline/token_model.hpp"

namespace lorafleet::model {

/// A model, and the vocabulary that it was made of.
struct ModelParts {
  std::unique_ptr<const TokenModel> model;
  TokenIds ids;
};

/// What a model must know of the rest of its file.
struct ModelSurroundings {
  bool bytes = false;              ///< words are bytes: ByteLevel is the last step before the model
  std::set<std::string> added;     ///< contents of the added tokens
  std::set<std::string> reserved;  ///< of those that no text may become by spelling them
};

/// The model that tokenizer.json describes. Throws InputError.
ModelParts make_model(const Setting& setting, const ModelSurroundings& around);

ModelParts make_bpe(const Setting& setting, const ModelSurroundings& around);
ModelParts make_unigram(const Setting& setting, const ModelSurroundings& around);
ModelParts make_word_piece(const Setting& setting, const ModelSurroundings& around);

}  // namespace lorafleet::model
