#include "partition/row_collector.hpp"

namespace lorafleet::partition {

const std::vector<Format>& formats() {
  static const std::vector<Format> kFormats = {
      {"jsonl", read_jsonl}, {"alpaca", read_alpaca, "alpaca"}, {"dolly", read_dolly, "alpaca"},
      {"squad", read_squad}, {"glue_pairs", read_glue_pairs},   {"text", read_text}};
  return kFormats;
}

}  // namespace lorafleet::partition
