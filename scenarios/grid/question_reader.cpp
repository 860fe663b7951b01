#include "scenarios/grid/question_reader.hpp"

#include <algorithm>
#include <map>

#include "partition/support/error.hpp"
#include "scenarios/schema/toml_text.hpp"

namespace lorafleet::scenarios {

namespace {

/// A selection as it is written: what it does not say, the question says for both.
struct Written {
  std::string figure;
  std::string of;  ///< name of a case
  std::vector<Setting> settings;
  const Value* at = nullptr;

  [[nodiscard]] Written under(const Written& general) const {
    Written all = *this;
    if (all.figure.empty()) all.figure = general.figure;
    if (all.of.empty()) all.of = general.of;
    for (const Setting& setting : general.settings) {
      const bool said = std::any_of(settings.begin(), settings.end(),
                                    [&](const Setting& own) { return own.key == setting.key; });
      if (!said) all.settings.push_back(setting);
    }
    return all;
  }
};

const std::string* setting_of(const NamedSettings& point, const std::string& key) {
  const std::string* value = nullptr;
  for (const auto& setting : point.settings) {
    if (setting.key == key) value = &setting.value;
  }
  return value;
}

void add_once(std::vector<std::string>& texts, const std::string& text) {
  if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
}

class QuestionReader {
 public:
  QuestionReader(const std::vector<NamedSettings>& points, Report& report,
                 std::vector<std::string>* unanswered)
      : points_(points), report_(report), unanswered_(unanswered) {}

  std::vector<Question> read(const Value& value) {
    if (std::holds_alternative<DateOrTime>(value.data)) return {};  // none
    if (value.list() == nullptr) {
      wrong(value, "questions", "an array of tables ([[questions]])");
      return {};
    }
    std::vector<Question> questions;
    for (const auto& item : *value.list()) {
      if (item.table() == nullptr) {
        wrong(item, "questions", "tables");
      } else {
        read_one(item, questions);
      }
    }
    return questions;
  }

 private:
  struct Draft {
    Question question;
    std::vector<std::string> figures;
    Written where;
    Written of;
    Written against;
    const Value* than = nullptr;
    const Value* within = nullptr;
  };

  void error(const Place& place, const std::string& key, const std::string& message) {
    sound_ = false;
    report_.error(place, key, message);
  }

  void wrong(const Value& value, const std::string& key, const std::string& wanted) {
    error(value.place, key, "must be " + wanted + ", not " + value.described());
  }

  void unknown(const Entry& entry, const std::string& key, const std::vector<std::string>& known) {
    error(entry.place, key, with_hints("unknown key", join(known), nearest_name(entry.key, known)));
  }

  std::string text(const Value& value, const std::string& key) {
    const auto* found = std::get_if<std::string>(&value.data);
    if (found != nullptr && !found->empty()) return *found;
    wrong(value, key, "a string that is not empty");
    return "";
  }

  /// One of `names`: its place among them.
  std::size_t one_of(const Value& value, const std::string& key,
                     const std::vector<std::string>& names) {
    const auto* found = std::get_if<std::string>(&value.data);
    const auto at = found == nullptr ? names.end() : std::find(names.begin(), names.end(), *found);
    if (at != names.end()) return static_cast<std::size_t>(at - names.begin());
    error(value.place, key,
          with_hints(value.described() + " is none of the names", join(names),
                     found == nullptr ? "" : nearest_name(*found, names)));
    return 0;
  }

  void read_figures(const Value& value, std::vector<std::string>& figures) {
    if (value.list() == nullptr) {
      figures.push_back(text(value, "questions.figure"));
      return;
    }
    for (const auto& item : *value.list())
      figures.push_back(text(item, "questions.figure"));
  }

  /// `of = "case"`, or `of = { case = "case", figure = "...", "lora.r" = 8 }`.
  Written read_selection(const Value& value, const std::string& key) {
    Written written;
    written.at = &value;
    if (value.table() == nullptr) {
      written.of = text(value, key);
      return written;
    }
    Value::Table settings;
    for (const auto& entry : *value.table()) {
      if (entry.key == "case") {
        written.of = text(entry.value, key + ".case");
      } else if (entry.key == "figure") {
        written.figure = text(entry.value, key + ".figure");
      } else {
        settings.push_back(entry);
      }
    }
    Value table{Value::Data(std::move(settings))};
    table.place = value.place;
    if (!table.table()->empty()) read_settings(table, key, written.settings, report_);
    return written;
  }

