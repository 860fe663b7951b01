#include "model/text/jinja/parser.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "model/text/jinja/lexer.hpp"

namespace lorafleet::model::jinja {

namespace {

constexpr int kDeepestNesting = 150;

class Parser {
 public:
  Parser(std::vector<Token> tokens, const std::string& place)
      : tokens_(std::move(tokens)), place_(place) {}

  Program run() {
    Program program;
    std::string end;
    program.body = parse_body({}, end);
    program.has_generation = has_generation_;
    return program;
  }

 private:
  /// Counts how deep the parser is in itself.
  class Level {
   public:
    explicit Level(Parser& parser) : parser_(parser) {
      if (++parser_.level_ > kDeepestNesting) parser_.fail("the template is nested too deeply");
    }
    ~Level() { --parser_.level_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Parser& parser_;
  };

  [[noreturn]] void fail(const std::string& what) const { fail_at(place_, now().line, what); }
  [[nodiscard]] const Token& now() const { return tokens_[at_]; }
  Token take() { return at_ + 1 < tokens_.size() ? tokens_[at_++] : tokens_[at_]; }
  [[nodiscard]] bool is_symbol(std::string_view text) const {
    return now().kind == TokenKind::symbol && now().text == text;
  }
  [[nodiscard]] bool is_name(std::string_view text) const {
    return now().kind == TokenKind::name && now().text == text;
  }
  bool skip_symbol(std::string_view text) {
    if (!is_symbol(text)) return false;
    take();
    return true;
  }
  bool skip_name(std::string_view text) {
    if (!is_name(text)) return false;
    take();
    return true;
  }
  [[nodiscard]] std::string described() const {
    switch (now().kind) {
      case TokenKind::block_end:
        return "%}";
      case TokenKind::print_end:
        return "}}";
      case TokenKind::end:
        return "the end of the template";
      default:
        return '"' + now().text + '"';
    }
  }
  void expect_symbol(std::string_view text) {
    if (!skip_symbol(text)) fail('"' + std::string(text) + "\" was expected, not " + described());
  }
  void expect(TokenKind kind, const char* what) {
    if (now().kind != kind) fail(std::string(what) + " was expected, not " + described());
    take();
  }
  std::string expect_name() {
    if (now().kind != TokenKind::name) fail("a name was expected, not " + described());
    return take().text;
  }

  [[nodiscard]] NodePtr make(NodeKind kind) const {
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->line = now().line;
    return node;
  }
  void put(Node& parent, NodePtr part) {
    if (part) {
      parent.depth = std::max(parent.depth, part->depth + 1);
      if (parent.depth > kDeepestNesting) fail("an expression is nested too deeply");
    }
    parent.parts.push_back(std::move(part));
  }
  NodePtr make(NodeKind kind, NodePtr first) {
    NodePtr node = make(kind);
    put(*node, std::move(first));
    return node;
  }

  /// Statements up to a tag whose name is one of `ends`, which is taken.
  std::vector<NodePtr> parse_body(const std::vector<std::string>& ends, std::string& end) {
    const Level level(*this);
    std::vector<NodePtr> body;
    for (;;) {
      if (now().kind == TokenKind::end) {
        if (ends.empty()) return body;
        fail("the template ends without {% " + ends.back() + " %}");
      }
      if (now().kind == TokenKind::data) {
        NodePtr node = make(NodeKind::data);
        node->value = Value(take().text);
        body.push_back(std::move(node));
      } else if (now().kind == TokenKind::print_begin) {
        take();
        body.push_back(make(NodeKind::print, parse_tuple()));
        expect(TokenKind::print_end, "}}");
      } else {
        take();
        if (std::find(ends.begin(), ends.end(), now().text) != ends.end()) {
          end = take().text;
          return body;
        }
        body.push_back(parse_statement());
      }
    }
  }
  void end_tag() { expect(TokenKind::block_end, "%}"); }
  std::vector<NodePtr> parse_until(const std::string& end) {
    std::string found;
    auto body = parse_body({end}, found);
    end_tag();
    return body;
  }

