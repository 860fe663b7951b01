#include <doctest/doctest.h>

#include <algorithm>

#include "partition/formats/glue_tasks.hpp"
#include "tests/partition/formats/data_reading.hpp"

using namespace lorafleet;
using namespace lorafleet::partition;
using tests::Reading;

namespace {

using Texts = std::vector<std::string>;

/// The only example of a file.
Example only(const std::string& text, const std::string& task = "auto") {
  Reading reading("glue", text);
  reading.config.task = task;
  const auto rows = reading.rows();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].attributes.at("label") == rows[0].target);
  CHECK(std::find(rows[0].choices.begin(), rows[0].choices.end(), rows[0].target) !=
        rows[0].choices.end());
  return rows[0];
}

std::string error(const std::string& text, const std::string& task = "auto") {
  Reading reading("glue", text);
  reading.config.task = task;
  return reading.error();
}

}  // namespace

TEST_CASE("glue: MRPC, QQP and RTE as published, by either name of the format") {
  const auto mrpc = Reading("glue_pairs",
                            "\xEF\xBB\xBFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n"
                            "1\t7\t8\tHe said \"no.\tHe refused.\r\n0\t1\t2\ta\tb\r\n")
                        .rows();
  REQUIRE(mrpc.size() == 2);
  CHECK(mrpc[0].context == "Sentence 1: He said \"no.\nSentence 2: He refused.");
  CHECK(mrpc[0].target == "yes");
  CHECK(mrpc[1].target == "no");
  CHECK(mrpc[0].choices == Texts{"no", "yes"});

  const auto qqp = Reading("glue",
                           "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"
                           "0\t11\t12\tWhy?\tWhat?\t1\n5\t11\t13\tWhy?\tWho?\t0\n")
                       .rows();
  REQUIRE(qqp.size() == 2);
  CHECK(qqp[0].group == "11");
  CHECK(qqp[1].target == "no");

  const auto rte = only("index\tsentence1\tsentence2\tlabel\n0\tA.\tB.\tnot_entailment\n");
  CHECK(rte.target == "not_entailment");
  CHECK(rte.choices == Texts{"not_entailment", "entailment"});
}

TEST_CASE("glue: a classifier reads the texts alone, and classes have GLUE's own numbers") {
  const auto mrpc =
      Reading("glue", "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t7\t8\ta\tb\n").rows();
  CHECK(classified_texts(mrpc.at(0)) == Texts{"a", "b"});
  CHECK(classes_of(mrpc.at(0)) == Texts{"no", "yes"});
  const auto rte = only("index\tsentence1\tsentence2\tlabel\n0\tA.\tB.\tnot_entailment\n");
  CHECK(classes_of(rte) == Texts{"entailment", "not_entailment"});
  const auto sst2 = only("sentence\tlabel\nhide new secretions \t0\n");
  CHECK(classified_texts(sst2) == Texts{"hide new secretions "});
  Example other;
  other.instruction = "Which?";
  other.choices = {"x", "y"};
  CHECK(classified_texts(other) == Texts{"Which?"});
  other.context = "A text.";
  CHECK(classified_texts(other) == Texts{"Which?", "A text."});
  CHECK(classes_of(other) == Texts{"x", "y"});
}