  void read_one(const Value& item, std::vector<Question>& questions) {
    Draft draft;
    sound_ = true;
    for (const auto& part : *item.table()) {
      const std::string key = "questions." + part.key;
      if (part.key == "claim") {
        draft.question.claim = text(part.value, key);
      } else if (part.key == "figure") {
        read_figures(part.value, draft.figures);
      } else if (part.key == "of") {
        draft.of = read_selection(part.value, key);
      } else if (part.key == "against") {
        draft.against = read_selection(part.value, key);
      } else if (part.key == "where") {
        draft.where = read_selection(part.value, key);
      } else if (part.key == "than") {
        draft.than = &part.value;
      } else if (part.key == "expect") {
        draft.question.expected =
            static_cast<Claim>(one_of(part.value, key, {"higher", "lower", "different", "same"}));
      } else if (part.key == "scale") {
        draft.question.ratio = one_of(part.value, key, {"difference", "ratio"}) == 1;
      } else if (part.key == "within") {
        draft.within = &part.value;
      } else {
        unknown(part, key,
                {"claim", "figure", "of", "against", "where", "than", "expect", "scale", "within"});
      }
    }
    for (const auto& [key, given] :
         std::map<std::string, bool>{{"claim", item.find("claim") != nullptr},
                                     {"expect", item.find("expect") != nullptr},
                                     {"of", item.find("of") != nullptr},
                                     {"against", item.find("against") != nullptr}}) {
      if (!given) error(item.place, "questions." + key, "is missing");
    }
    if (sound_) read_margin(item, draft);
    if (!sound_) return;
    if (draft.figures.empty()) draft.figures.emplace_back();  // each side names its own
    finish(draft, questions);
  }

  void read_margin(const Value& item, Draft& draft) {
    const bool same = draft.question.expected == Claim::same;
    if (same && draft.within == nullptr) {
      error(item.place, "questions.within", "is missing: what difference still counts as \"same\"");
    }
    if (draft.within == nullptr) return;
    const auto* real = std::get_if<double>(&draft.within->data);
    const auto* whole = std::get_if<std::int64_t>(&draft.within->data);
    const double margin = real != nullptr    ? *real
                          : whole != nullptr ? static_cast<double>(*whole)
                                             : 0.0;
    if (!(margin > 0.0)) wrong(*draft.within, "questions.within", "a number above 0");
    if (!same) {
      error(draft.within->place, "questions.within",
            "has no effect here; allowed: only with expect = \"same\"");
    }
    draft.question.within = margin;
  }

  void finish(const Draft& draft, std::vector<Question>& questions) {
    for (const std::string& figure : draft.figures) {
      Question question = draft.question;
      if (draft.figures.size() > 1) question.claim += " (" + figure + ")";
      Written general = draft.where;
      general.figure = figure;
      bool answerable =
          resolve(draft.of.under(general), "questions.of", question.effect.of) &&
          resolve(draft.against.under(general), "questions.against", question.effect.against) &&
          comparable(question.effect, *draft.against.at, "questions.against");
      if (draft.than != nullptr) {
        question.than.emplace();
        answerable = read_than(draft, general, *question.than) && answerable;
      }
      if (answerable) {
        questions.push_back(std::move(question));
      } else if (unanswered_ != nullptr) {
        add_once(*unanswered_, question.claim);
      }
    }
  }

  /// What `than` does not say is as in the question itself.
  bool read_than(const Draft& draft, const Written& general, Contrast& contrast) {
    const Value& value = *draft.than;
    if (value.table() == nullptr) {
      wrong(value, "questions.than", "a table with any of figure, of, against, where");
      return false;
    }
    Written of = draft.of;
    Written against = draft.against;
    Written shared = general;
    const auto figure = [&](const std::string& name) {
      shared.figure = name;
      of.figure.clear();
      against.figure.clear();
    };
    for (const auto& part : *value.table()) {
      const std::string key = "questions.than." + part.key;
      if (part.key == "figure") {
        figure(text(part.value, key));
      } else if (part.key == "of") {
        of = read_selection(part.value, key);
      } else if (part.key == "against") {
        against = read_selection(part.value, key);
      } else if (part.key == "where") {
        Written where = read_selection(part.value, key);
        if (where.figure.empty()) where.figure = shared.figure;
        shared = where;
      } else {
        unknown(part, key, {"figure", "of", "against", "where"});
        return false;
      }
    }
    return resolve(of.under(shared), "questions.than.of", contrast.of) &&
           resolve(against.under(shared), "questions.than.against", contrast.against) &&
           comparable(contrast, value, "questions.than");
  }

