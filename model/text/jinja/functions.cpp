#include "model/text/jinja/functions.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "model/text/jinja/call.hpp"
#include "model/text/jinja/refusal.hpp"
#include "model/text/jinja/shared_calls.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model::jinja {

namespace {

Value range_of(const Call& call) {
  const bool one = call.arguments.positional.size() < 2;
  const std::int64_t first = one ? 0 : call.integer(0, "start", 0);
  const std::int64_t last = call.integer(one ? 0 : 1, "stop", 0);
  const std::int64_t by = call.integer(2, "step", 1);
  if (by == 0) call.fail("the step is 0");
  if (by == INT64_MIN) call.fail("the step is too large");
  List list;
  for (std::int64_t i = first; by > 0 ? i < last : i > last;) {
    call.context.charge(std::size_t{64});
    list.push_back(Value(i));
    if (__builtin_add_overflow(i, by, &i)) break;
  }
  return call.context.made(std::move(list));
}

/// Time stands still at the day that Llama 3.1's template falls back to, so that a run's tokens do
/// not depend on when it is made.
Value fixed_time(const Call& call) {
  static const std::map<char, std::string> kParts = {
      {'d', "26"},  {'e', "26"},         {'m', "07"},      {'y', "24"},     {'Y', "2024"},
      {'b', "Jul"}, {'B', "July"},       {'a', "Fri"},     {'A', "Friday"}, {'H', "00"},
      {'I', "12"},  {'M', "00"},         {'S', "00"},      {'p', "AM"},     {'j', "208"},
      {'%', "%"},   {'F', "2024-07-26"}, {'T', "00:00:00"}};
  const std::string format = call.text(0, "format").str();
  std::string text;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      text += format[i];
      continue;
    }
    ++i;
    const bool bare = i < format.size() && format[i] == '-';
    if (bare) ++i;
    const auto part = kParts.find(i < format.size() ? format[i] : '\0');
    if (part == kParts.end()) call.fail("the format " + format + " is not supported");
    text += bare && part->second.front() == '0' ? part->second.substr(1) : part->second;
  }
  return Value(std::move(text));
}

}  // namespace

Dict global_functions(Context& context) {
  const auto function = [&context](const char* name, Value (*body)(const Call&)) {
    return std::pair(std::string(name), Value(Function([&context, name, body](const Arguments& a) {
                       return body({context, std::string(name) + "()", a, Value()});
                     })));
  };
  return {
      function("range", range_of),
      function("strftime_now", fixed_time),
      function("raise_exception",
               [](const Call& call) -> Value {
                 const Value* message = call.argument(0, "message");
                 throw Refusal(
                     at_line(call.context.place(), static_cast<std::size_t>(call.context.line())),
                     message == nullptr ? "refused" : written(call.context, *message).str());
               }),
      function("namespace",
               [](const Call& call) {
                 auto space = std::make_shared<Namespace>();
                 for (const auto& [name, value] : call.arguments.named) {
                   call.context.refuse_space(value);
                   space->values[name] = value;
                 }
                 for (const Value& given : call.arguments.positional) {
                   if (given.dict() == nullptr) call.fail("a mapping was expected");
                   call.context.refuse_space(given);
                   for (const auto& [name, value] : *given.dict())
                     space->values.emplace(name, value);
                 }
                 return Value(std::move(space));
               }),
      function("dict",
               [](const Call& call) {
                 Dict dict;
                 if (!call.arguments.positional.empty()) {
                   const auto* given = call.arguments.positional[0].dict();
                   if (given == nullptr) call.fail("a mapping was expected");
                   dict = *given;
                 }
                 for (const auto& [name, value] : call.arguments.named) {
                   call.context.charge_find(dict, name);
                   std::erase_if(dict, [&key = name](const auto& e) { return e.first == key; });
                   dict.emplace_back(name, value);
                 }
                 return call.context.made(std::move(dict));
               }),
  };
}

}  // namespace lorafleet::model::jinja
