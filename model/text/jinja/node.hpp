#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/text/jinja/value.hpp"

namespace lorafleet::model::jinja {

enum class NodeKind {
  // Expressions; `parts` are the operands in the order of the source.
  constant,   // value
  variable,   // name
  list,       // parts
  dict,       // parts: key, value, key, value, …
  attribute,  // parts[0].name
  item,       // parts[0][parts[1]]
  slice,      // parts[0][parts[1]:parts[2]:parts[3]], null where left out
  call,       // parts[0](the others, named)
  filter,     // parts[0] | name(the others, named)
  test,       // parts[0] is name(the others)
  negate,     // "-" parts[0]
  logical_not,
  binary,   // name: + - * / // % ** ~ and or
  compare,  // parts[0] names[0] parts[1] names[1] parts[2] …
  choice,   // parts[0] if parts[1] else parts[2]; null where left out
  // Statements.
  data,          // value
  print,         // parts[0]
  loop,          // for names in parts[0] if parts[1]: body, else: other
  branch,        // if parts[0]: body, else: other
  assign,        // names = parts[0]; with `name`: the namespace's name.names[0]
  assign_block,  // names[0] = body, through the filters of parts[0], whose innermost operand is
                 // null
  macro,         // name(names, the last ones with the defaults in parts): body
  generation,    // body
  leave,         // break
  next,          // continue
};

struct Node;
using NodePtr = std::unique_ptr<Node>;

/// A piece of a template. Which members count depends on `kind`.
struct Node {
  NodeKind kind = NodeKind::constant;
  int line = 1;
  int depth = 1;  ///< of the tree below
  std::string name;
  std::vector<std::string> names;
  Value value;
  std::vector<NodePtr> parts;
  std::vector<std::pair<std::string, NodePtr>> named;
  std::vector<NodePtr> body;
  std::vector<NodePtr> other;
};

}  // namespace lorafleet::model::jinja
