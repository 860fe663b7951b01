#include "partition/importers/debian_control.hpp"

namespace lorafleet::partition {

const std::string& field_of(const Stanza& stanza, std::string_view name) {
  static const std::string kNone;
  const auto found = stanza.find(name);
  return found == stanza.end() ? kNone : found->second;
}

void ControlParser::feed(std::string_view line, std::size_t number) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) {
    finish();
    return;
  }
  if (left_out_ || line.front() == '#') return;
  if (line.front() == ' ' || line.front() == '\t') {
    const bool blank = line.find_first_not_of(" \t") == line.npos;
    if (!open_ && !blank) leave_out(number);
    if (field_ == nullptr) return;
    *field_ += '\n';
    line.remove_prefix(1);
    if (!blank && line != ".") *field_ += line;
    return;
  }
  const auto colon = line.find(':');
  if (colon == line.npos || colon == 0) {
    leave_out(number);
    return;
  }
  open_ = true;
  field_ = nullptr;
  const auto name = line.substr(0, colon);
  if (!wanted_(name)) return;
  const auto begin = line.find_first_not_of(" \t", colon + 1);
  field_ = &fields_[std::string(name)];
  *field_ = begin == line.npos ? std::string_view{} : line.substr(begin);
}

void ControlParser::leave_out(std::size_t number) {
  malformed_.push_back(number);
  left_out_ = true;
  open_ = false;
  field_ = nullptr;
}

void ControlParser::finish() {
  if (open_) stanza_(fields_);
  fields_.clear();
  field_ = nullptr;
  open_ = false;
  left_out_ = false;
}

}  // namespace lorafleet::partition
