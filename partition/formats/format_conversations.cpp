#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "partition/formats/format.hpp"
#include "partition/formats/json_row.hpp"
#include "partition/formats/json_rows.hpp"
#include "partition/formats/row_collector.hpp"
#include "partition/support/printable.hpp"

namespace lorafleet::partition {

namespace {

using nlohmann::json;

constexpr const char* kAllowedRoles =
    "system (developer), user (human), assistant (gpt, chatgpt, bard, bing)";

struct RoleName {
  const char* in_file;
  const char* role;
};
constexpr std::array kRoles = {
    RoleName{"system", "system"},       RoleName{"developer", "system"},
    RoleName{"user", "user"},           RoleName{"human", "user"},
    RoleName{"assistant", "assistant"}, RoleName{"gpt", "assistant"},
    RoleName{"chatgpt", "assistant"},   RoleName{"bard", "assistant"},
    RoleName{"bing", "assistant"},
};

std::string role_of(const std::string& name) {
  for (const auto& known : kRoles) {
    if (name == known.in_file) return known.role;
  }
  throw BadRow("has the role \"" + name + "\"; allowed: " + kAllowedRoles);
}

/// A string, or parts of which each is text.
std::string content_of(const json& turn, const char* key) {
  const json* content = find_field(turn, key);
  if (content == nullptr) throw BadRow("has no \"" + std::string(key) + "\"");
  if (content->is_string()) return content->get<std::string>();
  if (!content->is_array()) {
    throw BadRow("\"" + std::string(key) + "\" is " + kind_of(*content) +
                 "; a string, or an array of parts of text, was expected");
  }
  std::string text;
  for (const json& part : *content) {
    if (part.is_string()) {
      text += part.get<std::string>();
      continue;
    }
    if (!part.is_object()) throw BadRow("has a part that is " + kind_of(part));
    const std::string type = text_of(part, "type");
    if (type != "text") {
      throw BadRow("has a part of the type \"" + type +
                   "\"; allowed: text, nothing else is learned");
    }
    text += text_of(part, "text");
  }
  return text;
}

/// What says of an answer that it is not to be learned: OpenAI's name, and those of other trainers.
constexpr std::array kLossKeys = {"weight", "train", "loss"};

/// Keys of a turn that are read.
constexpr std::array kTurnKeys = {"role",  "content", "from",       "value",        "weight",
                                  "train", "loss",    "tool_calls", "function_call"};

bool says_no(const json& value, const std::string& key) {
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_number()) return value.get<double>() == 0.0;
  std::string word = value.is_string() ? value.get<std::string>() : "?";
  for (char& letter : word)
    letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  for (const char* no : {"false", "no", "0", "0.0"}) {
    if (word == no) return true;
  }
  for (const char* yes : {"true", "yes", "1", "1.0", ""}) {
    if (word == yes) return false;
  }
  throw BadRow(
      "\"" + key + "\" is " +
      (value.is_string() ? '"' + short_name(value.get<std::string>(), 40) + '"' : kind_of(value)) +
      "; true or false, or 1 or 0, was expected");
}

bool is_learned(const json& turn) {
  return std::none_of(kLossKeys.begin(), kLossKeys.end(), [&](const char* key) {
    const json* value = find_field(turn, key);
    return value != nullptr && says_no(*value, key);
  });
}

Turn read_turn(const json& turn) {
  if (!turn.is_object()) throw BadRow("is " + kind_of(turn) + "; an object was expected");
  const bool shared = !has_field(turn, "role") && has_field(turn, "from");
  const char* role = shared ? "from" : "role";
  if (find_field(turn, role) == nullptr) {
    throw BadRow("has no role; \"role\" and \"content\", or \"from\" and \"value\", were expected");
  }
  for (const char* call : {"tool_calls", "function_call"}) {
    const json* calls = find_field(turn, call);
    if (calls != nullptr && !calls->empty()) throw BadRow("calls a tool, which is not learned");
  }
  Turn read;
  read.role = role_of(text_of(turn, role));
  read.content = content_of(turn, shared ? "value" : "content");
  if (read.role == "assistant") read.learned = is_learned(turn);
  if (read.role == "assistant" && read.content.empty()) {
    throw BadRow("is empty; a text that the model is to learn was expected");
  }
  return read;
}

class ConversationReader {
 public:
  ConversationReader(const DataConfig& config, RowCollector& rows)
      : fields_(owner_fields(config.fields)), rows_(rows) {
    rows_.columns().has_fields(fields_, rows_.for_test());
    for (const char* name : {"conversations", "system", "source", "category"})
      rows_.columns().may_have(name);
  }

