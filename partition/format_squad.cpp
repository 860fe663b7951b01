#include <algorithm>

#include "partition/json_elements.hpp"
#include "partition/json_row.hpp"
#include "partition/row_collector.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::partition {

namespace {

using nlohmann::json;

/// The different answers, in their order.
std::vector<std::string> answers_of(const json& question) {
  std::vector<std::string> answers;
  for (const json& answer : objects_of(question, "answers")) {
    const std::string text = text_of(answer, "text");
    if (!text.empty() && std::find(answers.begin(), answers.end(), text) == answers.end()) {
      answers.push_back(text);
    }
  }
  return answers;
}

void read_question(const json& question, const std::string& title, const std::string& context,
                   const DataConfig& config, std::size_t line, RowCollector& rows) {
  std::vector<std::string> answers = answers_of(question);
  if (answers.empty() && config.unanswerable.empty()) return rows.leave_out();
  if (answers.empty()) answers.push_back(config.unanswerable);
  Example example;
  example.id = text_of(question, "id");
  if (example.id.empty()) throw BadRow("a question of \"" + title + "\" has no id");
  example.instruction = text_of(question, "question");
  example.context = context;
  example.target = answers.front();
  example.references.assign(answers.begin() + 1, answers.end());
  example.group = title;
  rows.add(std::move(example), line);
}

}  // namespace

void read_squad(const DataConfig& config, RowCollector& rows) {
  const std::string text = read_file(config.path);
  const auto read_article = [&](std::string_view element, std::size_t line) {
    rows.count_line();
    try {
      const json article = parse_row(element, "an array of articles was expected under \"data\"");
      const std::string title = text_of(article, "title");
      for (const json& paragraph : objects_of(article, "paragraphs")) {
        const std::string context = text_of(paragraph, "context");
        for (const json& question : objects_of(paragraph, "qas")) {
          read_question(question, title, context, config, line, rows);
        }
      }
    } catch (const BadRow& problem) {
      rows.bad(line, problem.what());
    }
  };
  for_each_element(text, "data", config.path.string(), read_article);
}

}  // namespace lorafleet::partition
