#include "model/text/pipeline/decoders/decoders.hpp"

#include "model/text/pipeline/registry.hpp"

namespace lorafleet::model {

namespace {

constexpr PartEntry<Decoder> kDecoders[] = {
    {"ByteLevel", make_byte_level_decoder}, {"ByteFallback", make_byte_fallback},
    {"Replace", make_replace_decoder},      {"Fuse", make_fuse},
    {"Strip", make_strip_decoder},          {"Metaspace", make_metaspace_decoder},
    {"WordPiece", make_word_piece_decoder}, {"Sequence", make_decoder_sequence},
};

}  // namespace

DecoderPtr make_decoder(const Setting& setting) {
  if (setting.is_null()) return nullptr;
  return make_part<Decoder>(setting, kDecoders);
}

}  // namespace lorafleet::model