TEST_CASE("glue: the other tasks as published") {
  const auto sst2 = only("sentence\tlabel\nhide new secretions \t0\n");
  CHECK(sst2.context == "Sentence: hide new secretions ");
  CHECK(sst2.target == "negative");
  CHECK(sst2.choices == Texts{"negative", "positive"});

  const auto cola = only("gj04\t0\t*\tThey drank the pub.\n");
  CHECK(cola.context == "Sentence: They drank the pub.");
  CHECK(cola.target == "unacceptable");
  CHECK(cola.id == "line-1");
  CHECK(only("bc01\t1\t\tHe laughed.\n").target == "acceptable");

  const std::string mnli =
      "index\tpromptID\tpairID\tgenre\tsentence1\tsentence2\tlabel1\tgold_label\n";
  const auto neutral = only(mnli + "0\t31\t31n\tfiction\tA man.\tA tall man.\tneutral\tneutral\n");
  CHECK(neutral.context == "Premise: A man.\nHypothesis: A tall man.");
  CHECK(neutral.target == "neutral");
  CHECK(neutral.choices == Texts{"entailment", "neutral", "contradiction"});
  CHECK(neutral.group == "31");
  CHECK(neutral.attributes.at("genre") == "fiction");
  Reading disputed("glue", mnli +
                               "0\t1\t1e\tg\ta\tb\tneutral\t-\n1\t2\t2e\tg\ta\tb\tneutral\t"
                               "entailment\n");
  CHECK(disputed.rows().size() == 1);
  CHECK(disputed.report.left_out == 1);

  const auto qnli = only("index\tquestion\tsentence\tlabel\n0\tWho?\tHe did.\tentailment\n");
  CHECK(qnli.context == "Question: Who?\nSentence: He did.");
  CHECK(qnli.target == "entailment");

  const auto wnli = only("index\tsentence1\tsentence2\tlabel\n0\ta\tb\t1\n");
  CHECK(wnli.target == "entailment");

  const std::string stsb = "index\tgenre\tfilename\tsentence1\tsentence2\tscore\n";
  CHECK(only(stsb + "0\tnews\tf\ta\tb\t3.8\n").target == "4");
  CHECK(only(stsb + "0\tnews\tf\ta\tb\t0.400\n").target == "0");
  CHECK(only(stsb + "0\tnews\tf\ta\tb\t2.5\n").target == "3");
  CHECK(only(stsb + "0\tnews\tf\ta\tb\t5.000\n").attributes.at("genre") == "news");
  CHECK(error(stsb + "0\tnews\tf\ta\tb\t5.1\n") ==
        "data:2: label \"5.1\" is not known; allowed: numbers from 0 to 5");
}

TEST_CASE("glue: rows of the datasets library, as JSON or CSV") {
  const std::string pair = R"({"sentence1": "a", "sentence2": "b", "label": 1, "idx": 0})";
  CHECK(only(pair, "mrpc").target == "yes");
  CHECK(only(pair, "rte").target == "not_entailment");
  CHECK(only(pair, "wnli").target == "entailment");
  CHECK(only(pair, "stsb").target == "1");
  CHECK(only("[" + pair + "]", "mrpc").id == "entry-1");
  CHECK(only(R"({"sentence1": "a", "sentence2": "b", "label": 2.5, "idx": 0})").target == "3");
  CHECK(only(R"({"sentence1": "a", "sentence2": "b", "label": "equivalent"})").target == "yes");
  CHECK(only(R"({"premise": "a", "hypothesis": "b", "label": 2, "idx": 0})").target ==
        "contradiction");
  CHECK(only(R"({"question1": "a", "question2": "b", "label": 0, "idx": 0})").target == "no");
  CHECK(only(R"({"question": "a", "sentence": "b", "label": 1, "idx": 0})").target ==
        "not_entailment");
  CHECK(only(R"({"sentence": "b", "label": 1, "idx": 0})", "cola").target == "acceptable");
  CHECK(only(R"({"sentence": "b", "label": "positive"})").target == "positive");
  const std::string premise = R"({"premise": "a", "label": 0, "hypothesis": )";
  const auto rows = Reading("glue", premise + "\"b\"}\n" + premise + "\"c\"}\n" +
                                        R"({"premise": "d", "label": 0, "hypothesis": "c"})")
                        .rows();
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].group == rows[1].group);
  CHECK(rows[0].group != rows[2].group);
  const auto csv = only("sentence,label,idx\n\"good, very \"\"good\"\"\",1.0,0\n", "sst2");
  CHECK(csv.context == "Sentence: good, very \"good\"");
  CHECK(csv.target == "positive");
}