  bool missing(const Value& at, const std::string& key, const std::string& message) {
    if (unanswered_ == nullptr) error(at.place, key, message);
    return false;
  }

  bool resolve(const Written& written, const std::string& key, Selection& selection) {
    const Value& at = *written.at;
    selection.figure = written.figure;
    if (written.figure.empty()) {
      error(at.place, "questions.figure",
            "is missing: a key of summary.json, e.g. \"final.perplexity\"");
      return false;
    }
    std::vector<std::string> parts;
    if (!written.of.empty()) parts.push_back(written.of);
    for (const auto& setting : written.settings)
      parts.push_back(setting.key + "=" + setting.value);
    selection.text = parts.empty() ? "all" : join(parts, ", ");
    if (!known_case(written, key) || !known_settings(written, key)) return false;
    for (std::size_t i = 0; i < points_.size(); ++i) {
      if (fits(points_[i], written)) selection.points.push_back(i);
    }
    if (selection.points.empty()) {
      return missing(at, key, "no point of the grid has all of this: " + selection.text);
    }
    return true;
  }

  bool known_case(const Written& written, const std::string& key) {
    if (written.of.empty()) return true;
    std::vector<std::string> names;
    for (const auto& point : points_) {
      if (!point.of.empty()) add_once(names, point.of);
    }
    if (std::find(names.begin(), names.end(), written.of) != names.end()) return true;
    return missing(*written.at, key,
                   with_hints("there is no case \"" + written.of + "\"", join(names),
                              nearest_name(written.of, names)));
  }

  bool known_settings(const Written& written, const std::string& key) {
    for (const auto& wanted : written.settings) {
      std::vector<std::string> keys;
      std::vector<std::string> values;
      for (const auto& point : points_) {
        for (const auto& setting : point.settings)
          add_once(keys, setting.key);
        if (const auto* value = setting_of(point, wanted.key)) add_once(values, *value);
      }
      if (values.empty()) {
        return missing(*written.at, key,
                       with_hints("no axis and no case sets \"" + wanted.key + "\"", join(keys),
                                  nearest_name(wanted.key, keys)));
      }
      if (std::find(values.begin(), values.end(), wanted.value) == values.end()) {
        return missing(*written.at, key,
                       with_hints("no run has " + wanted.key + " = " + wanted.value, join(values)));
      }
    }
    return true;
  }

  static bool fits(const NamedSettings& point, const Written& written) {
    if (!written.of.empty() && point.of != written.of) return false;
    return std::all_of(written.settings.begin(), written.settings.end(),
                       [&](const Setting& wanted) {
                         const auto* value = setting_of(point, wanted.key);
                         return value != nullptr && *value == wanted.value;
                       });
  }

  bool comparable(const Contrast& contrast, const Value& at, const std::string& key) {
    const auto& of = contrast.of;
    const auto& against = contrast.against;
    if (of.points == against.points && of.figure == against.figure) {
      error(at.place, key, "compares " + of.text + " with itself");
      return false;
    }
    if (of.points.size() != against.points.size()) {
      return missing(at, key,
                     "compares " + std::to_string(of.points.size()) + " points of the grid (" +
                         of.text + ") with " + std::to_string(against.points.size()) + " (" +
                         against.text + "): say in what else they differ");
    }
    return true;
  }

  const std::vector<NamedSettings>& points_;
  Report& report_;
  bool sound_ = true;  ///< the question at hand, so far
  std::vector<std::string>* unanswered_;
};

}  // namespace

std::vector<Question> read_questions(const Value& value, const std::vector<NamedSettings>& points,
                                     Report& report, std::vector<std::string>* unanswered) {
  return QuestionReader(points, report, unanswered).read(value);
}

}  // namespace lorafleet::scenarios