  NodePtr parse_statement() {
    const Level level(*this);
    NodePtr node = make(NodeKind::data);
    const std::string name = expect_name();
    if (name == "for") {
      parse_for(*node);
    } else if (name == "if") {
      parse_if(*node);
    } else if (name == "set") {
      parse_set(*node);
    } else if (name == "macro") {
      parse_macro(*node);
    } else if (name == "generation") {
      node->kind = NodeKind::generation;
      has_generation_ = true;
      end_tag();
      node->body = parse_until("endgeneration");
    } else if (name == "break" || name == "continue") {
      if (loops_ == 0) fail("{% " + name + " %} stands outside of a loop");
      node->kind = name == "break" ? NodeKind::leave : NodeKind::next;
      end_tag();
    } else {
      fail("{% " + name +
           " %} is not supported; allowed: for, if, set, macro, raw, generation, break, continue");
    }
    return node;
  }

  std::vector<std::string> parse_targets() {
    std::vector<std::string> names;
    const bool brackets = skip_symbol("(");
    do {
      if (is_name("in")) break;  // a comma at the end
      names.push_back(expect_name());
    } while (skip_symbol(","));
    if (brackets) expect_symbol(")");
    if (names.empty()) fail("a name was expected, not " + described());
    return names;
  }

  void parse_for(Node& node) {
    node.kind = NodeKind::loop;
    node.names = parse_targets();
    if (!skip_name("in")) fail("\"in\" was expected, not " + described());
    put(node, parse_tuple(false));
    put(node, skip_name("if") ? parse_or() : nullptr);
    if (is_name("recursive")) fail("recursive loops are not supported");
    end_tag();
    std::string end;
    ++loops_;
    node.body = parse_body({"else", "endfor"}, end);
    --loops_;
    end_tag();
    if (end == "else") node.other = parse_until("endfor");
  }

  void parse_if(Node& node) {
    node.kind = NodeKind::branch;
    put(node, parse_tuple());
    end_tag();
    std::string end;
    node.body = parse_body({"elif", "else", "endif"}, end);
    if (end == "elif") {
      const Level level(*this);
      NodePtr next = make(NodeKind::branch);
      parse_if(*next);  // takes the endif
      node.other.push_back(std::move(next));
      return;
    }
    end_tag();
    if (end == "else") node.other = parse_until("endif");
  }

  void parse_set(Node& node) {
    node.kind = NodeKind::assign;
    node.names = parse_targets();
    if (skip_symbol(".")) {
      node.name = node.names.front();
      node.names = {expect_name()};
    }
    if (skip_symbol("=")) {
      put(node, parse_tuple());
      end_tag();
      return;
    }
    node.kind = NodeKind::assign_block;
    if (node.names.size() != 1 || !node.name.empty())
      fail("\"=\" was expected, not " + described());
    put(node, is_symbol("|") ? parse_filters(nullptr) : nullptr);
    end_tag();
    node.body = parse_until("endset");
  }

  void parse_macro(Node& node) {
    node.kind = NodeKind::macro;
    node.name = expect_name();
    expect_symbol("(");
    while (!skip_symbol(")")) {
      if (!node.names.empty()) expect_symbol(",");
      if (skip_symbol(")")) break;
      node.names.push_back(expect_name());
      if (skip_symbol("=")) {
        put(node, parse_expression());
      } else if (!node.parts.empty()) {
        fail("a parameter without default follows one with a default");
      }
    }
    end_tag();
    const int loops = std::exchange(loops_, 0);
    node.body = parse_until("endmacro");
    loops_ = loops;
  }

  /// One expression, or several with commas between: a list.
  NodePtr parse_tuple(bool with_choice = true) {
    NodePtr first = with_choice ? parse_expression() : parse_or();
    if (!is_symbol(",")) return first;
    NodePtr list = make(NodeKind::list, std::move(first));
    while (skip_symbol(",")) {
      if (now().kind == TokenKind::block_end || now().kind == TokenKind::print_end ||
          is_symbol(")")) {
        break;
      }
      put(*list, with_choice ? parse_expression() : parse_or());
    }
    return list;
  }

  NodePtr parse_expression() {
    const Level level(*this);
    NodePtr value = parse_or();
    while (is_name("if")) {
      NodePtr node = make(NodeKind::choice, std::move(value));
      take();
      put(*node, parse_or());
      put(*node, skip_name("else") ? parse_expression() : nullptr);
      value = std::move(node);
    }
    return value;
  }

