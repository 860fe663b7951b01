#include "model/text/pipeline/normalizers/normalizers.hpp"

#include "model/text/pipeline/registry.hpp"

namespace lorafleet::model {

namespace {

constexpr PartEntry<Normalizer> kNormalizers[] = {
    {"NFC", make_nfc},
    {"NFD", make_nfd},
    {"NFKC", make_nfkc},
    {"NFKD", make_nfkd},
    {"Lowercase", make_lowercase},
    {"Prepend", make_prepend},
    {"Replace", make_replace},
    {"Strip", make_strip},
    {"StripAccents", make_strip_accents},
    {"Sequence", make_normalizer_sequence},
};

}  // namespace

NormalizerPtr make_normalizer(const Setting& setting) {
  if (setting.is_null()) return nullptr;
  return make_part<Normalizer>(setting, kNormalizers);
}

}  // namespace lorafleet::model
