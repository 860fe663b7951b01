#include "actors/report/report.hpp"
#include "tests/support/text.hpp"

#include <doctest/doctest.h>

namespace lorafleet::report {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

/// A run with scores only, of which two versions matter.
Run scored_run(const std::string& name, double seed, double last, const std::string& lr) {
  Run run;
  run.data.folder = "somewhere/" + name + "/seed-" + std::to_string(static_cast<int>(seed));
  run.data.summary.texts = {{"name", name}, {"status", "completed"}, {"stop_reason", "versions"}};
  run.data.summary.figures = {{"seed", seed}, {"versions", 2}, {"virtual_seconds", 20}};
  Curve curve;
  curve.points = {{0, 0, 0, 0, 90}, {10, 1, 100, 50, last - 1}, {20, 2, 200, 100, last}};
  curve.rows = 3;
  curve.least = curve.points[1];
  curve.largest = curve.points[0];
  curve.records = {curve.points[0], curve.points[1]};
  run.data.curves["eval_perplexity"] = curve;
  run.settings = {{"name", "\"" + name + "\""}, {"seed", "1"}, {"train.lr", lr}};
  run.scenario_toml = "name = \"" + name + "\"\n";
  return run;
}

/// The part of a page that readers see: without style, scripts and their data.
std::string body_of(const std::string& page) {
  const auto from = page.find("<body>");
  return page.substr(from, page.find("<script") - from);
}

TEST_CASE("a page says what its figures show, and asks for nothing") {
  const std::string page = report_page({scored_run("one", 7, 61, "0.1")}, {});
  CHECK(tests::contains(page,
                        "content=\"default-src 'none'; style-src 'unsafe-inline'; script-src "
                        "'unsafe-inline'; img-src data:;"));
  CHECK(tests::contains(body_of(page),
                        "Held-out perplexity fell from 90 to 61 at version 2 (20 s of "
                        "virtual time). The best was 60, at version 1 (10 s of virtual "
                        "time)."));
  CHECK(tests::contains(body_of(page), "Run completed (versions), seed 7."));
  CHECK(tests::contains(body_of(page), "It was reached after 10 s of virtual time, at version 1"));
  CHECK_FALSE(tests::contains(page, "<link"));
  CHECK_FALSE(tests::contains(body_of(page), "src="));
  CHECK_FALSE(tests::contains(page, "@import"));
  CHECK(page == report_page({scored_run("one", 7, 61, "0.1")}, {}));
}

/// A classifier's run, with all that its scores are split by.
Run classifier_run(const std::string& name, double seed, double last, const std::string& lr) {
  Run run = scored_run(name, seed, 61, lr);
  Curve curve;
  curve.points = {{0, 0, 0, 0, 0.5}, {10, 1, 100, 50, last + 0.05}, {20, 2, 200, 100, last}};
  curve.rows = 3;
  curve.least = curve.points[0];
  curve.largest = curve.points[1];
  run.data.curves = {{"eval_accuracy", curve},
                     {"eval_f1", curve},
                     {"eval_loss", curve},
                     {"eval_accuracy_2_to_9", curve}};
  run.data.score = &score_kinds().back();
  run.data.summary.figures["final.accuracy"] = last;
  run.data.summary.by_length = {{"2 to 9", 0.5, 0.75, 40}, {"10 to 20", 0.5, 0.625, 40}};
  run.data.summary.by_group = {{"animals", 0.25, 0.75, 8}};
  run.data.clients = Clients{};
  run.data.local = {{0, 0.5, 0.7, 0.8}, {1, 0.5, 0.9, 0.8}, {2, 0.5, 0.6, 0.65}};
  return run;
}

TEST_CASE("a classifier's page judges by accuracy, of which more is better") {
  const std::string body = body_of(report_page({classifier_run("one", 7, 0.75, "0.1")}, {}));
  CHECK(tests::contains(body, "<dt>accuracy at the end</dt><dd>0.75"));
  CHECK(tests::contains(body, "<dt>highest accuracy</dt><dd>0.8"));
  CHECK(tests::contains(body, "<dt>F1 at the end</dt>"));
  CHECK(tests::contains(body, "Held-out accuracy rose from 0.5 to 0.75"));
  CHECK(tests::contains(body, "Held-out loss"));
  CHECK(tests::contains(body, "nats an example"));
  CHECK(tests::contains(body, "Accuracy by length of the context, over the run"));
  CHECK(tests::contains(body, "“2 to 9” gained most, accuracy 0.5 → 0.75; “10 to 20” least"));
  CHECK(tests::contains(body, "animals: accuracy 0.25 → 0.75."));
  CHECK(tests::contains(body,
                        "The global adapter has accuracy 0.9 on the test part of the best "
                        "served client"));
  CHECK(tests::contains(body, "helps 2 of 3 clients"));
  CHECK_FALSE(tests::contains(body, "perplexity"));
  CHECK_FALSE(tests::contains(body, "nats a token"));
}

TEST_CASE("classifiers beside each other are compared by accuracy") {
  const std::string body = body_of(
      report_page({classifier_run("a", 1, 0.75, "0.1"), classifier_run("b", 1, 0.625, "0.2")}, {}));
  CHECK(tests::contains(body, "<dt>highest accuracy</dt><dd>0.8<small>a</small>"));
  CHECK(tests::contains(body, "a is both the best and the shortest: accuracy 0.75"));
  CHECK_FALSE(tests::contains(body, "perplexity"));
}

TEST_CASE("sections without data are not there") {
  const std::string body = body_of(report_page({scored_run("one", 7, 61, "0.1")}, {}));
  CHECK(tests::contains(body, "<section id=\"learning\""));
  for (const char* id :
       {"verdict", "differences", "schedule", "asynchrony", "clients", "quality", "lora", "data"})
    CHECK_FALSE(tests::contains(body, "<section id=\"" + std::string(id) + "\""));
}

TEST_CASE("a sweep's answers are counted, drawn and told, text from outside escaped") {
  PageOptions options;
  Answer decided{
      "length <harms>", "supported", "x: a / b", "", true, 5, 1.1, 1.05, 1.15, 0.01, 3.0, 1.04};
  Answer open = decided;
  open.answer = "undecided";
  open.reason = "no run has x";
  options.answers = {decided, open};
  const std::string body = body_of(report_page({scored_run("one", 7, 61, "0.1")}, options));
  CHECK(tests::contains(body, "<section id=\"answers\""));
  CHECK(tests::contains(body, "Of 2 claims 1 are supported, 0 contradicted, 1 undecided."));
  CHECK(tests::contains(body, "length &lt;harms&gt;"));
  CHECK(tests::contains(body, "x: a / b (no run has x)"));
  CHECK(count(body, "<circle cx=") == 2);
}

TEST_CASE("each figure has its sentence and its table") {
  const std::string body = body_of(report_page({scored_run("one", 7, 61, "0.1")}, {}));
  const auto figures = count(body, "<figure ");
  CHECK(figures > 0);
  CHECK(count(body, "<figcaption>") == figures);
  CHECK(count(body, "<figcaption></figcaption>") == 0);
  CHECK(count(body, "<summary>Data table</summary>") == figures);
}

TEST_CASE("runs that differ in nothing but their seed are one line with a band") {
  const std::string page = report_page(
      {scored_run("a", 1, 60, "0.1"), scored_run("a", 2, 64, "0.1"), scored_run("b", 1, 70, "0.2")},
      {});
  CHECK(tests::contains(page, "\"band\":true"));
  CHECK(tests::contains(body_of(page), "lowest for a, 62 ± 2.828 over 2 seeds; highest for "));
  CHECK(tests::contains(body_of(page), "The runs differ in 1 key of their scenarios."));
  CHECK(tests::contains(body_of(page), "<th scope=\"col\" class=\"n\">train.lr</th>"));
}

TEST_CASE("names from outside stay text") {
  const std::string evil = "</script><img src=x onerror=alert(1)>";
  Run run = scored_run(evil, 1, 60, "0.1");
  run.data.warnings = {evil};
  run.thresholds = {{evil, 1.0, false}};
  Run other = scored_run("b\"'><script>", 1, 50, evil);
  const std::string page = report_page({run, other}, {});
  CHECK_FALSE(tests::contains(page, "<img"));
  CHECK_FALSE(tests::contains(body_of(page), "<script>"));
  CHECK(count(page, "</script>") == 3);  // the data, the library, the page's script
  CHECK(tests::contains(page, "&lt;img src=x onerror=alert(1)&gt;"));
  CHECK(tests::contains(page, "\\u003cimg src=x onerror"));
}

TEST_CASE("the target can be asked for, and a baseline compared with") {
  PageOptions options;
  options.target = 59.5;
  options.baseline = 1;
  options.title = "A & B";
  const std::string body =
      body_of(report_page({scored_run("a", 1, 60, "0.1"), scored_run("b", 1, 70, "0.2")}, options));
  CHECK(tests::contains(body, "<h1>A &amp; B</h1>"));
  CHECK(tests::contains(body,
                        "Target: perplexity 59.5 (as asked for). 1 of 2 runs reached it, first a "
                        "after 10 s"));
  CHECK(tests::contains(body, "not reached"));
}

}  // namespace
}  // namespace lorafleet::report
