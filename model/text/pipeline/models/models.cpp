#include "model/text/pipeline/models/models.hpp"

#include <string_view>

namespace lorafleet::model {

namespace {

struct Entry {
  std::string_view type;
  ModelParts (*make)(const Setting&, const ModelSurroundings&);
};

constexpr Entry kModels[] = {
    {"BPE", make_bpe}, {"Unigram", make_unigram}, {"WordPiece", make_word_piece}};

}  // namespace

ModelParts make_model(const Setting& setting, const ModelSurroundings& around) {
  const Setting type = setting.at("type");
  // Files of before 2021, GPT-2's own among them, name no type: merges make it BPE.
  if (type.is_null() && setting.at("vocab").is_object() && setting.at("merges").is_array()) {
    return make_bpe(setting, around);
  }
  for (const Entry& entry : kModels) {
    if (type.name() == entry.type) return entry.make(setting, around);
  }
  setting.refuse("type " + type.shown() + " is not supported; allowed: BPE, Unigram, WordPiece" +
                 (type.is_null() ? ", or none with vocab and merges" : ""));
}

}  // namespace lorafleet::model
