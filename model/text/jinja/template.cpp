#include "model/text/jinja/template.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "model/text/jinja/context.hpp"
#include "model/text/jinja/filters.hpp"
#include "model/text/jinja/functions.hpp"
#include "model/text/jinja/methods.hpp"
#include "model/text/jinja/operations.hpp"
#include "model/text/jinja/parser.hpp"
#include "model/text/jinja/tests.hpp"
#include "model/text/jinja/text.hpp"
#include "partition/support/error.hpp"
#include "partition/support/utf8.hpp"

namespace lorafleet::model::jinja {

namespace {

constexpr int kDeepestCalls = 400;
constexpr std::size_t kLongestTemplate = 1 << 20;

/// Variables; the inner scope hides the outer one.
struct Scope {
  std::map<std::string, Value, std::less<>> values;
  const Scope* outer = nullptr;

  [[nodiscard]] const Value* find(std::string_view name) const {
    for (const Scope* scope = this; scope != nullptr; scope = scope->outer) {
      const auto found = scope->values.find(name);
      if (found != scope->values.end()) return &found->second;
    }
    return nullptr;
  }
};

enum class Flow { on, leave, next };

/// What a conversation of `bytes` may take: far more than templates use.
Budget budget_for(std::size_t bytes) {
  const auto size = static_cast<std::int64_t>(bytes);
  return {300'000 + 20 * size, (std::int64_t{4} << 20) + 200 * size};
}

std::size_t bytes_of(const Value& value) {
  if (const auto* text = value.text()) return text->size();
  std::size_t bytes = 16;
  if (const auto* list = value.list()) {
    for (const Value& item : *list)
      bytes += bytes_of(item);
  }
  if (const auto* dict = value.dict()) {
    for (const auto& [key, item] : *dict)
      bytes += bytes_of(item);
  }
  return bytes;
}

class Renderer {
 public:
  Renderer(const std::string& place, const Dict& variables, Budget budget)
      : context_(place, budget) {
    for (auto& [name, value] : global_functions(context_))
      root_.values.emplace(name, std::move(value));
    for (const auto& [name, value] : variables)
      root_.values.insert_or_assign(name, value);
  }

  MarkedText run(const std::vector<NodePtr>& body) {
    MarkedText out;
    execute(body, root_, out);
    return out;
  }

 private:
  /// Counts how deep the renderer is in itself.
  class Level {
   public:
    explicit Level(Renderer& renderer) : renderer_(renderer) {
      if (++renderer_.depth_ > kDeepestCalls) {
        --renderer_.depth_;
        renderer_.context_.fail("the template is nested too deeply, or a macro calls itself");
      }
    }
    ~Level() { --renderer_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Renderer& renderer_;
  };

  Flow execute(const std::vector<NodePtr>& body, Scope& scope, MarkedText& out) {
    for (const NodePtr& node : body) {
      const Flow flow = execute(*node, scope, out);
      if (flow != Flow::on) return flow;
    }
    return Flow::on;
  }

  Flow execute(const Node& node, Scope& scope, MarkedText& out) {
    const Level level(*this);
    context_.move_to(node.line);
    context_.step();
    switch (node.kind) {
      case NodeKind::data:
        write(*node.value.text(), out);
        return Flow::on;
      case NodeKind::print: {
        const Value value = evaluate(*node.parts[0], scope);
        if (value.list() || value.dict()) context_.charge_all(value);
        write(text_of(value), out);
        return Flow::on;
      }
      case NodeKind::branch:
        return execute(is_true(evaluate(*node.parts[0], scope)) ? node.body : node.other, scope,
                       out);
      case NodeKind::loop:
        return loop(node, scope, out);
      case NodeKind::assign:
        assign(node, evaluate(*node.parts[0], scope), scope);
        return Flow::on;
      case NodeKind::assign_block: {
        Scope inner{{}, &scope};
        MarkedText text;
        execute(node.body, inner, text);
        Value value(std::move(text));
        if (node.parts[0]) value = filtered_block(*node.parts[0], std::move(value), scope);
        scope.values.insert_or_assign(node.names[0], std::move(value));
        return Flow::on;
      }
      case NodeKind::macro:
        scope.values.insert_or_assign(node.name, macro(node));
        return Flow::on;
      case NodeKind::generation: {
        Scope inner{{}, &scope};
        MarkedText text;
        const Flow flow = execute(node.body, inner, text);
        text.mark_generated();
        out.append(text);
        return flow;
      }
      case NodeKind::leave:
        return Flow::leave;
      case NodeKind::next:
        return Flow::next;
      default:
        context_.fail("not a statement");
    }
  }

  void write(const MarkedText& text, MarkedText& out) {
    context_.charge(text);
    out.append(text);
  }

  void bind(const std::vector<std::string>& names, const Value& value, Scope& scope) {
    if (names.size() == 1) {
      scope.values.insert_or_assign(names[0], value);
      return;
    }
    const List items = items_of(context_, value);
    if (items.size() != names.size()) {
      context_.fail(std::to_string(items.size()) + " values cannot be given to " +
                    std::to_string(names.size()) + " names");
    }
    for (std::size_t i = 0; i < names.size(); ++i)
      scope.values.insert_or_assign(names[i], items[i]);
  }

  void assign(const Node& node, const Value& value, Scope& scope) {
    if (node.name.empty()) {
      bind(node.names, value, scope);
      return;
    }
    const Value* space = scope.find(node.name);
    if (space == nullptr || space->space() == nullptr) {
      context_.fail('"' + node.name + "\" is no namespace, so \"" + node.names[0] +
                    "\" of it cannot be set");
    }
    context_.refuse_space(value);
    space->space()->values.insert_or_assign(node.names[0], value);
  }

  Value filtered_block(const Node& node, Value value, Scope& scope) {
    if (node.kind != NodeKind::filter) context_.fail("a block can only go through filters");
    if (node.parts[0]) value = filtered_block(*node.parts[0], std::move(value), scope);
    return apply_filter(context_, node.name, value, arguments_of(node, scope));
  }

  Flow loop(const Node& node, Scope& scope, MarkedText& out) {
    Value over = evaluate(*node.parts[0], scope);
    if (over.list() == nullptr) over = Value(items_of(context_, over));
    if (node.parts[1]) {
      List kept;
      for (const Value& item : *over.list()) {
        Scope inner{{}, &scope};
        bind(node.names, item, inner);
        if (is_true(evaluate(*node.parts[1], inner))) kept.push_back(item);
      }
      over = Value(std::move(kept));
    }
    const List& items = *over.list();
    if (items.empty()) return execute(node.other, scope, out);
    Value& changed = changed_.emplace_back();
    for (std::size_t i = 0; i < items.size(); ++i) {
      context_.move_to(node.line);
      context_.step();
      Scope inner{{}, &scope};
      inner.values.emplace("loop", loop_variable(items, i, changed));
      bind(node.names, items[i], inner);
      if (execute(node.body, inner, out) == Flow::leave) break;
    }
    return Flow::on;
  }

  Value loop_variable(const List& items, std::size_t i, Value& changed) {
    const auto count = static_cast<std::int64_t>(items.size());
    const auto index = static_cast<std::int64_t>(i);
    Dict loop = {{"index", Value(index + 1)},
                 {"index0", Value(index)},
                 {"revindex", Value(count - index)},
                 {"depth", Value(std::int64_t{1})},  // only recursive loops go deeper
                 {"depth0", Value(std::int64_t{0})},
                 {"revindex0", Value(count - index - 1)},
                 {"first", Value(i == 0)},
                 {"last", Value(index + 1 == count)},
                 {"length", Value(count)}};
    if (i > 0) loop.emplace_back("previtem", items[i - 1]);
    if (i + 1 < items.size()) loop.emplace_back("nextitem", items[i + 1]);
    loop.emplace_back("cycle", Value(Function([i](const Arguments& given) {
                        if (given.positional.empty()) return Value();
                        return given.positional[i % given.positional.size()];
                      })));
    loop.emplace_back("changed", Value(Function([this, &changed](const Arguments& given) {
                        const Value now = context_.made(given.positional);
                        context_.charge_all(now);
                        const bool differs = !equal(context_, now, changed);
                        changed = now;
                        return Value(differs);
                      })));
    return Value(std::move(loop));
  }

  /// Its body sees the outermost variables and its parameters.
  Value macro(const Node& node) {
    return Value(Function([this, &node](const Arguments& given) {
      const Level level(*this);
      Scope inner{{}, &root_};
      if (given.positional.size() > node.names.size()) {
        context_.fail(node.name + "() takes " + std::to_string(node.names.size()) +
                      " arguments, not " + std::to_string(given.positional.size()));
      }
      for (std::size_t i = 0; i < given.positional.size(); ++i)
        inner.values.insert_or_assign(node.names[i], given.positional[i]);
      for (const auto& [name, value] : given.named) {
        context_.step(static_cast<std::int64_t>(node.names.size() / 16));
        if (std::find(node.names.begin(), node.names.end(), name) == node.names.end()) {
          context_.fail(node.name + "() has no parameter " + name);
        }
        inner.values.insert_or_assign(name, value);
      }
      const std::size_t without_default = node.names.size() - node.parts.size();
      for (std::size_t i = 0; i < node.names.size(); ++i) {
        if (inner.values.contains(node.names[i])) continue;
        inner.values.insert_or_assign(
            node.names[i],
            i < without_default
                ? Value(Undefined{std::make_shared<const std::string>(node.names[i])})
                : evaluate(*node.parts[i - without_default], inner));
      }
      MarkedText out;
      execute(node.body, inner, out);
      return context_.made(std::move(out));
    }));
  }

  Arguments arguments_of(const Node& node, const Scope& scope) {
    Arguments arguments;
    for (std::size_t i = 1; i < node.parts.size(); ++i)
      arguments.positional.push_back(evaluate(*node.parts[i], scope));
    for (const auto& [name, value] : node.named)
      arguments.named.emplace_back(name, evaluate(*value, scope));
    return arguments;
  }

  Value evaluate(const Node& node, const Scope& scope) {
    const Level level(*this);
    context_.step();
    context_.move_to(node.line);
    switch (node.kind) {
      case NodeKind::constant:
        return node.value;
      case NodeKind::variable: {
        const Value* found = scope.find(node.name);
        if (found != nullptr) return *found;
        return Value(Undefined{std::make_shared<const std::string>(node.name)});
      }
      case NodeKind::list: {
        List list;
        for (const NodePtr& part : node.parts)
          list.push_back(evaluate(*part, scope));
        return context_.made(std::move(list));
      }
      case NodeKind::dict:
        return dict(node, scope);
      case NodeKind::attribute:
        return member(context_, evaluate(*node.parts[0], scope), node.name);
      case NodeKind::item:
        return item(evaluate(*node.parts[0], scope), evaluate(*node.parts[1], scope));
      case NodeKind::slice:
        return slice(node, scope);
      case NodeKind::call:
        return call(node, scope);
      case NodeKind::filter:
        return apply_filter(context_, node.name, evaluate(*node.parts[0], scope),
                            arguments_of(node, scope));
      case NodeKind::test:
        return Value(apply_test(context_, node.name, evaluate(*node.parts[0], scope),
                                arguments_of(node, scope)));
      case NodeKind::negate:
        return negated(evaluate(*node.parts[0], scope));
      case NodeKind::logical_not:
        return Value(!is_true(evaluate(*node.parts[0], scope)));
      case NodeKind::binary:
        return binary(node, scope);
      case NodeKind::compare:
        return compare(node, scope);
      case NodeKind::choice:
        if (is_true(evaluate(*node.parts[1], scope))) return evaluate(*node.parts[0], scope);
        return node.parts[2] ? evaluate(*node.parts[2], scope) : Value();
      default:
        context_.fail("not an expression");
    }
  }

  Value dict(const Node& node, const Scope& scope) {
    Dict dict;
    for (std::size_t i = 0; i + 1 < node.parts.size(); i += 2) {
      const Value key = evaluate(*node.parts[i], scope);
      if (key.text() == nullptr) {
        context_.fail("a key must be a string, not " + kind_of(key));
      }
      Value value = evaluate(*node.parts[i + 1], scope);
      context_.charge_find(dict, key.text()->view());
      const auto old = std::find_if(dict.begin(), dict.end(), [&](const auto& entry) {
        return entry.first == key.text()->str();
      });
      if (old != dict.end()) {
        old->second = std::move(value);
      } else {
        dict.emplace_back(key.text()->str(), std::move(value));
      }
    }
    return context_.made(std::move(dict));
  }

  Value item(const Value& value, const Value& key) {
    if (value.is_undefined()) context_.fail(kind_of(value) + ", has no items");
    if (key.text()) return member(context_, value, key.text()->str());
    std::int64_t index = 0;
    if (!key.as_integer(index)) return Value(Undefined{});
    const auto place = [&](std::size_t size) -> std::optional<std::size_t> {
      const auto count = static_cast<std::int64_t>(size);
      if (index < -count || index >= count) return std::nullopt;
      return static_cast<std::size_t>(index < 0 ? index + count : index);
    };
    if (const auto* list = value.list()) {
      const auto at = place(list->size());
      return at ? (*list)[*at] : Value(Undefined{});
    }
    if (const auto* text = value.text()) {
      context_.step(static_cast<std::int64_t>(text->size() / 64));
      const auto at = place(length(text->view()));
      return at ? Value(character(*text, *at)) : Value(Undefined{});
    }
    return Value(Undefined{});
  }

  /// The places that Python's slice takes of `count`.
  std::vector<std::size_t> slice_places(const Node& node, const Scope& scope, std::size_t count) {
    const auto size = static_cast<std::int64_t>(count);
    const auto bound = [&](std::size_t part) -> std::optional<std::int64_t> {
      if (!node.parts[part]) return std::nullopt;
      const Value value = evaluate(*node.parts[part], scope);
      std::int64_t number = 0;
      if (value.is_none()) return std::nullopt;
      if (!value.as_integer(number)) {
        context_.fail("a bound of a slice must be an integer, not " + kind_of(value));
      }
      return number;
    };
    const auto first = bound(1);
    const auto last = bound(2);
    const std::int64_t by = bound(3).value_or(1);
    if (by == 0) context_.fail("the step of a slice is 0");
    const std::int64_t low = by > 0 ? 0 : -1;
    const std::int64_t high = by > 0 ? size : size - 1;
    const auto clamped = [&](std::int64_t at) {
      return std::clamp(at < 0 ? std::max(at, -size - 1) + size : at, low, high);
    };
    const std::int64_t begin = first ? clamped(*first) : by > 0 ? low : high;
    const std::int64_t end = last ? clamped(*last) : by > 0 ? high : low;
    std::vector<std::size_t> places;
    for (std::int64_t i = begin; by > 0 ? i < end : i > end;) {
      places.push_back(static_cast<std::size_t>(i));
      if (__builtin_add_overflow(i, by, &i)) break;
    }
    return places;
  }

  Value slice(const Node& node, const Scope& scope) {
    const Value value = evaluate(*node.parts[0], scope);
    if (const auto* list = value.list()) {
      List result;
      for (const std::size_t i : slice_places(node, scope, list->size()))
        result.push_back((*list)[i]);
      return context_.made(std::move(result));
    }
    if (const auto* text = value.text()) {
      context_.charge(16 * text->size());
      const auto starts = code_points(text->view());
      MarkedText result;
      for (const std::size_t i : slice_places(node, scope, starts.size() - 1))
        result.append(std::string_view(text->view()).substr(starts[i], starts[i + 1] - starts[i]),
                      text->mark_at(starts[i]));
      return context_.made(std::move(result));
    }
    context_.fail("a slice of " + kind_of(value) + " is not possible");
  }

  Value call(const Node& node, const Scope& scope) {
    const Node& callee = *node.parts[0];
    if (callee.kind == NodeKind::attribute) {
      const Value object = evaluate(*callee.parts[0], scope);
      const Value* own = nullptr;
      if (object.dict()) {
        context_.charge_find(*object.dict(), callee.name);
        own = find(*object.dict(), callee.name);
      }
      const bool is_function = own != nullptr && own->function() != nullptr;
      if (!is_function && object.space() == nullptr) {
        if (object.is_undefined()) {
          context_.fail(kind_of(object) + ", has no \"" + callee.name + '"');
        }
        return call_method(context_, object, callee.name, arguments_of(node, scope));
      }
      return call_function(member(context_, object, callee.name), node, scope);
    }
    return call_function(evaluate(callee, scope), node, scope);
  }

  Value call_function(const Value& function, const Node& node, const Scope& scope) {
    const Arguments arguments = arguments_of(node, scope);
    context_.move_to(node.line);
    if (function.function() == nullptr) context_.fail(kind_of(function) + " cannot be called");
    const Value result = (*function.function())(arguments);
    context_.move_to(node.line);
    return result;
  }

  Value negated(const Value& value) {
    std::int64_t whole = 0;
    if (value.as_integer(whole) && whole > INT64_MIN) return Value(-whole);
    if (!value.is_number()) context_.fail("\"-\" needs a number, not " + kind_of(value));
    return Value(-value.as_real());
  }

  Value binary(const Node& node, const Scope& scope) {
    const std::string& name = node.name;
    const Value left = evaluate(*node.parts[0], scope);
    if (name == "and") return is_true(left) ? evaluate(*node.parts[1], scope) : left;
    if (name == "or") return is_true(left) ? left : evaluate(*node.parts[1], scope);
    const Value right = evaluate(*node.parts[1], scope);
    context_.move_to(node.line);
    if (name == "~") return concatenated(written(left), written(right));
    if (left.is_number() && right.is_number()) return arithmetic(name, left, right);
    if (name == "+" && left.text() && right.text())
      return concatenated(*left.text(), *right.text());
    if (name == "+" && left.list() && right.list()) {
      List list = *left.list();
      list.insert(list.end(), right.list()->begin(), right.list()->end());
      return context_.made(std::move(list));
    }
    std::int64_t times = 0;
    if (name == "*" && left.text() && right.as_integer(times)) return repeated(*left.text(), times);
    if (name == "*" && right.text() && left.as_integer(times))
      return repeated(*right.text(), times);
    context_.fail('"' + name + "\" of " + kind_of(left) + " and " + kind_of(right) +
                  " is not possible");
  }

  MarkedText written(const Value& value) {
    if (value.list() || value.dict()) context_.charge_all(value);
    return text_of(value);
  }

  Value concatenated(MarkedText left, const MarkedText& right) {
    context_.charge(left);
    context_.charge(right);
    left.append(right);
    return Value(std::move(left));
  }

  Value repeated(const MarkedText& text, std::int64_t times) {
    MarkedText result;
    for (std::int64_t i = 0; i < times && !text.empty(); ++i) {
      context_.charge(text);
      result.append(text);
    }
    return Value(std::move(result));
  }

  Value arithmetic(const std::string& name, const Value& left, const Value& right) {
    std::int64_t a = 0;
    std::int64_t b = 0;
    if (left.as_integer(a) && right.as_integer(b) && name != "/") {
      return whole_arithmetic(name, a, b);
    }
    const double x = left.as_real();
    const double y = right.as_real();
    if ((name == "/" || name == "//" || name == "%") && y == 0.0) context_.fail("division by 0");
    if (name == "+") return Value(x + y);
    if (name == "-") return Value(x - y);
    if (name == "*") return Value(x * y);
    if (name == "/") return Value(x / y);
    if (name == "//") return Value(std::floor(x / y));
    if (name == "%") return Value(x - y * std::floor(x / y));
    return Value(std::pow(x, y));
  }

  Value whole_arithmetic(const std::string& name, std::int64_t a, std::int64_t b) {
    std::int64_t result = 0;
    bool too_large = false;
    if (name == "+") {
      too_large = __builtin_add_overflow(a, b, &result);
    } else if (name == "-") {
      too_large = __builtin_sub_overflow(a, b, &result);
    } else if (name == "*") {
      too_large = __builtin_mul_overflow(a, b, &result);
    } else if (name == "//" || name == "%") {
      if (b == 0) context_.fail("division by 0");
      too_large = a == INT64_MIN && b == -1;
      if (!too_large) {
        const std::int64_t rest = a % b;
        const bool rounds = rest != 0 && (rest < 0) != (b < 0);
        result = name == "%" ? rest + (rounds ? b : 0) : a / b - (rounds ? 1 : 0);
      }
    } else {
      if (b < 0) return Value(std::pow(static_cast<double>(a), static_cast<double>(b)));
      result = 1;
      for (std::int64_t i = 0; i < b && !too_large; ++i) {
        context_.step();
        too_large = __builtin_mul_overflow(result, a, &result);
      }
    }
    if (too_large) context_.fail("a number becomes too large");
    return Value(result);
  }

  Value compare(const Node& node, const Scope& scope) {
    Value left = evaluate(*node.parts[0], scope);
    for (std::size_t i = 0; i < node.names.size(); ++i) {
      Value right = evaluate(*node.parts[i + 1], scope);
      context_.move_to(node.line);
      if (!holds(node.names[i], left, right)) return Value(false);
      left = std::move(right);
    }
    return Value(true);
  }

  bool holds(const std::string& name, const Value& left, const Value& right) {
    if (name == "in") return contains(context_, right, left);
    if (name == "not in") return !contains(context_, right, left);
    if (name == "==" || name == "!=") {
      return equal(context_, left, right) == (name == "==");
    }
    if (name == "<") return less(context_, left, right);
    if (name == ">") return less(context_, right, left);
    return name == "<=" ? !less(context_, right, left) : !less(context_, left, right);
  }

  Context context_;
  std::deque<Value> changed_;  ///< what each loop's `changed` saw last; it may outlive the loop
  Scope root_;
  int depth_ = 0;
};

}  // namespace

Template::Template(std::string_view source, std::string place) : place_(std::move(place)) {
  if (source.size() > kLongestTemplate) {
    throw InputError(place_, "the template is longer than 1 MiB");
  }
  if (valid_utf8_prefix(source) != source.size()) throw InputError(place_, "not valid UTF-8");
  program_ = std::make_unique<const Program>(parse(source, place_));
}

Template::~Template() = default;
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;

bool Template::has_generation() const {
  return program_->has_generation;
}

MarkedText Template::render(const Dict& variables) const {
  std::size_t bytes = 0;
  for (const auto& [name, value] : variables)
    bytes += bytes_of(value);
  return Renderer(place_, variables, budget_for(bytes)).run(program_->body);
}

}  // namespace lorafleet::model::jinja