  NodePtr parse_or() {
    NodePtr left = parse_and();
    while (is_name("or"))
      left = binary(std::move(left), &Parser::parse_and);
    return left;
  }
  NodePtr parse_and() {
    NodePtr left = parse_not();
    while (is_name("and"))
      left = binary(std::move(left), &Parser::parse_not);
    return left;
  }
  NodePtr parse_not() {
    if (!is_name("not")) return parse_compare();
    const Level level(*this);
    take();
    return make(NodeKind::logical_not, parse_not());
  }

  NodePtr parse_compare() {
    NodePtr first = parse_sum();
    NodePtr node;
    for (;;) {
      std::string name;
      static constexpr std::array<std::string_view, 6> kOperators = {
          "==", "!=", "<=", ">=", "<", ">"};
      if (now().kind == TokenKind::symbol &&
          std::find(kOperators.begin(), kOperators.end(), now().text) != kOperators.end()) {
        name = now().text;
      } else if (is_name("in")) {
        name = "in";
      } else if (is_name("not") && tokens_[at_ + 1].kind == TokenKind::name &&
                 tokens_[at_ + 1].text == "in") {
        name = "not in";
      } else {
        return node ? std::move(node) : std::move(first);
      }
      if (!node) node = make(NodeKind::compare, std::move(first));
      take();
      if (name == "not in") take();
      node->names.push_back(name);
      put(*node, parse_sum());
    }
  }

  NodePtr binary(NodePtr left, NodePtr (Parser::*right)()) {
    NodePtr node = make(NodeKind::binary, std::move(left));
    node->name = take().text;
    put(*node, (this->*right)());
    return node;
  }
  NodePtr parse_sum() {
    NodePtr left = parse_concatenation();
    while (is_symbol("+") || is_symbol("-"))
      left = binary(std::move(left), &Parser::parse_concatenation);
    return left;
  }
  NodePtr parse_concatenation() {
    NodePtr left = parse_product();
    while (is_symbol("~"))
      left = binary(std::move(left), &Parser::parse_product);
    return left;
  }
  NodePtr parse_product() {
    NodePtr left = parse_power();
    while (is_symbol("*") || is_symbol("/") || is_symbol("//") || is_symbol("%"))
      left = binary(std::move(left), &Parser::parse_power);
    return left;
  }
  NodePtr parse_power() {
    NodePtr left = parse_unary(true);
    while (is_symbol("**"))
      left = binary(std::move(left), &Parser::parse_filtered);
    return left;
  }
  NodePtr parse_filtered() { return parse_unary(true); }

  NodePtr parse_unary(bool with_filters) {
    const Level level(*this);
    NodePtr value;
    if (is_symbol("-")) {
      take();
      value = make(NodeKind::negate, parse_unary(false));
    } else if (skip_symbol("+")) {
      value = parse_unary(false);
    } else {
      value = parse_primary();
    }
    value = parse_postfix(std::move(value));
    return with_filters ? parse_filters(std::move(value)) : std::move(value);
  }

  NodePtr parse_primary() {
    NodePtr node = make(NodeKind::constant);
    const Token token = take();
    switch (token.kind) {
      case TokenKind::name:
        if (token.text == "true" || token.text == "True") {
          node->value = Value(true);
        } else if (token.text == "false" || token.text == "False") {
          node->value = Value(false);
        } else if (token.text == "none" || token.text == "None") {
          node->value = Value(None{});
        } else {
          node->kind = NodeKind::variable;
          node->name = token.text;
        }
        return node;
      case TokenKind::text: {
        std::string text = token.text;
        while (now().kind == TokenKind::text)
          text += take().text;
        node->value = Value(std::move(text));
        return node;
      }
      case TokenKind::integer:
        node->value = Value(token.integer);
        return node;
      case TokenKind::real:
        node->value = Value(token.real);
        return node;
      default:
        break;
    }
    if (token.kind == TokenKind::symbol && token.text == "(") {
      if (skip_symbol(")")) {
        node->kind = NodeKind::list;
        return node;
      }
      NodePtr inside = parse_tuple();
      expect_symbol(")");
      return inside;
    }
    if (token.kind == TokenKind::symbol && (token.text == "[" || token.text == "{")) {
      const bool is_list = token.text == "[";
      const char* close = is_list ? "]" : "}";
      node->kind = is_list ? NodeKind::list : NodeKind::dict;
      while (!skip_symbol(close)) {
        if (!node->parts.empty()) expect_symbol(",");
        if (skip_symbol(close)) break;
        put(*node, parse_expression());
        if (is_list) continue;
        expect_symbol(":");
        put(*node, parse_expression());
      }
      return node;
    }
    if (token.kind != TokenKind::end) --at_;
    fail("an expression was expected, not " + described());
  }

