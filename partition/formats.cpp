#include "partition/row_collector.hpp"

namespace lorafleet::partition {

const std::vector<Format>& formats() {
  static const std::vector<Format> kFormats = {{"jsonl", read_jsonl}};
  return kFormats;
}

}  // namespace lorafleet::partition
