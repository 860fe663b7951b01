#include "model/text/jinja/tests.hpp"

#include <cstdint>
#include <functional>
#include <map>

#include "model/text/jinja/call.hpp"
#include "model/text/jinja/operations.hpp"
#include "model/text/jinja/shared_calls.hpp"

namespace lorafleet::model::jinja {

namespace {

using TestFunction = bool (*)(const Call&);

bool whole_is(const Call& call, bool (*holds)(std::int64_t, std::int64_t)) {
  std::int64_t number = 0;
  if (!call.value.as_integer(number))
    call.fail("an integer was expected, not " + kind_of(call.value));
  return holds(number, call.integer(0, "num", 2));
}

bool equals(const Call& call) {
  return equal(call.context, call.value, call.needed(0, "other"));
}

const std::map<std::string, TestFunction, std::less<>>& tests() {
  static const std::map<std::string, TestFunction, std::less<>> kTests = {
      {"==", equals},
      {"boolean", [](const Call& call) { return call.value.boolean() != nullptr; }},
      {"callable", [](const Call& call) { return call.value.function() != nullptr; }},
      {"defined", [](const Call& call) { return !call.value.is_undefined(); }},
      {"divisibleby",
       [](const Call& call) {
         static_cast<void>(call.needed(0, "num"));
         return whole_is(call, [](std::int64_t a, std::int64_t b) {
           return b != 0 && (b == -1 || a % b == 0);
         });
       }},
      {"eq", equals},
      {"equalto", equals},
      {"even",
       [](const Call& call) {
         return whole_is(call, [](std::int64_t a, std::int64_t) { return a % 2 == 0; });
       }},
      {"false", [](const Call& call) { return call.value.boolean() && !*call.value.boolean(); }},
      {"float", [](const Call& call) { return call.value.real() != nullptr; }},
      {"ge",
       [](const Call& call) { return !less(call.context, call.value, call.needed(0, "other")); }},
      {"gt",
       [](const Call& call) { return less(call.context, call.needed(0, "other"), call.value); }},
      {"in",
       [](const Call& call) { return contains(call.context, call.needed(0, "seq"), call.value); }},
      {"integer", [](const Call& call) { return call.value.integer() != nullptr; }},
      {"iterable",
       [](const Call& call) {
         return call.value.is_undefined() || call.value.text() || call.value.list() ||
                call.value.dict();
       }},
      {"le",
       [](const Call& call) { return !less(call.context, call.needed(0, "other"), call.value); }},
      {"lt",
       [](const Call& call) { return less(call.context, call.value, call.needed(0, "other")); }},
      {"mapping", [](const Call& call) { return call.value.dict() != nullptr; }},
      {"ne", [](const Call& call) { return !equals(call); }},
      {"none", [](const Call& call) { return call.value.is_none(); }},
      {"number", [](const Call& call) { return call.value.is_number(); }},
      {"odd",
       [](const Call& call) {
         return whole_is(call, [](std::int64_t a, std::int64_t) { return a % 2 != 0; });
       }},
      {"sameas",
       [](const Call& call) {
         const Value& other = call.needed(0, "other");
         if (call.value.boolean() || other.boolean()) {
           return call.value.boolean() && other.boolean() &&
                  *call.value.boolean() == *other.boolean();
         }
         return equals(call);
       }},
      {"sequence",
       [](const Call& call) {
         return call.value.is_undefined() || call.value.text() || call.value.list() ||
                call.value.dict();
       }},
      {"string", [](const Call& call) { return call.value.text() != nullptr; }},
      {"true", [](const Call& call) { return call.value.boolean() && *call.value.boolean(); }},
      {"undefined", [](const Call& call) { return call.value.is_undefined(); }},
  };
  return kTests;
}

}  // namespace

bool apply_test(Context& context, const std::string& name, const Value& value,
                const Arguments& arguments) {
  const auto found = tests().find(name);
  if (found == tests().end()) {
    context.fail("the test " + name + " is not supported; allowed: " + names_of(tests()));
  }
  return found->second({context, "the test " + name, arguments, value});
}

}  // namespace lorafleet::model::jinja