TEST_CASE("glue: tables with tabs that the datasets library exports are no published ones") {
  const std::string pair = "sentence1\tsentence2\tlabel\tidx\n";
  const std::string rows = "\"He said \"\"no\"\".\"\tHe refused.\t0\t7\n";
  CHECK(error(pair + rows) ==
        "data.task: must say which task data:1 is of: its columns (sentence1, sentence2, label, "
        "idx) are those of MRPC, STS-B, RTE, WNLI; allowed: \"mrpc\", \"stsb\", \"rte\", "
        "\"wnli\"");
  const auto rte = only(pair + rows, "rte");
  CHECK(rte.target == "entailment");
  CHECK(rte.context == "Sentence 1: He said \"no\".\nSentence 2: He refused.");
  CHECK(only(pair + rows, "wnli").target == "not_entailment");
  CHECK(only(pair + rows, "mrpc").target == "no");
  CHECK(only("\xEF\xBB\xBF\"sentence1\"\t\"sentence2\"\t\"label\"\t\"idx\"\r\n" + rows, "rte")
            .target == "entailment");

  const std::string single = "sentence\tlabel\tidx\n\"Good, \"\"good\"\".\"\t1\t0\n";
  CHECK(error(single) ==
        "data.task: must say which task data:1 is of: its columns (sentence, label, idx) are those "
        "of CoLA, SST-2; allowed: \"cola\", \"sst2\"");
  CHECK(only(single, "cola").target == "acceptable");
  CHECK(only(single, "cola").context == "Sentence: Good, \"good\".");
}

TEST_CASE("glue: only a column index makes numbers those of a published WNLI") {
  const std::string pair = "sentence1\tsentence2\tlabel\na\tb\t";
  CHECK(error(pair + "0\n") ==
        "data.task: must say which task data:1 is of: its columns (sentence1, sentence2, label) "
        "are those of MRPC, STS-B, RTE, WNLI; allowed: \"mrpc\", \"stsb\", \"rte\", \"wnli\"");
  CHECK(only(pair + "0\n", "rte").target == "entailment");
  CHECK(only(pair + "0\n", "wnli").target == "not_entailment");
  CHECK(only(pair + "1\n", "mrpc").target == "yes");
  CHECK(only(pair + "entailment\n").target == "entailment");
}

TEST_CASE("glue: rows of CoLA are no header of another task") {
  const std::string row = "gj04\t0\t*\tThey drank the pub.\n";
  CHECK(only(row, "cola").target == "unacceptable");
  CHECK(error(row, "sst2") ==
        "data:1: is a row of CoLA, whose files have no header; data.task is \"sst2\"; allowed "
        "here: \"auto\", \"cola\"");
}

TEST_CASE("glue: fields that nothing reads are named in published files too") {
  Reading reading("glue",
                  "index\tgenre\tfilename\tsentence1\tsentence2\tscore\n0\tnews\tf\ta\tb\t1\n");
  reading.rows();
  CHECK(reading.report.notes ==
        Texts{"data: read as GLUE's STS-B", "data: nothing reads the fields filename"});
}

TEST_CASE("glue: the log says which task a file was read as") {
  Reading reading("glue", R"({"question": "a", "sentence": "b", "label": 1, "idx": 0, "x": 1})");
  reading.rows();
  CHECK(reading.report.notes ==
        Texts{"data: read as GLUE's QNLI", "data: nothing reads the fields x"});
}

TEST_CASE("glue: where columns do not tell the task, the scenario must") {
  CHECK(error(R"({"sentence1": "a", "sentence2": "b", "label": 1, "idx": 0})") ==
        "data.task: must say which task data:1 is of: its columns (idx, label, sentence1, "
        "sentence2) are those of MRPC, STS-B, RTE, WNLI; allowed: \"mrpc\", \"stsb\", \"rte\", "
        "\"wnli\"");
  CHECK(error("sentence,label,idx\na,1,0\n") ==
        "data.task: must say which task data:1 is of: its columns (sentence, label, idx) are those "
        "of CoLA, SST-2; allowed: \"cola\", \"sst2\"");
  CHECK(error(R"({"premise": "a", "hypothesis": "b", "label": 1})", "qnli") ==
        "data:1: the columns are not those of data.task = \"qnli\": hypothesis, label, premise; "
        "expected: QNLI: question, sentence");
}

