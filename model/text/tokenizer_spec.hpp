#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/text/pipeline/added_tokens.hpp"
#include "model/text/pipeline/decoders/decoders.hpp"
#include "model/text/pipeline/models/models.hpp"
#include "model/text/pipeline/normalizers/normalizers.hpp"
#include "model/text/pipeline/post_processors/post_processors.hpp"
#include "model/text/pipeline/pre_tokenizers/pre_tokenizers.hpp"

namespace lorafleet::model {

/// What the files of a tokenizer say, checked: the steps from text to ids, and back.
struct TokenizerSpec {
  NormalizerPtr normalizer;       ///< may be nullptr
  PreTokenizerPtr pre_tokenizer;  ///< may be nullptr
  std::unique_ptr<const TokenModel> model;
  DecoderPtr decoder;  ///< may be nullptr
  PostProcessor around;
  bool bytes = false;  ///< tokens are bytes, which their texts write in the byte alphabet
  std::map<std::int32_t, std::string> tokens;  ///< texts as in the files, added tokens included
  std::vector<AddedToken> added;
  std::vector<std::string> warnings;  ///< what a user should know of the files
};

/// Appends `token`, if it is not among `added` yet. Throws InputError at `place` where it is empty,
/// or contradicts the vocabulary's ids or another one.
void add_token(AddedToken token, const TokenIds& ids, std::vector<AddedToken>& added,
               const std::string& place);

/// The texts by id of the vocabulary and the added tokens. Throws where two share an id.
std::map<std::int32_t, std::string> texts_by_id(const TokenIds& ids,
                                                const std::vector<AddedToken>& added,
                                                const std::string& place);

/// What a model must know of `added`.
ModelSurroundings surroundings_of(const std::vector<AddedToken>& added, bool bytes);

}  // namespace lorafleet::model
