#include "model/text/jinja/shared_calls.hpp"

#include <cstdint>
#include <utility>

#include "model/text/jinja/operations.hpp"

namespace lorafleet::model::jinja {

Value made_text(const Call& call, MarkedText text) {
  return call.context.made(std::move(text));
}

Value made_parts(const Call& call, std::vector<MarkedText> parts) {
  List list;
  for (MarkedText& part : parts)
    list.push_back(call.context.made(std::move(part)));
  return call.context.made(std::move(list));
}

void charge_cuts(const Call& call, const MarkedText& text,
                 const std::optional<std::string_view>& separator) {
  if (separator) call.context.charge_search(text.size(), separator->size());
  call.context.charge(128 * count_cuts(text.view(), separator));
}

Value replaced(const Call& call, const MarkedText& text) {
  const MarkedText& old = call.text(0, "old");
  charge_cuts(call, text, old.view());
  const MarkedText& fresh = call.text(1, "new");
  const auto cost = fresh.size() + sizeof(MarkedText::Run) * fresh.runs().size();
  for (std::size_t cuts = count_cuts(text.view(), old.view()); cuts > 0; --cuts)
    call.context.charge(cost);
  return made_text(call, replace(text, old.view(), fresh, call.integer(2, "count", -1)));
}

MarkedText written(Context& context, const Value& value) {
  if (value.list() || value.dict()) context.charge_all(value);
  return text_of(value);
}

MarkedText written(const Call& call) {
  return written(call.context, call.value);
}

Value in_case(const Call& call, const MarkedText& text, Case to) {
  auto changed = change_case(text, to);
  if (!changed) call.fail("letters beyond ASCII are not supported");
  return made_text(call, std::move(*changed));
}

Value stripped(const Call& call, const MarkedText& text, bool left, bool right) {
  const auto characters = call.optional_text(0, "chars");
  if (characters) call.context.charge_search(text.size(), characters->size());
  return made_text(call, strip(text, left, right, characters));
}

Value attribute_of(Context& context, const Value& item, std::string_view path) {
  Value value = item;
  for (;;) {
    const auto dot = path.find('.');
    value = member(context, value, std::string(path.substr(0, dot)));
    if (dot == path.npos) return value;
    path.remove_prefix(dot + 1);
  }
}

Value joined(const Call& call, const List& items, const MarkedText& separator,
             const std::optional<std::string_view>& attribute) {
  MarkedText result;
  bool first = true;
  for (const Value& item : items) {
    const MarkedText text =
        written(call.context, attribute ? attribute_of(call.context, item, *attribute) : item);
    call.context.charge(separator);
    call.context.charge(text);
    if (!first) result.append(separator);
    first = false;
    result.append(text);
  }
  return Value(std::move(result));
}

Value pairs_of(const Call& call, const Dict& dict) {
  List pairs;
  for (const auto& [key, item] : dict) {
    call.context.charge(key.size());
    pairs.push_back(Value(List{Value(key), item}));
  }
  return call.context.made(std::move(pairs));
}

}  // namespace lorafleet::model::jinja