  NodePtr parse_postfix(NodePtr value) {
    for (;;) {
      if (skip_symbol(".")) {
        NodePtr node = make(NodeKind::attribute, std::move(value));
        if (now().kind == TokenKind::integer) {
          node->kind = NodeKind::item;
          NodePtr index = make(NodeKind::constant);
          index->value = Value(take().integer);
          put(*node, std::move(index));
        } else {
          node->name = expect_name();
        }
        value = std::move(node);
      } else if (skip_symbol("[")) {
        value = parse_subscript(std::move(value));
      } else if (is_symbol("(")) {
        value = parse_call(std::move(value));
      } else {
        return value;
      }
    }
  }

  NodePtr parse_subscript(NodePtr value) {
    NodePtr node = make(NodeKind::item, std::move(value));
    const auto at_end = [this] { return is_symbol(":") || is_symbol("]"); };
    NodePtr first = at_end() ? nullptr : parse_expression();
    if (first && is_symbol("]")) {
      take();
      put(*node, std::move(first));
      return node;
    }
    expect_symbol(":");
    node->kind = NodeKind::slice;
    put(*node, std::move(first));
    put(*node, at_end() ? nullptr : parse_expression());
    put(*node, skip_symbol(":") && !at_end() ? parse_expression() : nullptr);
    expect_symbol("]");
    return node;
  }

  void parse_arguments(Node& node) {
    expect_symbol("(");
    bool first = true;
    while (!skip_symbol(")")) {
      if (!first) expect_symbol(",");
      first = false;
      if (skip_symbol(")")) break;
      if (is_symbol("*") || is_symbol("**")) fail("arguments with * are not supported");
      const bool named = now().kind == TokenKind::name &&
                         tokens_[at_ + 1].kind == TokenKind::symbol && tokens_[at_ + 1].text == "=";
      if (named) {
        std::string name = take().text;
        take();
        NodePtr value = parse_expression();
        node.depth = std::max(node.depth, value->depth + 1);
        node.named.emplace_back(std::move(name), std::move(value));
      } else {
        if (!node.named.empty()) fail("an argument without name follows one with a name");
        put(node, parse_expression());
      }
    }
  }

  NodePtr parse_call(NodePtr callee) {
    NodePtr node = make(NodeKind::call, std::move(callee));
    parse_arguments(*node);
    return node;
  }

  NodePtr parse_filters(NodePtr value) {
    for (;;) {
      if (skip_symbol("|")) {
        NodePtr node = make(NodeKind::filter, std::move(value));
        node->name = expect_name();
        if (is_symbol("(")) parse_arguments(*node);
        value = std::move(node);
      } else if (is_name("is")) {
        value = parse_test(std::move(value));
      } else if (is_symbol("(")) {
        value = parse_call(std::move(value));
      } else {
        return value;
      }
    }
  }

  NodePtr parse_test(NodePtr value) {
    NodePtr node = make(NodeKind::test, std::move(value));
    take();
    const bool negated = skip_name("not");
    node->name = expect_name();
    if (is_symbol("(")) {
      parse_arguments(*node);
    } else {
      const bool name = now().kind == TokenKind::name && !is_name("else") && !is_name("or") &&
                        !is_name("and") && !is_name("is") && !is_name("if") && !is_name("in") &&
                        !is_name("not");
      if (name || now().kind == TokenKind::text || now().kind == TokenKind::integer ||
          now().kind == TokenKind::real || is_symbol("[") || is_symbol("{")) {
        put(*node, parse_postfix(parse_primary()));
      }
    }
    return negated ? make(NodeKind::logical_not, std::move(node)) : std::move(node);
  }

  std::vector<Token> tokens_;
  const std::string& place_;
  std::size_t at_ = 0;
  int level_ = 0;
  int loops_ = 0;
  bool has_generation_ = false;
};

}  // namespace

Program parse(std::string_view source, const std::string& place) {
  return Parser(tokenize(source, place), place).run();
}

}  // namespace lorafleet::model::jinja
