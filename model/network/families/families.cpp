#include "model/network/family.hpp"

namespace lorafleet::model {

// A family is a file of this folder, which defines <name>_family, and its name here.
#define LORAFLEET_FAMILIES(FAMILY) \
  FAMILY(opt)                      \
  FAMILY(llama)                    \
  FAMILY(mistral)                  \
  FAMILY(qwen2)                    \
  FAMILY(qwen3)                    \
  FAMILY(gemma3_text)              \
  FAMILY(gpt2)                     \
  FAMILY(gpt_neox)                 \
  FAMILY(roberta)

#define LORAFLEET_DECLARE(name) Family name##_family();
LORAFLEET_FAMILIES(LORAFLEET_DECLARE)
#undef LORAFLEET_DECLARE

const std::vector<Family>& families() {
#define LORAFLEET_CALL(name) name##_family(),
  static const std::vector<Family> kAll = {LORAFLEET_FAMILIES(LORAFLEET_CALL)};
#undef LORAFLEET_CALL
  return kAll;
}

}  // namespace lorafleet::model
