#include "model/text/jinja/context.hpp"

#include <utility>

#include "model/text/jinja/lexer.hpp"

namespace lorafleet::model::jinja {

void Context::fail(const std::string& what) const {
  fail_at(place_, line_, what);
}

void Context::step(std::int64_t count) {
  left_.steps -= count;
  if (left_.steps < 0) fail("the template takes too many steps");
}

void Context::charge(std::size_t bytes) {
  left_.bytes -= static_cast<std::int64_t>(bytes);
  if (left_.bytes < 0) fail("the template makes too much text");
}

void Context::charge(const MarkedText& text) {
  charge(text.size() + sizeof(MarkedText::Run) * text.runs().size());
}

namespace {

/// Counts all that is in the value, shared parts each time they are; with the bytes of texts or
/// not.
void weigh(const Value& value, int depth, bool with_texts, Context& context) {
  if (depth > 50) context.fail("a list or mapping is nested too deeply");
  context.charge(std::size_t{64});
  if (const auto* text = value.text()) {
    if (with_texts) context.charge(text->size());
  } else if (const auto* list = value.list()) {
    for (const Value& item : *list)
      weigh(item, depth + 1, with_texts, context);
  } else if (const auto* dict = value.dict()) {
    for (const auto& [key, item] : *dict) {
      context.charge(key.size());
      weigh(item, depth + 1, with_texts, context);
    }
  }
}

}  // namespace

void Context::charge_all(const Value& value) {
  weigh(value, 0, true, *this);
}

void Context::charge_search(std::size_t text, std::size_t needle) {
  step(static_cast<std::int64_t>(text * needle / 4096));
}

void Context::charge_find(const Dict& dict, std::string_view key) {
  step(static_cast<std::int64_t>(dict.size() * (1 + key.size() / 256) / 16));
}

void Context::refuse_space(const Value& value) {
  step();
  if (const auto* list = value.list()) {
    for (const Value& item : *list)
      refuse_space(item);
  } else if (const auto* dict = value.dict()) {
    for (const auto& [key, item] : *dict)
      refuse_space(item);
  } else if (value.space() != nullptr) {
    fail("a namespace inside of a namespace is not supported");
  }
}

Value Context::made(List list) {
  const Value value(std::move(list));
  weigh(value, 0, false, *this);
  return value;
}

Value Context::made(Dict dict) {
  const Value value(std::move(dict));
  weigh(value, 0, false, *this);
  return value;
}

Value Context::made(MarkedText text) {
  charge(text);
  return Value(std::move(text));
}

}  // namespace lorafleet::model::jinja
