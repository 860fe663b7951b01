#include "model/text/pipeline/pattern.hpp"

#include "partition/support/utf8.hpp"

namespace lorafleet::model {

Pattern::Pattern(const Setting& setting) {
  const Setting string = setting.at("String");
  const Setting regex = setting.at("Regex");
  if (!string.is_null()) {
    string_ = string.text();
    if (string_.empty()) string.refuse("an empty string is no pattern");
  } else if (!regex.is_null()) {
    regex_ = std::make_unique<const Regex>(regex.text(), regex.place());
  } else {
    setting.refuse("must be {\"String\": \"…\"} or {\"Regex\": \"…\"}, not " + setting.shown());
  }
}

std::optional<TextSpan> Pattern::find(std::string_view text, std::size_t from) const {
  if (regex_) return regex_->find(text, from);
  const std::size_t at = text.find(string_, from);
  if (at == text.npos) return std::nullopt;
  return TextSpan{at, at + string_.size()};
}

void for_each_match(const Pattern& pattern, std::string_view text,
                    const std::function<void(const TextSpan&)>& visit) {
  std::size_t from = 0;
  std::optional<std::size_t> last_end;
  while (const auto match = pattern.find(text, from)) {
    const bool empty = match->begin == match->end;
    if (!empty || match->begin != last_end) visit(*match);
    last_end = from = match->end;
    if (!empty) continue;
    if (from == text.size()) return;
    from += decode_utf8(text, from).value_or(CodePoint{0, 1}).size;
  }
}

}  // namespace lorafleet::model
