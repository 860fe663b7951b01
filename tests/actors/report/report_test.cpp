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

TEST_CASE("a run that has not ended is said to be so, unlike one that is data alone") {
  Run run;
  run.data.folder = "runs/x";
  run.name = "of the scenario";
  run.data.unfinished = true;
  run.data.events.emplace();
  run.data.events->jobs = 3;
  run.data.events->end_seconds = 90;
  run.data.events->fates = {{{Events::kApplied, {2, 0, 0, 0.0}}}};
  const std::string body = body_of(report_page({run}, {}));
  CHECK(tests::contains(body, "<h1>of the scenario</h1>"));
  CHECK(tests::contains(body, "This run is not finished"));
  CHECK_FALSE(tests::contains(body, "nothing was trained"));
  CHECK(tests::contains(body, "<dt>virtual time so far</dt><dd>1 min 30 s"));
  CHECK(tests::contains(body, "<dt>updates applied so far</dt><dd>2<small>of 3 jobs"));
  Run data;
  data.data.folder = "data";
  CHECK(tests::contains(body_of(report_page({data}, {})), "nothing was trained"));
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

/// With so many jobs in flight for so long, and what its clients sent.
Run busy_run(double seed, double jobs, double seconds, std::vector<std::uint32_t> received) {
  Run run = scored_run("a", seed, 60, "0.1");
  Events events;
  events.jobs = 1;
  events.end_seconds = seconds;
  events.fates.resize(1);
  events.staleness.resize(1);
  events.flight.over(0.0, seconds, [&](Flight& cell, double overlap) {
    if (overlap > 0.0) cell.include(jobs, overlap);
  });
  run.data.events = std::move(events);
  Clients clients;
  clients.tiers = {{"all", static_cast<std::int64_t>(received.size())}};
  clients.tier_of.resize(received.size());
  clients.speed.resize(received.size(), 1.0F);
  clients.received = std::move(received);
  run.data.clients = std::move(clients);
  return run;
}

TEST_CASE("figures over seeds are means with their deviation, not the first seed's") {
  // The second lasts longer: its spans of time are wider.
  const Run one = busy_run(1, 4, 3, {0, 8});
  const Run two = busy_run(2, 6, 9, {4, 4});
  REQUIRE(one.data.events->flight.width() < two.data.events->flight.width());
  const std::string page = report_page({one, two, scored_run("b", 1, 70, "0.2")}, {});
  CHECK(tests::contains(body_of(page), "On average in flight: 5 ± 1.414 over 2 seeds for a."));
  CHECK(tests::contains(body_of(page), "Gini coefficient: 0.25 ± 0.354 over 2 seeds for a."));
  // Of each figure a band, a mean, and a thin line for each seed.
  CHECK(count(page, "[0,5]") >= 1);
  const std::string same =
      report_page({busy_run(1, 7, 3.1, {1, 1}), busy_run(2, 7, 9.7, {1, 1})}, {});
  CHECK(tests::contains(body_of(same), "On average in flight: 7 ± 0 over 2 seeds for a."));
  CHECK(count(page, "\"thin\":true") == 6);
}

TEST_CASE("a tenth of few clients is one of them") {
  const std::string body = body_of(report_page({busy_run(1, 4, 3, {1, 1, 6})}, {}));
  CHECK(tests::contains(body, "The most active tenth of the clients sent 75 % of the updates"));
}

TEST_CASE("where most clients of a large fleet sent nothing, means tell them apart by speed") {
  std::vector<std::uint32_t> received(4000);
  for (std::size_t i = 0; i < received.size(); ++i)
    received[i] = i % 10 == 0 && i >= 2000 ? 2 : 0;
  Run run = busy_run(1, 4, 3, received);
  for (std::size_t i = 0; i < received.size(); ++i)
    run.data.clients->speed[i] = static_cast<float>(i + 1);
  const std::string page = report_page({run}, {});
  CHECK(tests::contains(body_of(page), "The line is the mean of a twentieth of the clients"));
  CHECK(tests::contains(page, "0.2]"));
}

TEST_CASE("tiers whose bars cannot be seen are named") {
  Run run = busy_run(1, 4, 3, {1, 1});
  run.data.clients->tiers = {{"phones"}, {"boards"}};
  run.data.events->fates.resize(2);
  run.data.events->weight.resize(2);
  auto& staleness = run.data.events->staleness;
  staleness.resize(2);
  for (int i = 0; i < 10'000; ++i)
    staleness[0].add(1);
  staleness[1].add(2);
  CHECK(tests::contains(body_of(report_page({run}, {})),
                        "Too few to be seen: boards with 1 update."));
}

TEST_CASE("many keys that differ have a table of their own, a row each") {
  Run one = scored_run("a", 1, 60, "0.1");
  Run two = scored_run("b", 1, 50, "0.2");
  for (int key = 0; key < 30; ++key) {
    one.settings.push_back({"k." + std::to_string(key), "1"});
    two.settings.push_back({"k." + std::to_string(key), key == 29 ? "" : "2"});
  }
  const std::string body = body_of(report_page({one, two}, {}));
  CHECK(tests::contains(body, "The runs differ in 31 keys of their scenarios."));
  CHECK(tests::contains(body, "<th scope=\"row\">train.lr</th><td class=\"n\">0.1</td>"));
  CHECK(tests::contains(body, "7 more keys differ."));
  CHECK_FALSE(tests::contains(body, "<th scope=\"col\" class=\"n\">train.lr</th>"));
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
  CHECK(tests::contains(body, "The baseline, b, did not reach it: there is no time to compare"));
  CHECK(tests::contains(body, "<th scope=\"col\" class=\"n\">time against b</th>"));
}

/// The same with other perplexities at its start and at its best.
Run descending(const std::string& name, double first, double best) {
  Run run = scored_run(name, 1, best, "\"" + name + "\"");
  Curve& curve = run.data.curves["eval_perplexity"];
  curve.points = {{0, 0, 0, 0, first}, {10, 1, 100, 50, best}};
  curve.least = curve.points[best < first ? 1 : 0];
  curve.records = {curve.points[0]};
  if (best < first) curve.records.push_back(curve.points[1]);
  return run;
}

TEST_CASE("no run meets a target that nobody asked for as it begins") {
  const auto body = [](std::vector<Run> runs) { return body_of(report_page(std::move(runs), {})); };
  CHECK(tests::contains(body({descending("a", 90, 60), descending("b", 80, 70)}),
                        "Target: perplexity 70 (the lowest perplexity of the run that got least "
                        "far). 2 of 2 runs reached it"));
  CHECK(tests::contains(body({descending("a", 90, 60), descending("b", 50, 40)}),
                        "Target: perplexity 41 (nine tenths of the way of the run that began "
                        "lowest, since others never came below its start). 1 of 2 runs"));
  CHECK(tests::contains(body({descending("a", 90, 60), descending("b", 90, 200)}),
                        "Target: perplexity 60 (the lowest perplexity of the run that got least "
                        "far of those that fell). 1 of 2 runs"));
  CHECK_FALSE(tests::contains(body({descending("a", 90, 200)}), "Target:"));
}

}  // namespace
}  // namespace lorafleet::report
