#include "actors/report/data/answers.hpp"

#include "actors/report/data/json_number.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::report {

namespace {

using Json = nlohmann::ordered_json;

Answer read_answer(const Json& json) {
  Answer answer;
  answer.claim = json.at("claim").get<std::string>();
  answer.answer = json.at("answer").get<std::string>();
  answer.compared = json.at("compared").get<std::string>();
  answer.reason = json.value("reason", "");
  answer.ratio = json.at("scale") == "ratio";
  answer.seeds = json.at("seeds").size();
  answer.estimate = number_in(json, "estimate");
  answer.low = number_in(json, "low");
  answer.high = number_in(json, "high");
  answer.p_holm = number_in(json, "p_holm");
  answer.effect = number_in(json, "d_z");
  answer.could_show = number_in(json, "could_show");
  return answer;
}

}  // namespace

std::vector<Answer> answers_of_sweep(const std::filesystem::path& folder) {
  const auto file = folder / "sweep.json";
  std::vector<Answer> answers;
  try {
    const auto json = Json::parse(read_file(file));
    const auto questions = json.find("questions");
    if (questions == json.end()) return answers;
    for (const auto& one : *questions)
      answers.push_back(read_answer(one));
  } catch (const Json::exception& error) {
    throw InputError(file.string(), std::string("is no table of a sweep: ") + error.what());
  }
  return answers;
}

}  // namespace lorafleet::report
