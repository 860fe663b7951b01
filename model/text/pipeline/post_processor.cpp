#include "model/text/pipeline/post_processor.hpp"

#include <algorithm>

namespace lorafleet::model {

namespace {

using Part = PostProcessor::Part;
using Kind = PostProcessor::Kind;

std::vector<Part>::const_iterator text_of(const std::vector<Part>& parts) {
  return std::find_if(parts.begin(), parts.end(),
                      [](const Part& part) { return part.kind != Kind::special; });
}

std::vector<Part> specials(const std::vector<std::int32_t>& ids) {
  std::vector<Part> parts;
  for (const std::int32_t id : ids)
    parts.push_back({Kind::special, id, 0});
  return parts;
}

std::vector<std::int32_t> ids_of(std::vector<Part>::const_iterator begin,
                                 std::vector<Part>::const_iterator end) {
  std::vector<std::int32_t> ids;
  for (; begin != end; ++begin)
    ids.push_back(begin->id);
  return ids;
}

}  // namespace

std::vector<std::int32_t> PostProcessor::prefix() const {
  return ids_of(single.begin(), text_of(single));
}

std::vector<std::int32_t> PostProcessor::suffix() const {
  return ids_of(text_of(single) + 1, single.end());
}

void PostProcessor::replace_prefix(const std::vector<std::int32_t>& ids) {
  auto parts = specials(ids);
  parts.insert(parts.end(), text_of(single), single.cend());
  single = std::move(parts);
}

void PostProcessor::replace_suffix(const std::vector<std::int32_t>& ids) {
  const auto parts = specials(ids);
  single.erase(text_of(single) + 1, single.cend());
  single.insert(single.end(), parts.begin(), parts.end());
}

}  // namespace lorafleet::model