  void take(const json& row, const RowPlace& place) {
    Example example;
    read_owner(row, fields_, example);
    for (const char* name : {"source", "category"}) {
      const json* value = find_field(row, name);
      if (value != nullptr && value->is_string() && !value->get<std::string>().empty())
        example.attributes.emplace(name, value->get<std::string>());
    }
    example.turns = turns_of(row);
    if (!drop_after_last_answer(example.turns)) return;
    describe(example);
    rows_.add(std::move(example), place);
  }

  void finish() {
    if (unread_.empty()) return;
    rows_.note("nothing reads the keys of turns " + join_some({unread_.begin(), unread_.end()}));
  }

 private:
  /// The names that conversations have use for.
  static FieldNames owner_fields(FieldNames fields) {
    for (auto member : {&FieldNames::instruction, &FieldNames::context, &FieldNames::target,
                        &FieldNames::choices, &FieldNames::references})
      (fields.*member).clear();
    return fields;
  }

  [[nodiscard]] const json& messages_of(const json& row) const {
    const json* messages = find_field(row, fields_.messages);
    if (messages == nullptr && fields_.messages == FieldNames().messages)
      messages = find_field(row, "conversations");
    if (messages == nullptr) {
      throw BadRow("field \"" + fields_.messages +
                   "\" is missing; turns were expected there, or under \"conversations\"");
    }
    if (!messages->is_array()) {
      throw BadRow("the turns are " + kind_of(*messages) + "; an array of objects was expected");
    }
    return *messages;
  }

  [[nodiscard]] std::vector<Turn> turns_of(const json& row) {
    std::vector<Turn> turns;
    std::size_t number = 0;
    for (const json& message : messages_of(row)) {
      ++number;
      try {
        turns.push_back(read_turn(message));
        note_keys(message);
      } catch (const BadRow& problem) {
        throw BadRow("turn " + std::to_string(number) + ": " + problem.what());
      }
    }
    std::erase_if(turns, [](const Turn& t) { return t.role == "system" && t.content.empty(); });
    const bool has_system = std::any_of(turns.begin(), turns.end(),
                                        [](const Turn& turn) { return turn.role == "system"; });
    if (std::string system = text_of(row, "system"); !has_system && !system.empty())
      turns.insert(turns.begin(), Turn{"system", std::move(system)});
    return turns;
  }

  void note_keys(const json& message) {
    for (const auto& [key, value] : message.items()) {
      const bool read = std::find(kTurnKeys.begin(), kTurnKeys.end(), key) != kTurnKeys.end();
      if (!read && !value.is_null()) unread_.insert(key);
    }
  }

  /// Leaves the last turn one that is learned; false: there is none, and the row has no use.
  bool drop_after_last_answer(std::vector<Turn>& turns) {
    if (std::none_of(turns.begin(), turns.end(),
                     [](const Turn& turn) { return turn.role == "assistant"; })) {
      throw BadRow("no turn is the assistant's; there is nothing to learn");
    }
    const auto last = std::find_if(turns.rbegin(), turns.rend(), [](const Turn& turn) {
      return turn.role == "assistant" && turn.learned;
    });
    if (last == turns.rend()) {
      rows_.leave_out("conversations whose answers are all marked as not to be learned");
      return false;
    }
    if (last != turns.rbegin()) rows_.count("{} conversations lost turns after the last answer");
    turns.erase(last.base(), turns.end());
    const auto passed = std::count_if(turns.begin(), turns.end(), [](const Turn& turn) {
      return turn.role == "assistant" && !turn.learned;
    });
    if (passed > 0)
      rows_.count("{} conversations have answers that are marked as not to be learned");
    return true;
  }

  /// What measures and metrics see: the last answer, what the user said before it, and what came
  /// before that.
  static void describe(Example& example) {
    const auto& turns = example.turns;
    example.target = turns.back().content;
    const auto asked = std::find_if(turns.rbegin(), turns.rend(),
                                    [](const Turn& turn) { return turn.role == "user"; });
    const auto question = asked == turns.rend() ? turns.end() - 1 : asked.base() - 1;
    if (asked != turns.rend()) example.instruction = question->content;
    for (auto turn = turns.begin(); turn != question; ++turn) {
      if (!example.context.empty()) example.context += "\n";
      example.context += turn->role + ": " + turn->content;
    }
  }

  FieldNames fields_;
  RowCollector& rows_;
  std::set<std::string> unread_;  ///< keys of turns
};

}  // namespace

void read_conversations(const DataConfig& config, RowCollector& rows) {
  ConversationReader reader(config, rows);
  for_each_json_row(config, rows,
                    [&](const json& row, const RowPlace& place) { reader.take(row, place); });
  reader.finish();
}

}  // namespace lorafleet::partition
