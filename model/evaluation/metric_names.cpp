#include "model/evaluation/metric_names.hpp"

namespace lorafleet::model {

const std::vector<std::string>& metric_names() {
  static const std::vector<std::string> kNames = {"rouge",
                                                  "exact_match",
                                                  "exact_match_with_articles",
                                                  "exact_match_verbatim",
                                                  "token_f1",
                                                  "token_f1_with_articles",
                                                  "choice_accuracy"};
  return kNames;
}

bool generates_text(const std::string& metric) {
  return metric != "choice_accuracy";
}

}  // namespace lorafleet::model
