#include <algorithm>
#include <optional>

#include "partition/formats/choices.hpp"
#include "partition/formats/data_file.hpp"
#include "partition/formats/format.hpp"
#include "partition/formats/json_elements.hpp"
#include "partition/formats/json_row.hpp"
#include "partition/formats/json_rows.hpp"
#include "partition/formats/row_collector.hpp"
#include "partition/support/files.hpp"
#include "partition/support/hash.hpp"

namespace lorafleet::partition {

namespace {

using nlohmann::json;

/// As published, an array of objects with `text`; as the `datasets` library has them, one object
/// with an array `text`. The different ones in their order, without empty ones.
std::vector<std::string> texts_of_answers(const json& question) {
  const json* answers = find_field(question, "answers");
  if (answers == nullptr) throw BadRow("field \"answers\" is missing");
  std::vector<std::string> texts;
  if (answers->is_object()) {
    if (!has_field(*answers, "text")) throw BadRow("field \"answers\" has no \"text\"");
    texts = texts_of(*answers, "text");
  } else {
    for (const json& answer : objects_of(question, "answers"))
      texts.push_back(text_of(answer, "text"));
  }
  std::vector<std::string> different;
  for (auto& text : texts) {
    if (!text.empty() && std::find(different.begin(), different.end(), text) == different.end())
      different.push_back(std::move(text));
  }
  return different;
}

/// `is_impossible`, also as 0 and 1 or a word, as other exports write it; none: it is not there.
std::optional<bool> impossible_of(const json& question) {
  const json* value = find_field(question, "is_impossible");
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>();
  if (value->is_number() && (*value == 0 || *value == 1)) return *value == 1;
  if (value->is_string()) {
    if (const auto truth = truth_of(value->get<std::string>())) return truth;
  }
  throw BadRow("field \"is_impossible\" is " +
               (value->is_number() ? value->dump() : kind_of(*value)) +
               "; true or false, or 1 or 0, was expected");
}

/// None where the question has no answer: `is_impossible` decides where it is there.
std::vector<std::string> answers_of(const json& question) {
  const auto impossible = impossible_of(question);
  if (impossible == true) return {};
  auto answers = texts_of_answers(question);
  if (impossible && answers.empty()) {
    throw BadRow("is_impossible is false, and there is no answer");
  }
  return answers;
}

/// Reads questions of either form.
class QuestionReader {
 public:
  QuestionReader(const DataConfig& config, RowCollector& rows) : config_(config), rows_(rows) {}

  void question(const json& question, const std::string& title, const std::string& context,
                const RowPlace& place) {
    if (find_field(question, "question") == nullptr) throw BadRow("field \"question\" is missing");
    std::vector<std::string> answers = answers_of(question);
    const bool answerable = !answers.empty();
    if (!answerable && config_.unanswerable.empty()) {
      return rows_.leave_out("questions without answer");
    }
    if (!answerable) answers.push_back(config_.unanswerable);
    Example example;
    example.id = scalar_of(question, "id");
    example.instruction = text_of(question, "question");
    example.context = context;
    example.target = answers.front();
    example.references.assign(answers.begin() + 1, answers.end());
    // Questions about one paragraph stay together, so that none is tested on a text of training.
    example.group = title.empty() ? "context-" + std::to_string(fnv1a64(context)) : title;
    if (!title.empty()) example.attributes["title"] = title;
    example.attributes["answerable"] = answerable ? "yes" : "no";
    rows_.add(std::move(example), place);
  }

  /// One object with articles of paragraphs of questions.
  void articles() {
    for (const char* name : {"title", "paragraphs", "context", "qas", "id", "question", "answers",
                             "is_impossible", "plausible_answers"})
      rows_.columns().may_have(name);
    std::size_t articles = 0;
    for_each_element(
        read_file(config_.path), "data", config_.path.string(),
        [&](std::string_view element, std::size_t line) {
          const RowPlace place{line, ++articles, "article"};
          rows_.guard(place, [&] {
            article(parse_row(element, "an array of articles was expected under \"data\""), place);
          });
        });
  }

  /// One row for each question.
  void rows() {
    rows_.columns().must_have("question", "");
    rows_.columns().must_have("context", "");
    rows_.columns().must_have("answers", "");
    for (const char* name : {"id", "title", "is_impossible", "plausible_answers"})
      rows_.columns().may_have(name);
    for_each_json_row(config_, rows_, [&](const json& row, const RowPlace& place) {
      const std::string context = text_of(row, "context");
      const std::string title = text_of(row, "title");
      in_question(row, [&] { question(row, title, context, place); });
    });
  }

 private:
  void article(const json& article, const RowPlace& place) {
    const std::string title = text_of(article, "title");
    rows_.columns().saw(article);
    for (const json& paragraph : objects_of(article, "paragraphs")) {
      const std::string context = text_of(paragraph, "context");
      rows_.columns().saw(paragraph);
      for (const json& entry : objects_of(paragraph, "qas")) {
        rows_.count_line();
        rows_.columns().saw(entry);
        rows_.guard(place, [&] {
          in_question(entry, [&] {
            if (scalar_of(entry, "id").empty()) throw BadRow("it has no id");
            question(entry, title, context, place);
          });
        });
      }
    }
  }

  /// Names the question in what is wrong with it.
  template <typename Read>
  static void in_question(const json& question, Read&& read) {
    try {
      read();
    } catch (const BadRow& problem) {
      const json* id = find_field(question, "id");
      const json* text = find_field(question, "question");
      const json* name = id != nullptr && id->is_string() ? id : text;
      if (name == nullptr || !name->is_string()) throw;
      throw BadRow("question \"" + name->get<std::string>() + "\": " + problem.what());
    }
  }

  const DataConfig& config_;
  RowCollector& rows_;
};

}  // namespace

void read_squad(const DataConfig& config, RowCollector& rows) {
  const std::string start = read_start(config.path, kStartOfFile);
  QuestionReader reader(config, rows);
  const bool published = first_letter(start) == '{' && begins_with_array(start, "data");
  published ? reader.articles() : reader.rows();
}

}  // namespace lorafleet::partition