TEST_CASE("glue: files without labels, other headers and bad rows are refused") {
  CHECK(error("index\tsentence1\tsentence2\n0\tA.\tB.\n") ==
        "data:1: looks like STS-B or MNLI or RTE or WNLI without labels; GLUE's test files have "
        "none, "
        "use train or dev");
  CHECK(error(R"({"sentence": "b", "label": -1, "idx": 0})", "sst2") ==
        "data:1: label \"-1\" is not known; allowed: negative, 0, positive, 1; -1 stands for rows "
        "without label, as in test data");
  CHECK(error("a,b\n1,2\n")
            .starts_with("data:1: the columns are of no task of GLUE: a, b; "
                         "expected: CoLA: sentence; SST-2: sentence; MRPC: #1 "
                         "String, #2 String (or sentence1, sentence2); QQP:"));
  const std::string header = "index\tsentence1\tsentence2\tlabel\n";
  CHECK(error(header + "0\tA.\tB.\n") == "data:2: has 3 columns; the header has 4");
  CHECK(error(header + "0\tA.\tB.\tentailment\n1\tA.\tB.\tmaybe\n") ==
        "data:3: label \"maybe\" is not known; allowed: not_entailment, 1, entailment, 0");
}

TEST_CASE("glue: scores of STS-B that go to 1 only are a warning") {
  const auto warnings = [](const std::string& last) {
    std::string text;
    for (const std::string& score : {std::string("0.25"), std::string("1.0"), last}) {
      text += R"({"sentence1": "a", "sentence2": "b", "idx": 0, "label": )" + score + "}\n";
    }
    Reading reading("glue", text);
    reading.config.task = "stsb";
    return reading.warnings();
  };
  CHECK(warnings("0.9") ==
        Texts{"data: no score is above 1, and those of STS-B go to 5: they look like scores from 0 "
              "to 1, of which nothing but the answers 0 and 1 is learned; multiply them by 5"});
  CHECK(warnings("1.25").empty());
}

TEST_CASE("glue: booleans are labels where GLUE's 1 is what affirms") {
  const std::string pair = R"({"sentence1": "a", "sentence2": "b", "idx": 0, "label": )";
  CHECK(only(pair + "true}", "mrpc").target == "yes");
  CHECK(only(pair + "false}", "mrpc").target == "no");
  CHECK(only(pair + "true}", "wnli").target == "entailment");
  CHECK(only("sentence,label,idx\na,True,0\n", "sst2").target == "positive");
  CHECK(only("sentence,label,idx\na,FALSE,0\n", "cola").target == "unacceptable");
  CHECK(error(pair + "true}", "rte") ==
        "data:1: label \"true\" is not known; allowed: not_entailment, 1, entailment, 0; of RTE "
        "GLUE's 0 is entailment, so that true and false could mean either");
  CHECK(error(R"({"premise": "a", "hypothesis": "b", "label": true})")
            .ends_with("allowed: entailment, 0, neutral, 1, contradiction, 2"));
}

TEST_CASE("glue: a label in other letters comes with the one that may be meant") {
  CHECK(error(R"({"premise": "a", "hypothesis": "b", "label": "Entailment"})") ==
        "data:1: label \"Entailment\" is not known; allowed: entailment, 0, neutral, 1, "
        "contradiction, 2; did you mean \"entailment\"?");
  CHECK(error(R"({"sentence": "b", "label": "postive", "idx": 0})", "sst2")
            .ends_with("; did you mean \"positive\"?"));
}

TEST_CASE("glue: every label of a task means one of its answers, and no two tasks share a name") {
  std::vector<std::string> names;
  for (const auto& task : glue_tasks()) {
    CAPTURE(task.name);
    for (const auto& answer : task.answers) {
      CHECK(task.answer_of(answer.text) == std::string(answer.text));
      for (const char* label : answer.labels)
        CHECK(task.answer_of(label) == std::string(answer.text));
    }
    CHECK(task.answer_of("-1") == nullptr);
    CHECK(task.answer_of("") == nullptr);
    CHECK(std::find(names.begin(), names.end(), task.name) == names.end());
    names.emplace_back(task.name);
  }
  CHECK(names.size() + 1 == glue_task_names().size());
}
