#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lorafleet::partition {

/// What one side says in a conversation.
struct Turn {
  std::string role;  ///< system, user or assistant
  std::string content;
  bool learned = true;  ///< of the assistant's: the loss is on it
};

/// One row of instruction data. The model learns to write `target` after `instruction` and
/// `context`.
///
/// A conversation has `turns` beside them, which are what the model reads and learns from (the
/// assistant's); the other three are for measures and metrics: the last user's turn, the turns
/// before it, and the assistant's last answer.
struct Example {
  std::string id;
  std::string instruction;
  std::string context;
  std::string target;
  std::string group;                      ///< unit of the train/test split; never torn apart
  std::optional<std::string> client;      ///< natural owner, where the data name one
  std::map<std::string, double> quality;  ///< named scores of this row
  std::map<std::string, std::string> attributes;  ///< label, category, ...: what a skew can spread
  std::vector<std::string> choices;     ///< where one of several is right: all, `target` among them
  std::vector<std::string> references;  ///< further right answers beside `target`
  std::vector<Turn> turns;              ///< of a conversation; the last is the assistant's
  /// What a classifier reads, and the classes in the order of their numbers, where the format says
  /// so; else see classified_texts and classes_of.
  std::vector<std::string> texts;
  std::vector<std::string> classes;
};

/// One text or two that a classifier reads: `texts`, else instruction and context, of which one may
/// be empty.
std::vector<std::string> classified_texts(const Example& example);
/// `classes`, else the choices; empty: the row has no classes.
const std::vector<std::string>& classes_of(const Example& example);

}  // namespace lorafleet::partition
