#include "partition/formats/row_collector.hpp"

namespace lorafleet::partition {

const std::vector<Format>& formats() {
  static const std::vector<Format> kFormats = {{"jsonl", read_jsonl},
                                               {"csv", read_csv},
                                               {"tsv", read_tsv},
                                               {"conversations", read_conversations},
                                               {"alpaca", read_alpaca, "alpaca"},
                                               {"dolly", read_dolly, "alpaca"},
                                               {"squad", read_squad},
                                               {"glue", read_glue},
                                               {"glue_pairs", read_glue},  // the older name
                                               {"text", read_text, "plain", false, true}};
  return kFormats;
}

}  // namespace lorafleet::partition
