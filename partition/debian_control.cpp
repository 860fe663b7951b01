#include "partition/debian_control.hpp"

#include "partition/support/error.hpp"

namespace lorafleet::partition {

const std::string& field_of(const Stanza& stanza, std::string_view name) {
  static const std::string kNone;
  const auto found = stanza.find(name);
  return found == stanza.end() ? kNone : found->second;
}

void ControlParser::feed(std::string_view line, const std::string& place) {
  if (line.find_first_not_of(" \t\r") == line.npos) {
    finish();
    return;
  }
  if (line.front() == ' ' || line.front() == '\t') {
    if (!open_) throw InputError(place, "a continuation line without a field before it");
    if (field_ == nullptr) return;
    *field_ += '\n';
    line.remove_prefix(1);
    if (line != ".") *field_ += line;
    return;
  }
  if (line.front() == '#') return;
  const auto colon = line.find(':');
  if (colon == line.npos || colon == 0) {
    throw InputError(place, "not a field \"Name: value\": " + std::string(line.substr(0, 60)));
  }
  open_ = true;
  field_ = nullptr;
  const auto name = line.substr(0, colon);
  if (!wanted_(name)) return;
  const auto begin = line.find_first_not_of(" \t", colon + 1);
  field_ = &fields_[std::string(name)];
  *field_ = begin == line.npos ? std::string_view{} : line.substr(begin);
}

void ControlParser::finish() {
  if (open_) stanza_(fields_);
  fields_.clear();
  field_ = nullptr;
  open_ = false;
}

}  // namespace lorafleet::partition
